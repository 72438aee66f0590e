// virtual_server and real_server.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "config/bind_health.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr std::int64_t kLargestThreshold = 4'294'967'295;
constexpr std::string_view kHowPacketsGo = "how packets reach the real servers";

class VirtualServerBinder {
 public:
  VirtualServerBinder(const Statement& statement, const BindContext& context)
      : statement_{statement},
        context_{context},
        diagnostics_{context.diagnostics},
        fields_{statement.children, context.diagnostics} {}

  // Nothing when it isn't certain which service is meant.
  std::optional<VirtualServer> run() {
    const bool known = bind_service();
    bind_protocol();
    bind_scheduler();
    bind_maglev_flags();
    bind_forwarding();
    const Inherited inherited = inherit(fields_, {}, context_);
    const auto weight = static_cast<std::uint32_t>(fields_.integer("weight", 0, kLargestNumber).value_or(1));
    for (const Statement& child : statement_.children) {
      if (child.name().text != "real_server" || child.words.size() < 2) continue;
      ++servers_given_;
      bind_real_server(child, known, weight, inherited);
    }
    const bool complete = known && out_.real_servers.size() == servers_given_ && servers_given_ != 0;
    if (known) out_.health = bind_service_policy(statement_, out_, complete, context_);
    if (known && !fields_.has("real_server")) {
      diagnostics_.warning(statement_.name().place, "this virtual_server has no real_server");
    }
    return known ? std::optional{std::move(out_)} : std::nullopt;
  }

 private:
  bool bind_service() {
    const Word& word = statement_.words[1];
    if (word.text == "fwmark" || word.text == "group") {
      diagnostics_.error(word.place, not_supported("virtual_server " + word.text, "which packets are served"));
      return false;
    }
    const auto endpoint = bind_endpoint(statement_, context_);
    if (!endpoint) return false;
    if (endpoint->port == 0) {
      const Word& at = statement_.words.size() > 2 ? statement_.words[2] : word;
      diagnostics_.error(at.place, "a virtual_server for all ports needs persistence, which is not supported yet",
                         "virtual_server " + word.text + " PORT");
      return false;
    }
    out_.endpoint = *endpoint;
    return true;
  }

  void bind_protocol() {
    const Word* const word = fields_.value({"protocol"});
    if (word == nullptr) {
      if (!fields_.has("protocol")) {
        diagnostics_.warning(statement_.name().place, "this virtual_server has no protocol: taken as UDP, as keepalived does",
                             "protocol TCP");
      }
      return;
    }
    std::string name = word->text;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (name == "TCP") {
      out_.protocol = Protocol::kTcp;
    } else if (name == "SCTP") {
      diagnostics_.error(word->place, not_supported("protocol SCTP", "which packets are served"));
    } else if (name != "UDP") {
      constexpr auto kProtocols = std::to_array<std::string_view>({"TCP", "UDP", "SCTP"});
      diagnostics_.error(word->place, quote(word->text) + " is not a protocol", did_you_mean(word->text, kProtocols));
    }
  }

  void bind_scheduler() {
    const Word* const word = fields_.value({"lb_algo", "lvs_sched"});
    if (word == nullptr) return;
    for (const Scheduler scheduler : {Scheduler::kRoundRobin, Scheduler::kWeightedRoundRobin, Scheduler::kLeastConnection,
                                      Scheduler::kWeightedLeastConnection, Scheduler::kMaglev}) {
      if (word->text != to_string(scheduler)) continue;
      out_.scheduler = scheduler;
      return;
    }
    constexpr auto kAll = std::to_array<std::string_view>(
        {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"});
    if (std::find(kAll.begin(), kAll.end(), word->text) != kAll.end()) {
      diagnostics_.error(word->place, not_supported("the scheduler " + word->text, "which real server a client gets"),
                         "rr, wrr, lc, wlc and mh are there");
    } else {
      diagnostics_.error(word->place, quote(word->text) + " is not a scheduler", did_you_mean(word->text, kAll));
    }
  }

  // keepalived looks at the scheduler that it has read so far, so a flag that stands before `lb_algo mh` has no effect.
  void bind_maglev_flags() {
    bool is_maglev = false;
    for (const Statement& child : statement_.children) {
      const std::string& name = child.name().text;
      if (name == "lb_algo" || name == "lvs_sched") {
        is_maglev = child.words.size() > 1 && child.words[1].text == to_string(Scheduler::kMaglev);
        out_.maglev_flags = {};
      }
      if (name != "mh-port" && name != "mh-fallback") continue;
      if (is_maglev) {
        (name == "mh-port" ? out_.maglev_flags.port : out_.maglev_flags.fallback) = true;
      } else {
        diagnostics_.warning(child.name().place, quote(name) + " has no effect where no `lb_algo mh` stands before it",
                             "put it behind lb_algo mh");
      }
    }
  }

  void bind_forwarding() {
    const Statement* const kind = fields_.last({"lb_kind", "lvs_method"});
    if (kind == nullptr) {
      diagnostics_.error(statement_.name().place,
                         "a virtual_server without lb_kind is one by NAT, which is not supported yet: it would change " +
                             std::string{kHowPacketsGo},
                         "lb_kind DR");
      return;
    }
    direct_ = kind->words.size() > 1 && is_direct_routing(kind->words[1], diagnostics_);
    if (direct_ && kind->words.size() > 2) {
      diagnostics_.warning(kind->words[2].place, "DR takes no options: " + quote(kind->words[2].text) + " is ignored");
    }
  }

  void bind_real_server(const Statement& statement, bool service_known, std::uint32_t weight, const Inherited& outer) {
    const Fields fields{statement.children, diagnostics_};
    if (const Word* const method = fields.value({"lvs_method"})) static_cast<void>(is_direct_routing(*method, diagnostics_));

    const auto endpoint = bind_endpoint(statement, context_);
    const Endpoint place{endpoint.value_or(out_.endpoint).address, out_.endpoint.port};
    const Inherited inherited = inherit(fields, outer, context_);
    healthcheck::ServerPolicy health = bind_server_policy(statement, inherited, context_);
    health.checks = bind_checks(statement, {out_.endpoint, out_.protocol, place}, inherited, context_);
    if (!endpoint || !service_known || !direct_) return;  // the rest is of direct routing
    const Word& word = statement.words[1];
    if (endpoint->address.family() != out_.endpoint.address.family()) {
      diagnostics_.error(word.place, "direct routing keeps the packet: " + quote(word.text) + " must be of the family of " +
                                         out_.endpoint.address.to_string());
      return;
    }
    if (endpoint->port != 0 && endpoint->port != out_.endpoint.port) {
      diagnostics_.warning(statement.words[2].place, "direct routing keeps the port: taken as " +
                                                         std::to_string(out_.endpoint.port) + ", as keepalived does");
    }
    RealServer server;
    server.endpoint = {endpoint->address, out_.endpoint.port};
    server.weight = static_cast<std::uint32_t>(fields.integer("weight", 0, kLargestNumber).value_or(weight));
    server.upper_threshold = static_cast<std::uint32_t>(fields.integer("uthreshold", 0, kLargestThreshold).value_or(0));
    server.lower_threshold = static_cast<std::uint32_t>(fields.integer("lthreshold", 0, kLargestThreshold).value_or(0));
    if (server.lower_threshold > server.upper_threshold) {
      diagnostics_.error(fields.value({"lthreshold"})->place, "lthreshold " + std::to_string(server.lower_threshold) +
                                                                  " is above uthreshold " +
                                                                  std::to_string(server.upper_threshold));
    }
    server.health = std::move(health);
    if (servers_.add(server.endpoint.to_string(), word, "real_server " + server.endpoint.to_string(), context_)) {
      out_.real_servers.push_back(std::move(server));
    }
  }

  const Statement& statement_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
  VirtualServer out_;
  bool direct_ = false;
  std::size_t servers_given_ = 0;
  Firsts servers_;
};

std::set<IpAddress> addresses_of(const vrrp::RouterSpec& router) {
  std::set<IpAddress> out;
  for (const vrrp::InstanceSpec& instance : router.instances) {
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& vip : *list) out.insert(vip.address);
    }
  }
  return out;
}

}  // namespace

void bind_virtual_servers(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  Firsts services;
  const std::set<IpAddress> held = addresses_of(model.vrrp);
  const bool all_known = !model.vrrp.instances.empty() && !context.diagnostics.has_errors();
  for (const Statement& statement : statements) {
    if (statement.name().text != "virtual_server" || statement.words.size() < 2 || statement.damaged) continue;
    auto server = VirtualServerBinder{statement, context}.run();
    if (!server) continue;
    if (all_known && !held.contains(server->endpoint.address)) {
      context.diagnostics.warning(statement.words[1].place, statement.words[1].text +
                                                                " is in no vrrp_instance: this virtual_server is served "
                                                                "always, MASTER or not");
    }
    const std::string name = server->endpoint.to_string() + " " + std::string{packet::to_string(server->protocol)};
    if (services.add(name, statement.words[1], "virtual_server " + name, context))
      model.virtual_servers.push_back(std::move(*server));
  }
}

}  // namespace penstock::config
