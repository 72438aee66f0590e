#include "control/cli/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "control/cli/ipvsadm_listing.h"
#include "control/cli/keepalived_json.h"
#include "control/cli/show.h"
#include "control/cli/show_checks.h"
#include "control/cli/show_json.h"
#include "control/cli/show_sync.h"
#include "control/cli/show_vrrp.h"

namespace penstock::control {
namespace {

constexpr auto kSubjects = std::to_array<std::pair<std::string_view, Subject>>({
    {"services", Subject::kServices},
    {"connections", Subject::kConnections},
    {"stats", Subject::kStats},
    {"rate", Subject::kRate},
    {"drops", Subject::kDrops},
    {"workers", Subject::kWorkers},
    {"threads", Subject::kThreads},
    {"ports", Subject::kPorts},
    {"checks", Subject::kChecks},
    {"vrrp", Subject::kVrrp},
    {"sync", Subject::kSync},
    {"config", Subject::kConfig},
});

std::string subject_list() {
  std::string list;
  for (const auto& [name, subject] : kSubjects) list += (list.empty() ? "" : ", ") + std::string{name};
  return list;
}

std::expected<Command, Refusal> parse_show(std::span<const std::string> args) {
  ShowRequest request;
  bool named = false;
  for (const std::string& word : args) {
    if (word == "--json") {
      request.json = true;
    } else if (word == "--json=keepalived") {
      request.as_keepalived = true;
    } else if (word == "--all") {
      request.all = true;
    } else if (word == "--stages") {
      request.stages = true;
    } else if (word.starts_with('-')) {
      return refuse(fmt::format("penstock show: unknown option {}", word));
    } else if (named) {
      return refuse(fmt::format("penstock show: one thing at a time, please: {} is too much", word));
    } else {
      const auto found = std::ranges::find(kSubjects, word, &std::pair<std::string_view, Subject>::first);
      if (found == kSubjects.end())
        return refuse(fmt::format("penstock show: there is no {}; there are {}", word, subject_list()));
      request.subject = found->second;
      named = true;
    }
  }
  if (!named) return refuse(fmt::format("penstock show what? There are {}", subject_list()));
  if (request.all && request.subject != Subject::kDrops) return refuse("penstock show: --all goes with drops only");
  if (request.stages && request.subject != Subject::kWorkers) return refuse("penstock show: --stages goes with workers only");
  if (request.as_keepalived && request.subject != Subject::kVrrp) {
    return refuse("penstock show: --json=keepalived goes with vrrp only");
  }
  return request;
}

// JSON for people and programs: indented; bytes that are no UTF-8 (an interface's name may hold any) are replaced.
std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n'; }

Json overview_json(const DaemonStatus& daemon, std::span<const ServiceStatus> services) {
  return {{"daemon", daemon_json(daemon)}, {"services", services_json(services)}};
}

Answer text_answer(std::string text) { return {.out = std::move(text)}; }

Answer run(const ShowRequest& request, StatusSource& source) {
  const bool json = request.json;
  switch (request.subject) {
    case Subject::kServices:
      return {.print = [json, services = source.services()] {
        return json ? dump(services_json(services)) : show_services(services);
      }};
    case Subject::kConnections:
      return {.rest = stream_connections(source.connections(), json ? ConnectionFormat::kJson : ConnectionFormat::kTable)};
    case Subject::kStats:
      return {.print = [json, daemon = source.daemon(), workers = source.workers(), services = source.services()] {
        return json ? dump(overview_json(daemon, services)) : show_stats(daemon, workers, services);
      }};
    case Subject::kRate:
      return {.print = [json, daemon = source.daemon(), services = source.services()] {
        return json ? dump(overview_json(daemon, services)) : show_rate(daemon, services);
      }};
    case Subject::kDrops: {
      const auto drops = source.drops();
      return text_answer(json ? dump(drops_json(drops)) : show_drops(drops, request.all));
    }
    case Subject::kWorkers: {
      const bool measured = request.stages && source.watch_stages();
      const auto workers = source.workers();
      if (json) return text_answer(dump(workers_json(workers)));
      return text_answer(request.stages ? show_stages(workers, measured) : show_workers(workers));
    }
    case Subject::kThreads: {
      const auto threads = source.threads();
      return text_answer(json ? dump(threads_json(threads)) : show_threads(threads));
    }
    case Subject::kPorts: {
      const auto ports = source.ports();
      return text_answer(json ? dump(ports_json(ports)) : show_ports(ports));
    }
    case Subject::kChecks:
      return {.print = [json, checks = source.checks()] { return json ? dump(checks_json(checks)) : show_checks(checks); }};
    case Subject::kVrrp: {
      const auto vrrp = source.vrrp();
      if (request.as_keepalived) return text_answer(keepalived_json_text(vrrp));
      return text_answer(json ? dump(vrrp_json(vrrp)) : show_vrrp(vrrp));
    }
    case Subject::kSync: {
      const auto sync = source.sync();
      return text_answer(json ? dump(sync_json(sync)) : show_sync(sync));
    }
    case Subject::kConfig: {
      std::string text = source.config_text();
      return text_answer(json ? dump({{"config", std::move(text)}}) : std::move(text));
    }
  }
  return {};
}

Answer run(const IpvsadmRequest& request, StatusSource& source) {
  switch (request.listing) {
    case IpvsadmListing::kHelp: return text_answer(ipvsadm_help());
    case IpvsadmListing::kVersion:
      return text_answer(fmt::format("penstock {} (the listings of ipvsadm v1.31, IPVS v1.2.1)\n", source.daemon().version));
    case IpvsadmListing::kConnections:
      return {.rest = stream_connections(source.connections(), request.json ? ConnectionFormat::kJson
                                                               : request.persistence_engine
                                                                   ? ConnectionFormat::kIpvsadmPersistenceEngine
                                                                   : ConnectionFormat::kIpvsadm)};
    case IpvsadmListing::kTimeouts:
      return text_answer(request.json ? dump(daemon_json(source.daemon())["timeouts"]) : ipvsadm_timeouts(source.daemon()));
    case IpvsadmListing::kDaemons:
      return text_answer(request.json ? dump(daemon_json(source.daemon())["sync_daemons"]) : ipvsadm_daemons(source.daemon()));
    case IpvsadmListing::kServices:
    case IpvsadmListing::kSave: break;
  }
  auto services = select_services(request, source.services());
  if (request.service && services.empty()) return {.exit_status = 1, .err = "No such service\n"};
  return {.print = [request, services = std::move(services), daemon = source.daemon()] {
    if (request.json) return dump(services_json(services));
    return request.listing == IpvsadmListing::kSave ? ipvsadm_save(services) : ipvsadm_services(request, daemon, services);
  }};
}

Answer run(const AnnounceRequest&, StatusSource& source) {
  std::string masters;
  for (const vrrp::InstanceStatus& instance : source.vrrp().thread.instances) {
    if (instance.state == vrrp::State::kMaster) masters += (masters.empty() ? "" : ", ") + instance.name;
  }
  if (masters.empty()) return {.exit_status = 1, .err = "penstock: this host is master for no VRRP instance\n"};
  source.announce();
  return text_answer(fmt::format("The addresses of {} are announced again.\n", masters));
}

}  // namespace

std::expected<Command, Refusal> parse_command(std::span<const std::string> args) {
  if (args.empty()) return refuse("penstock: no command; see `penstock --help'");
  if (args[0] == "show") return parse_show(args.subspan(1));
  if (args[0] == "ipvsadm") {
    auto request = parse_ipvsadm(args.subspan(1));
    if (!request) return std::unexpected(std::move(request.error()));
    return *request;
  }
  if (args[0] == "announce") {
    if (args.size() > 1) return refuse(fmt::format("penstock announce: {} is too much", args[1]));
    return AnnounceRequest{};
  }
  return refuse(fmt::format("penstock: there is no command {}; see `penstock --help'", args[0]));
}

Answer run_command(const Command& command, StatusSource& source) {
  return std::visit([&source](const auto& request) { return run(request, source); }, command);
}

Answer answer_command(std::span<const std::string> args, StatusSource& source) {
  const auto command = parse_command(args);
  if (command) return run_command(*command, source);
  return {.exit_status = command.error().exit_status, .err = command.error().message + '\n'};
}

}  // namespace penstock::control
