#include "tests/healthcheck/reference_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "healthcheck/names.h"

namespace penstock::healthcheck {
namespace {

using Server = ReferenceModel::Server;
using Service = ReferenceModel::Service;

std::string name(const Service& service) { return name_of(service.is.endpoint, service.is.protocol); }
std::string name(const Service& service, const packet::Endpoint& server) { return name_of(server, service.is.protocol); }

const Server* same_server(const Service* service, const Server& server) {
  if (service == nullptr) return nullptr;
  for (const Server& each : service->servers) {
    if (each.is.endpoint == server.is.endpoint) return &each;
  }
  return nullptr;
}

void run(Said& said, const Script& script) {
  if (!script.empty()) said.push_back("run " + script.command[0]);
}

void tell_server(Said& said, const Service& service, const Server& server, bool up) {
  run(said, up ? server.is.policy.notify_up : server.is.policy.notify_down);
  said.push_back(fmt::format("fifo RS {} {} {}", name(service, server.is.endpoint), name(service), up ? "UP" : "DOWN"));
}

void mail_server(Said& said, const Service& service, const Server& server, bool up) {
  said.push_back(fmt::format("mail Realserver {} of virtual server {} - {}", name(service, server.is.endpoint), name(service),
                             up ? "UP" : "DOWN"));
}

void tell_quorum(Said& said, const Service& service, bool up) {
  run(said, up ? service.is.policy.quorum_up : service.is.policy.quorum_down);
  said.push_back(fmt::format("fifo VS {} {}", name(service), up ? "UP" : "DOWN"));
  if (service.is.policy.smtp_alert)
    said.push_back(fmt::format("mail Virtualserver {} - {}", name(service), up ? "UP" : "DOWN"));
}

// update_svr_wgt().
void tell_weight(Said& said, const Service& service, const Server& now, std::int64_t before, bool is_active) {
  if (before == now.weight_in_table()) return;
  said.push_back(fmt::format("Changing weight from {} to {} for {} service {} of VS {}", before, now.weight_in_table(),
                             is_active ? "active" : "inactive", name(service, now.is.endpoint), name(service)));
}

// perform_svr_state().
void tell_state(Said& said, const Service& service, const Server& now, bool was_alive) {
  const bool is_alive = now.is_alive();
  if (was_alive == is_alive) return;
  const bool inhibit = now.is.policy.inhibit_on_failure;
  const std::string_view verb = is_alive ? (inhibit ? "Enabling" : "Adding") : inhibit ? "Disabling" : "Removing";
  said.push_back(fmt::format("{} service {} {} VS {}", verb, name(service, now.is.endpoint),
                             inhibit    ? "of"
                             : is_alive ? "to"
                                        : "from",
                             name(service)));
  tell_server(said, service, now, is_alive);
}

// clear_service_rs() at a reload: a server that is there no more.
void tell_gone(Said& said, const Service& service, const Server& server) {
  const Table table = service.table();
  const auto is_its = [&](const TableRow& row) { return row.endpoint == server.is.endpoint && !row.is_sorry_server; };
  if (std::ranges::any_of(table, is_its)) {
    said.push_back(fmt::format("Removing service {} from VS {}", name(service, server.is.endpoint), name(service)));
  }
  if (!server.is_alive()) return;
  tell_server(said, service, server, false);
  if (server.is.policy.smtp_alert) mail_server(said, service, server, false);
}

}  // namespace

std::size_t ReferenceModel::Probe::failures() const {
  std::size_t count = 0;
  while (count < results.size() && !results[results.size() - 1 - count].is_success) ++count;
  return count;
}

// The first failure ever counts at once, later ones when there were more than `retry` in a row.
bool ReferenceModel::Probe::is_up() const {
  if (results.empty()) return is_up_at_first;
  return failures() < results.size() && failures() <= spec.pace.retry;
}

TimePoint ReferenceModel::Probe::due() const {
  if (results.empty()) return first;
  const Result& last = results.back();
  const auto after = [&](Duration delay) {
    return std::max(last.ended, (std::holds_alternative<MiscCheck>(spec.kind) ? last.began : last.ended) + delay);
  };
  if (last.is_success) return after(spec.pace.delay_loop);
  if (is_up()) return after(spec.pace.delay_before_retry);
  // Failures since the one that took it down. TCP_CHECK goes on in rounds of 1 + retry.
  const std::size_t since = failures() - (failures() == results.size() ? 1 : spec.pace.retry + 1);
  const bool has_rounds = std::holds_alternative<TcpCheck>(spec.kind) || std::holds_alternative<SmtpCheck>(spec.kind);
  if (has_rounds && since % (spec.pace.retry + 1) != 0) return after(spec.pace.delay_before_retry);
  return after(std::max(spec.pace.delay_loop, spec.pace.delay_before_retry));
}

bool Server::is_alive() const {
  return std::ranges::all_of(links, [](const Link& link) { return link.is_up(); });
}

// The last success of each check has a say: a script's number stands for the configured weight, a file's is added.
std::int64_t Server::weight() const {
  std::int64_t sum = is.weight;
  for (const Link& link : links) {
    const auto& results = link.probe->results;
    const auto last = std::find_if(results.rbegin(), results.rend(), [](const Result& result) { return result.is_success; });
    if (last == results.rend() || !last->weight) continue;
    sum += *last->weight;
    if (std::holds_alternative<MiscCheck>(link.probe->spec.kind)) sum -= is.weight;
  }
  return sum;
}

std::int64_t Server::weight_in_table() const {
  return std::min<std::int64_t>(std::max<std::int64_t>(weight(), 0), 0x7fff'ffff);
}

std::int64_t Service::living_weight() const {
  std::int64_t sum = 0;
  for (const Server& server : servers) sum += server.is_alive() ? server.weight_in_table() : 0;
  return sum;
}

// Without quorum the sorry server takes what is new, and the living drain. A server that is the sorry server too has one row.
Table Service::table() const {
  const auto& sorry = is.policy.sorry_server;
  Table rows;
  bool has_sorry = false;
  for (const Server& server : servers) {
    const bool is_the_sorry = sorry && sorry->endpoint == server.is.endpoint;
    has_sorry |= is_the_sorry;
    if (is_the_sorry && is_sorry()) continue;
    if (server.is_alive()) {
      rows.push_back({server.is.endpoint, is_sorry() ? 0 : static_cast<std::uint32_t>(server.weight_in_table())});
    } else if (server.is.policy.inhibit_on_failure) {
      rows.push_back({server.is.endpoint, 0});
    }
  }
  if (is_sorry()) rows.push_back({sorry->endpoint, 1, true});
  if (sorry && sorry->inhibit && !is_sorry() && !has_sorry) rows.push_back({sorry->endpoint, 0, true});
  return rows;
}

// update_quorum_state(). `was_sorry`: the sorry server was in use, and there still is one.
void ReferenceModel::update_quorum(Service& service, bool was_sorry, bool is_new, Said& said) {
  const ServicePolicy& policy = service.is.policy;
  const std::int64_t sum = service.living_weight();
  const std::int64_t up_at = std::int64_t{policy.quorum} + policy.hysteresis;
  const std::int64_t down_below = std::int64_t{policy.quorum} - policy.hysteresis;
  const bool had = service.has_quorum;
  const bool has = service.has_quorum = had ? sum > 0 && sum >= down_below : sum >= up_at;
  const bool begins_sorry = service.is_sorry() && !was_sorry;
  if (had == has && !begins_sorry) return;
  const std::string numbers = has ? fmt::format("{}+{}={} <= {}", policy.quorum, policy.hysteresis, up_at, sum)
                                  : fmt::format("{}-{}={} > {}", policy.quorum, policy.hysteresis, down_below, sum);
  const std::string_view what = has ? "Gained quorum" : is_new ? "Starting with quorum down" : "Lost quorum";
  said.push_back(fmt::format("{} {} for VS {}", what, numbers, name(service)));
  if (begins_sorry || was_sorry) {
    const bool inhibit = policy.sorry_server->inhibit;
    const std::string_view verb = has ? (inhibit ? "Disabling" : "Removing") : inhibit ? "Enabling" : "Adding";
    said.push_back(fmt::format("{} sorry server {} {} VS {}", verb, name(service, policy.sorry_server->endpoint),
                               has ? "from" : "to", name(service)));
    said.push_back(
        fmt::format("{} the pool for VS {}", has ? "Adding alive servers to" : "Removing alive servers from", name(service)));
  }
  tell_quorum(said, service, has);
}

Service ReferenceModel::renewed(const MonitoredService& wanted, const Service* old, std::vector<std::shared_ptr<Probe>>& known,
                                TimePoint now, Said& said) const {
  Service service{.is = wanted};
  for (const MonitoredServer& each : wanted.servers) {
    Server& server = service.servers.emplace_back(Server{.is = each});
    const Server* const before = same_server(old, server);
    for (const CheckSpec& spec : each.policy.checks) {
      const auto asks_this = [&](const Link& link) { return link.probe->spec == spec; };
      if (before != nullptr) {
        const auto same = std::ranges::find_if(before->links, asks_this);
        if (same != before->links.end()) {
          server.links.push_back(*same);
          continue;
        }
      }
      const bool up = before != nullptr ? before->is_alive() : !wanted.policy.alpha && !spec.pace.alpha;
      const auto running = std::ranges::find_if(known, [&](const auto& probe) { return probe->spec == spec; });
      if (!shares_checks_ || running == known.end()) {
        server.links.push_back({std::make_shared<Probe>(Probe{spec, up, now + first_delay_(spec)}), up});
        known.push_back(server.links.back().probe);
      } else {
        server.links.push_back({*running, up});
      }
      said.push_back(
          fmt::format("Activating healthchecker for service {} for VS {}", name(service, spec.server), name(service)));
    }
  }
  return service;
}

Said ReferenceModel::apply(const std::vector<MonitoredService>& wanted, const GlobalPolicy& global, TimePoint now) {
  Said said;
  global_ = global;
  std::vector<std::shared_ptr<Probe>> known;
  for (const Service& service : services_) {
    for (const Server& server : service.servers) {
      for (const Link& link : server.links) known.push_back(link.probe);
    }
  }
  std::vector<Service> all;
  const auto find = [](const std::vector<Service>& among, const Service& key) {
    return std::ranges::find_if(among, [&](const Service& each) { return each.key() == key.key(); });
  };
  for (const MonitoredService& each : wanted) {
    const auto at = find(services_, {.is = each});
    const Service* const old = at != services_.end() ? &*at : nullptr;
    Service service = renewed(each, old, known, now, said);
    tell_differences(said, service, old);
    service.has_quorum = old != nullptr && old->has_quorum;
    update_quorum(service, old != nullptr && old->is_sorry() && each.policy.sorry_server, old == nullptr, said);
    all.push_back(std::move(service));
  }
  for (Service& gone : services_) {
    if (find(all, gone) != all.end()) continue;
    said.push_back("Removing Virtual Server " + name(gone));
    for (const Server& server : gone.servers) tell_gone(said, gone, server);
    if (gone.has_quorum) tell_quorum(said, gone, false);
  }
  services_ = std::move(all);
  return said;
}

void ReferenceModel::tell_differences(Said& said, const Service& service, const Service* old) const {
  if (old != nullptr) {
    for (const Server& server : old->servers) {
      if (same_server(&service, server) == nullptr) tell_gone(said, *old, server);
    }
  }
  for (const Server& server : service.servers) {
    if (const Server* const before = same_server(old, server)) {
      tell_state(said, service, server, before->is_alive());
      tell_weight(said, service, server, before->weight_in_table(), server.is_alive());
    } else if (global_.rs_init_notifies && server.is_alive()) {
      tell_server(said, service, server, true);
    }
  }
}

Said ReferenceModel::report(Probe& probe, const Result& result) {
  struct Was {
    bool is_alive, link_is_up;
    std::int64_t weight;
  };
  std::vector<Was> were;
  const auto each_user = [&](auto&& visit) {
    for (Service& service : services_) {
      for (Server& server : service.servers) {
        for (Link& link : server.links) {
          if (link.probe.get() == &probe) visit(service, server, link);
        }
      }
    }
  };
  each_user([&](Service&, Server& server, Link& link) {
    were.push_back({server.is_alive(), link.is_up(), server.weight_in_table()});
  });
  probe.results.push_back(result);
  Said said;
  std::size_t at = 0;
  each_user([&](Service& service, Server& server, Link& link) {
    const Was was = were[at++];
    const bool is_alive = server.is_alive();
    const bool was_sorry = service.is_sorry();
    tell_weight(said, service, server, was.weight, was.is_alive);
    tell_state(said, service, server, was.is_alive);
    update_quorum(service, was_sorry, false, said);
    if (server.is.policy.smtp_alert && link.is_up() != was.link_is_up && (is_alive != was.is_alive || global_.checker_mails)) {
      mail_server(said, service, server, is_alive);
    }
  });
  return said;
}

// clear_service_vs() at the end: down, as it were; told with omega.
Said ReferenceModel::stop() {
  Said said;
  for (const Service& service : services_) {
    const bool omega = service.is.policy.omega;
    for (const Server& server : service.servers) {
      const bool is_inhibited = server.is.policy.inhibit_on_failure && !server.is_alive();
      said.push_back(fmt::format("Shutting down {}service {} from VS {}", is_inhibited ? "(inhibited) " : "",
                                 name(service, server.is.endpoint), name(service)));
      if (!omega || !server.is_alive()) continue;
      tell_server(said, service, server, false);
      if (server.is.policy.smtp_alert) mail_server(said, service, server, false);
    }
    if (omega) tell_quorum(said, service, false);
  }
  return said;
}

}  // namespace penstock::healthcheck
