#include "control/health/service_health.h"

#include <set>
#include <type_traits>
#include <utility>

#include "control/log.h"

namespace penstock::control {
namespace {

using healthcheck::Action;
using healthcheck::Actions;

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

healthcheck::MonitoredService monitored(const config::VirtualServer& server) {
  healthcheck::MonitoredService service{
      .endpoint = server.endpoint, .protocol = server.protocol, .policy = server.health, .servers = {}};
  for (const config::RealServer& real : server.real_servers)
    service.servers.push_back({real.endpoint, real.weight, real.health});
  return service;
}

Director::Wanted named(const config::VirtualServer& server) {
  Director::Wanted wanted{.key = {server.endpoint, server.protocol},
                          .scheduler = server.scheduler,
                          .maglev_flags = server.maglev_flags,
                          .rows = {},
                          .named = {}};
  for (const config::RealServer& real : server.real_servers) wanted.named.push_back(real.endpoint);
  if (server.health.sorry_server) wanted.named.push_back(server.health.sorry_server->endpoint);
  return wanted;
}

std::vector<healthcheck::Script> scripts_of(const config::Model& model) {
  std::vector<healthcheck::Script> all{model.health.lvs_notify_fifo_script};
  for (const config::VirtualServer& server : model.virtual_servers) {
    all.push_back(server.health.quorum_up);
    all.push_back(server.health.quorum_down);
    for (const config::RealServer& real : server.real_servers) {
      all.push_back(real.health.notify_up);
      all.push_back(real.health.notify_down);
      for (const healthcheck::CheckSpec& check : real.health.checks) {
        if (const auto* const misc = std::get_if<healthcheck::MiscCheck>(&check.kind)) all.push_back(misc->script);
      }
    }
  }
  const auto add_notify = [&](const vrrp::NotifySpec& notify) {
    for (const auto* const script : {&notify.master, &notify.backup, &notify.fault, &notify.stop, &notify.deleted, &notify.any,
                                     &notify.master_receives_lower}) {
      all.push_back(*script);
    }
  };
  all.push_back(model.vrrp.notify_fifo_script);
  for (const vrrp::ScriptTracker& tracker : model.vrrp.scripts) all.push_back(tracker.script);
  for (const vrrp::InstanceSpec& instance : model.vrrp.instances) add_notify(instance.notify);
  for (const vrrp::SyncGroupSpec& group : model.vrrp.sync_groups) add_notify(group.notify);
  std::erase_if(all, [](const healthcheck::Script& script) { return script.empty(); });
  return all;
}

}  // namespace

ServiceHealth::ServiceHealth(EventLoop& loop, bool share_checks, TableChanged on_change,
                             HealthThread::TrackerResults on_tracker)
    : monitor_{healthcheck::Monitor::Options{.share_checks = share_checks}},
      on_change_{std::move(on_change)},
      thread_{loop, [this](const std::vector<healthcheck::CheckReport>& reports) { take(reports); }, std::move(on_tracker)} {}

std::vector<Director::Wanted> ServiceHealth::named_by(const config::Model& model) {
  std::vector<Director::Wanted> all;
  for (const config::VirtualServer& server : model.virtual_servers) all.push_back(named(server));
  return all;
}

std::vector<packet::IpAddress> ServiceHealth::targets_of(const config::Model& model) {
  std::set<packet::IpAddress> targets;
  for (const config::VirtualServer& server : model.virtual_servers) {
    for (const config::RealServer& real : server.real_servers) {
      for (const healthcheck::CheckSpec& check : real.health.checks) {
        targets.insert(check.connection.via_vip ? check.connection.via_vip->address : check.connection.target.address);
      }
    }
  }
  return {targets.begin(), targets.end()};
}

std::vector<Director::Wanted> ServiceHealth::apply(const config::Model& model) {
  thread_.post(HealthSettings{model.health, model.mail, scripts_of(model)});
  thread_.post(VrrpErrands{.scripts = model.vrrp.scripts,
                           .processes = model.vrrp.processes,
                           .files = model.vrrp.files,
                           .fifo = {.path = model.vrrp.notify_fifo,
                                    .script = model.vrrp.notify_fifo_script,
                                    .user = model.vrrp.notify_fifo_user,
                                    .group = model.vrrp.notify_fifo_group}});
  thresholds_.clear();
  std::vector<healthcheck::MonitoredService> services;
  for (const config::VirtualServer& server : model.virtual_servers) {
    services.push_back(monitored(server));
    ThresholdsOfServers& of_servers = thresholds_[{server.endpoint, server.protocol}];
    for (const config::RealServer& real : server.real_servers) {
      of_servers[real.endpoint] = {real.upper_threshold, real.lower_threshold};
    }
  }
  Actions actions = monitor_.apply(services, model.health);
  std::erase_if(actions, [](const Action& action) { return std::holds_alternative<healthcheck::TableChanged>(action); });
  carry_out_orders(std::move(actions));

  std::vector<Director::Wanted> wanted = named_by(model);
  for (Director::Wanted& service : wanted) service.rows = rows_of({service.key.endpoint, service.key.protocol});
  return wanted;
}

void ServiceHealth::stop() { carry_out_orders(monitor_.stop()); }

// Traffic first, and each table once, however often it changes meanwhile.
void ServiceHealth::take(const std::vector<healthcheck::CheckReport>& reports) {
  std::map<healthcheck::ServiceKey, healthcheck::TimePoint> changed;  // since the oldest verdict
  Actions all;
  for (const healthcheck::CheckReport& report : reports) {
    for (Action& action : monitor_.report(report)) {
      if (const auto* const table = std::get_if<healthcheck::TableChanged>(&action)) {
        changed.try_emplace(table->service, report.finished);
      } else {
        all.push_back(std::move(action));
      }
    }
  }
  for (const auto& [service, verdict] : changed) on_change_({service.endpoint, service.protocol}, rows_of(service), verdict);
  carry_out_orders(std::move(all));
}

// All but changes of tables: log lines, scripts, mails, checks.
void ServiceHealth::carry_out_orders(Actions actions) {
  for (Action& action : actions) {
    std::visit(Overloaded{[](healthcheck::LogLine& line) { log::write(line); }, [](healthcheck::TableChanged&) {},
                          [this](auto& order) { thread_.post(std::move(order)); }},
               action);
  }
}

std::vector<Director::Row> ServiceHealth::rows_of(const healthcheck::ServiceKey& service) const {
  const ThresholdsOfServers& thresholds = thresholds_.at(service);
  std::vector<Director::Row> rows;
  for (const healthcheck::TableRow& row : monitor_.table(service)) {
    const auto limits = thresholds.find(row.endpoint);
    const Thresholds of_server = limits != thresholds.end() ? limits->second : Thresholds{};
    rows.push_back({row.endpoint, row.weight, of_server.upper, of_server.lower});
  }
  return rows;
}

}  // namespace penstock::control
