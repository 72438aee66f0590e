#include "control/cli/show_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "control/cli/text_table.h"
#include "control/cli/units.h"

namespace penstock::control {
namespace {

using enum TextTable::Align;
using healthcheck::CheckReport;
using healthcheck::Monitor;
using healthcheck::TimePoint;

std::chrono::seconds at_least_zero(TimePoint::duration duration) {
  return std::chrono::floor<std::chrono::seconds>(std::max(duration, TimePoint::duration{}));
}

std::string since(const std::optional<TimePoint>& changed, TimePoint now) {
  return changed ? duration_text(at_least_zero(now - *changed)) : "the start";
}

// A sum may be below zero where files and scripts say so.
std::string weight_text(const Monitor::ServerStatus& server) {
  if (server.effective_weight == server.configured_weight) return std::to_string(server.configured_weight);
  return fmt::format("{} (of {})", server.effective_weight, server.configured_weight);
}

std::string result_text(const std::optional<CheckReport>& last) {
  if (!last) return "not asked yet";
  if (last->result.is_success()) return "success";
  std::string text{to_string(last->result.failure)};
  if (!last->result.detail.empty()) text += ": " + last->result.detail;
  if (last->step.is_retried) text += fmt::format(" (try {})", last->step.failures);
  return text;
}

std::string service_heading(const Monitor::ServiceStatus& service) {
  std::string text = fmt::format("{} {}  quorum {}: ", packet::to_string(service.key.protocol),
                                 service.key.endpoint.to_string(), service.quorum);
  text += fmt::format("{}, weight {} up", service.has_quorum ? "held" : "lost", service.weight_up);
  if (service.hysteresis != 0) text += fmt::format(", hysteresis {}", service.hysteresis);
  return text;
}

void add_server(TextTable& table, const Monitor::ServerStatus& server, TimePoint now) {
  const std::string name = "  " + server.endpoint.to_string();
  if (server.checks.empty()) table.add({name, weight_text(server), "-", "up", "", "no check: always up"});
  for (const Monitor::CheckStatus& check : server.checks) {
    const auto& last = check.last;
    table.add({name, weight_text(server), std::string{keyword_of(check.spec)}, check.is_up ? "up" : "down",
               since(check.changed, now), result_text(last), last ? milliseconds_text(last->result.latency) : "",
               last ? duration_text(at_least_zero(last->next - now)) : ""});
  }
}

std::string punctuality_text(const healthcheck::Punctuality& punctuality) {
  return fmt::format("{} checks were started: {} more than 0.1 s late, {} more than 1 s, the latest by {}.\n",
                     with_separators(punctuality.started), with_separators(punctuality.late),
                     with_separators(punctuality.very_late), milliseconds_text(punctuality.worst));
}

std::string verdict_text(const VerdictLatency& latency) {
  if (latency.publications == 0) return {};
  return fmt::format("{} times verdicts went to the workers: {} took more than 1 ms, the slowest {}, the last {}.\n",
                     with_separators(latency.publications), with_separators(latency.slow), milliseconds_text(latency.worst),
                     milliseconds_text(latency.latest));
}

Json verdict_json(const VerdictLatency& latency) {
  return {{"publications", latency.publications},
          {"slower_than_1_ms", latency.slow},
          {"slowest_seconds", seconds(latency.worst)},
          {"last_seconds", seconds(latency.latest)}};
}

Json punctuality_json(const healthcheck::Punctuality& punctuality) {
  return {{"started", punctuality.started},
          {"late_by_100_ms", punctuality.late},
          {"late_by_1_s", punctuality.very_late},
          {"latest_seconds", seconds(punctuality.worst)}};
}

Json time_json(const std::optional<TimePoint>& time, const ChecksStatus& checks) {
  if (!time) return nullptr;
  const auto at = checks.wall_clock_now - std::chrono::duration_cast<std::chrono::system_clock::duration>(checks.now - *time);
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

Json last_json(const CheckReport& last, const ChecksStatus& checks) {
  return {{"result", last.result.is_success() ? "success" : to_string(last.result.failure)},
          {"detail", last.result.detail},
          {"failures_in_a_row", last.step.failures},
          {"latency_seconds", seconds(last.result.latency)},
          {"finished_at", time_json(last.finished, checks)},
          {"next_in_seconds", seconds(last.next - checks.now)}};
}

Json check_json(const Monitor::CheckStatus& check, const ChecksStatus& checks) {
  Json failures = Json::object();
  for (std::size_t i = 1; i < healthcheck::kProbeFailures; ++i) {
    if (check.failures[i] != 0) failures[std::string{to_string(static_cast<healthcheck::ProbeFailure>(i))}] = check.failures[i];
  }
  return {{"kind", keyword_of(check.spec)},
          {"up", check.is_up},
          {"changed_at", time_json(check.changed, checks)},
          {"last", check.last ? last_json(*check.last, checks) : Json{}},
          {"successes", check.successes},
          {"failures", std::move(failures)},
          {"shared_by", check.shared_by}};
}

Json server_json(const Monitor::ServerStatus& server, const ChecksStatus& checks) {
  Json all = Json::array();
  for (const Monitor::CheckStatus& check : server.checks) all.push_back(check_json(check, checks));
  return {{"address", server.endpoint.address.to_string()},
          {"port", server.endpoint.port},
          {"up", server.is_up},
          {"changed_at", time_json(server.changed, checks)},
          {"weight", server.configured_weight},
          {"effective_weight", server.effective_weight},
          {"checks", std::move(all)}};
}

}  // namespace

std::string show_checks(const ChecksStatus& checks) {
  if (checks.services.empty()) return "No virtual service is configured.\n";
  TextTable table{{{"  Real server"},
                   {"Weight"},
                   {"Check"},
                   {"State"},
                   {"Since", kRight},
                   {"Last result"},
                   {"Latency", kRight},
                   {"Next in", kRight}}};
  for (const Monitor::ServiceStatus& service : checks.services) {
    table.add_heading(service_heading(service));
    for (const Monitor::ServerStatus& server : service.servers) add_server(table, server, checks.now);
  }
  return table.text() + '\n' + punctuality_text(checks.punctuality) + verdict_text(checks.verdict_latency);
}

Json checks_json(const ChecksStatus& checks) {
  Json all = Json::array();
  for (const Monitor::ServiceStatus& service : checks.services) {
    Json servers = Json::array();
    for (const Monitor::ServerStatus& server : service.servers) servers.push_back(server_json(server, checks));
    all.push_back({{"protocol", packet::to_string(service.key.protocol)},
                   {"address", service.key.endpoint.address.to_string()},
                   {"port", service.key.endpoint.port},
                   {"quorum", service.quorum},
                   {"hysteresis", service.hysteresis},
                   {"has_quorum", service.has_quorum},
                   {"weight_up", service.weight_up},
                   {"servers", std::move(servers)}});
  }
  return {{"services", std::move(all)},
          {"punctuality", punctuality_json(checks.punctuality)},
          {"verdict_latency", verdict_json(checks.verdict_latency)}};
}

}  // namespace penstock::control
