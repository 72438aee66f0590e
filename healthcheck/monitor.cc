#include "healthcheck/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "healthcheck/check_log.h"
#include "healthcheck/check_registry.h"
#include "healthcheck/names.h"
#include "healthcheck/service_state.h"
#include "healthcheck/transitions.h"

namespace penstock::healthcheck {
namespace {

std::string name_of_service(const ServiceKey& key) { return name_of(key.endpoint, key.protocol); }

// The link that a server had for the check which is to be its next one. Of equal checks each has its own.
const CheckLink* find_link(const ServerState* old, const ServerState& server, const CheckSpec& spec) {
  if (old == nullptr) return nullptr;
  const auto asks_this = [&](const CheckLink& link) { return link.check->spec == spec; };
  auto earlier = std::ranges::count_if(server.links, asks_this);
  const auto at = std::ranges::find_if(old->links, [&](const CheckLink& link) { return asks_this(link) && earlier-- == 0; });
  return at != old->links.end() ? &*at : nullptr;
}

}  // namespace

struct Monitor::State {
  Options options;
  GlobalPolicy global;
  Services services;
  std::map<ServiceKey, ServiceState*> by_key;
  CheckRegistry checks;
  NotRunNotice not_run;

  // A service as the configuration has it, with what the old one knew; its checks that are new are started.
  std::unique_ptr<ServiceState> adopt(const MonitoredService& wanted, ServiceState* old, Actions& actions);
  CheckLink new_link(const CheckSpec& spec, const ServiceState& service, const ServerState* old, Actions& actions);
  void settle(ServiceState& service, ServiceState* old, Actions& actions);
};

Monitor::Monitor() : Monitor{Options{}} {}
Monitor::Monitor(Options options) : state_{std::make_unique<State>()} { state_->options = options; }
Monitor::~Monitor() = default;

// For a check that the server didn't have before. `old`: the server as it was; null: it is new.
CheckLink Monitor::State::new_link(const CheckSpec& spec, const ServiceState& service, const ServerState* old,
                                   Actions& actions) {
  std::string line = fmt::format("Activating healthchecker for service {} for VS {}", name_of(spec.server, spec.protocol),
                                 name_of_service(service.key));
  actions.push_back(LogLine{.text = std::move(line)});
  // A server that is down stays down until it has passed its new check, and one that is up isn't taken out by it.
  const bool guess = old != nullptr ? old->is_alive : !(service.policy.alpha || spec.pace.alpha);
  if (CheckState* const shared = options.share_checks ? checks.find(spec) : nullptr) {
    return {.check = shared, .is_up = shared->has_verdict ? shared->is_up : guess};
  }
  CheckState& check = checks.add(spec);
  check.is_up = guess;
  actions.push_back(StartCheck{check.id, spec, guess});
  return {.check = &check, .is_up = guess};
}

std::unique_ptr<ServiceState> Monitor::State::adopt(const MonitoredService& wanted, ServiceState* old, Actions& actions) {
  auto service = std::make_unique<ServiceState>();
  service->key = {wanted.endpoint, wanted.protocol};
  service->policy = wanted.policy;
  service->quorum = wanted.policy.quorum;
  service->hysteresis = wanted.policy.hysteresis;
  service->has_quorum = old != nullptr && old->has_quorum;
  service->is_sorry_active = old != nullptr && old->is_sorry_active && wanted.policy.sorry_server;
  service->servers.resize(wanted.servers.size());
  for (std::size_t i = 0; i < wanted.servers.size(); ++i) {
    const MonitoredServer& from = wanted.servers[i];
    const ServerState* const before = old != nullptr ? old->find(from.endpoint) : nullptr;
    ServerState& server = service->servers[i];
    server.endpoint = from.endpoint;
    server.configured_weight = from.weight;
    server.policy = from.policy;
    server.changed = before != nullptr ? before->changed : std::nullopt;
    for (const CheckSpec& spec : from.policy.checks) {
      const CheckLink* const known = find_link(before, server, spec);
      server.links.push_back(known != nullptr ? *known : new_link(spec, *service, before, actions));
      server.links.back().check->users.push_back({service.get(), &server, server.links.size() - 1});
    }
    server.policy.checks.clear();  // they are the links
    server.is_alive = all_checks_up(server);
    server.effective_weight = weight_by_checks(server);
    service->living_weight += share_of(server);
    service->by_endpoint.push_back(&server);
  }
  std::ranges::sort(service->by_endpoint, {}, &ServerState::endpoint);
  return service;
}

// What a configuration's difference has to say about one service.
void Monitor::State::settle(ServiceState& service, ServiceState* old, Actions& actions) {
  const Transitions transitions{service, global, actions};
  if (old != nullptr) {
    for (const ServerState& gone : old->servers) {
      if (service.find(gone.endpoint) == nullptr) Transitions{*old, global, actions}.remove(gone);
    }
  }
  for (const ServerState& server : service.servers) {
    const ServerState* const before = old != nullptr ? old->find(server.endpoint) : nullptr;
    if (before == nullptr) {
      if (server.is_alive && global.rs_init_notifies) transitions.tell_state(server, true);
      continue;
    }
    if (before->is_alive != server.is_alive) {
      transitions.say_alive(server);
      transitions.tell_state(server, server.is_alive);
    }
    transitions.say_weight(server, before->effective_weight);
  }
  transitions.update_quorum(old == nullptr);
  if (old == nullptr || table_of(*old) != table_of(service)) actions.push_back(TableChanged{service.key});
}

Actions Monitor::apply(std::span<const MonitoredService> services, const GlobalPolicy& global) {
  State& state = *state_;
  Actions actions;
  state.global = global;
  const Services old = std::exchange(state.services, {});
  const std::map<ServiceKey, ServiceState*> old_by_key = std::exchange(state.by_key, {});
  state.checks.forget_users();
  for (const MonitoredService& wanted : services) {
    const auto known = old_by_key.find({wanted.endpoint, wanted.protocol});
    ServiceState* const before = known != old_by_key.end() ? known->second : nullptr;
    state.services.push_back(state.adopt(wanted, before, actions));
    ServiceState& service = *state.services.back();
    state.by_key[service.key] = &service;
    state.settle(service, before, actions);
  }
  for (const auto& gone : old) {
    if (!state.by_key.contains(gone->key)) Transitions{*gone, global, actions}.remove_service();
  }
  for (const CheckId id : state.checks.remove_unused()) actions.emplace_back(StopCheck{id});
  return actions;
}

Actions Monitor::report(const CheckReport& report) {
  Actions actions;
  CheckState* const check = state_->checks.find(report.id);
  if (check == nullptr) return actions;
  check->last = report;
  if (report.result.is_success()) check->weight = report.result.weight;  // none: the configured one again
  ++(report.result.is_success() ? check->successes : check->failures[static_cast<std::size_t>(report.result.failure)]);
  if (!report.result.has_run()) {
    if (auto line = state_->not_run.line_about(check->spec, report)) {
      actions.push_back(LogLine{.level = LogLine::Level::kWarning, .text = std::move(*line)});
    }
    return actions;
  }
  check->has_verdict = true;
  const bool was_up = std::exchange(check->is_up, report.is_up);
  if (was_up != check->is_up) check->changed = report.finished;

  bool is_told = false;
  for (const CheckUser& user : check->users) {
    if (!std::exchange(is_told, true) || names_service(check->spec)) {
      for (std::string& line :
           lines_about(check->spec, report.result, report.step, was_up, name_of_service(user.service->key))) {
        actions.push_back(LogLine{.text = std::move(line)});
      }
    }
    // Of the table only this server's row can have become another, unless quorum did.
    const auto row_before = row_of(*user.service, *user.server);
    const bool was_sorry_active = user.service->is_sorry_active;
    CheckLink& link = user.server->links[user.link];
    const bool link_was_up = std::exchange(link.is_up, report.is_up);
    Transitions{*user.service, state_->global, actions}.update_server(*user.server, link_was_up != link.is_up, check->spec,
                                                                      report.result, report.finished);
    if (row_of(*user.service, *user.server) != row_before || user.service->is_sorry_active != was_sorry_active) {
      actions.push_back(TableChanged{user.service->key});
    }
  }
  return actions;
}

Actions Monitor::stop() {
  Actions actions;
  for (const auto& service : state_->services) Transitions{*service, state_->global, actions}.stop();
  return actions;
}

Table Monitor::table(const ServiceKey& service) const { return table_of(*state_->by_key.at(service)); }

std::vector<Monitor::ServiceStatus> Monitor::status() const {
  std::vector<ServiceStatus> all;
  for (const auto& service : state_->services) {
    ServiceStatus status{.key = service->key,
                         .has_quorum = service->has_quorum,
                         .quorum = service->quorum,
                         .hysteresis = service->hysteresis,
                         .weight_up = service->living_weight,
                         .servers = {}};
    for (const ServerState& server : service->servers) {
      ServerStatus of_server{.endpoint = server.endpoint,
                             .is_up = server.is_alive,
                             .configured_weight = server.configured_weight,
                             .effective_weight = server.effective_weight,
                             .changed = server.changed,
                             .checks = {}};
      for (const CheckLink& link : server.links) {
        const CheckState& check = *link.check;
        of_server.checks.push_back({.id = check.id,
                                    .spec = check.spec,
                                    .is_up = link.is_up,
                                    .last = check.last,
                                    .changed = check.changed,
                                    .successes = check.successes,
                                    .failures = check.failures,
                                    .shared_by = check.users.size()});
      }
      status.servers.push_back(std::move(of_server));
    }
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace penstock::healthcheck
