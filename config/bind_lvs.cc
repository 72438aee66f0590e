// virtual_server and real_server.
#include <algorithm>
#include <array>
#include <string>

#include "config/bind_parts.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr std::int64_t kLargestWeight = 2'147'483'647;
constexpr std::int64_t kLargestThreshold = 4'294'967'295;
constexpr std::string_view kHowPacketsGo = "how packets reach the real servers";

// The address and port behind `virtual_server` and `real_server`. The port is 0 when there is none.
std::optional<Endpoint> bind_endpoint(const Statement& statement, const BindContext& context) {
  const Word& word = statement.words[1];
  const auto address = IpAddress::parse(word.text);
  if (!address) {
    report_not_an_address(word, context.diagnostics);
    return std::nullopt;
  }
  if (!is_host_address(*address)) {
    context.diagnostics.error(word.place, quote(word.text) + " can't be the address of a host");
    return std::nullopt;
  }
  if (statement.words.size() < 3) return Endpoint{*address, 0};
  const Word& port_word = statement.words[2];
  const auto port = parse_integer(port_word.text, 0, 65535);
  if (!port) {
    context.diagnostics.error(port_word.place, quote(port_word.text) + " is not a port from 1 to 65535");
    return std::nullopt;
  }
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

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
    bind_forwarding();
    bind_quorum();
    const auto weight = static_cast<std::uint32_t>(fields_.integer("weight", 0, kLargestWeight).value_or(1));
    for (const Statement& child : statement_.children) {
      if (child.name().text == "real_server" && child.words.size() > 1) bind_real_server(child, known, weight);
    }
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
                                      Scheduler::kWeightedLeastConnection}) {
      if (word->text != to_string(scheduler)) continue;
      out_.scheduler = scheduler;
      return;
    }
    constexpr auto kAll = std::to_array<std::string_view>(
        {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"});
    if (std::find(kAll.begin(), kAll.end(), word->text) != kAll.end()) {
      diagnostics_.error(word->place, not_supported("the scheduler " + word->text, "which real server a client gets"),
                         "rr, wrr, lc and wlc are there");
    } else {
      diagnostics_.error(word->place, quote(word->text) + " is not a scheduler", did_you_mean(word->text, kAll));
    }
  }

  // False for a word that isn't DR (which is reported).
  bool is_direct_routing(const Word& word) {
    constexpr auto kMethods = std::to_array<std::string_view>({"DR", "NAT", "TUN"});
    if (word.text == "DR") return true;
    if (word.text == "NAT" || word.text == "TUN") {
      diagnostics_.error(word.place, not_supported("forwarding by " + word.text, kHowPacketsGo), "lb_kind DR");
    } else {
      diagnostics_.error(word.place, quote(word.text) + " is not a way of forwarding", did_you_mean(word.text, kMethods));
    }
    return false;
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
    direct_ = kind->words.size() > 1 && is_direct_routing(kind->words[1]);
    if (direct_ && kind->words.size() > 2) {
      diagnostics_.warning(kind->words[2].place, "DR takes no options: " + quote(kind->words[2].text) + " is ignored");
    }
  }

  void bind_quorum() {
    const auto refuse = [this](std::string_view name, std::int64_t harmless) {
      const auto value = fields_.integer(name, 0, kLargestWeight);
      if (!value || *value == harmless) return;
      diagnostics_.error(fields_.value({name})->place,
                         not_supported(std::string{name} + " " + std::to_string(*value), "when the service counts as up"));
    };
    refuse("quorum", 1);
    refuse("hysteresis", 0);
  }

  void bind_real_server(const Statement& statement, bool service_known, std::uint32_t weight) {
    const Fields fields{statement.children, diagnostics_};
    for (const Statement& child : statement.children) {
      if (child.keyword == nullptr || child.keyword->block == nullptr) continue;
      diagnostics_.once(Severity::kWarning, child.name().place,
                        "health checks are not run yet: every real server counts as up");
    }
    if (const Word* const method = fields.value({"lvs_method"})) static_cast<void>(is_direct_routing(*method));

    const auto endpoint = bind_endpoint(statement, context_);
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
    server.weight = static_cast<std::uint32_t>(fields.integer("weight", 0, kLargestWeight).value_or(weight));
    server.upper_threshold = static_cast<std::uint32_t>(fields.integer("uthreshold", 0, kLargestThreshold).value_or(0));
    server.lower_threshold = static_cast<std::uint32_t>(fields.integer("lthreshold", 0, kLargestThreshold).value_or(0));
    if (server.lower_threshold > server.upper_threshold) {
      diagnostics_.error(fields.value({"lthreshold"})->place, "lthreshold " + std::to_string(server.lower_threshold) +
                                                                  " is above uthreshold " +
                                                                  std::to_string(server.upper_threshold));
    }
    if (servers_.add(server.endpoint.to_string(), word, "real_server " + server.endpoint.to_string(), context_)) {
      out_.real_servers.push_back(server);
    }
  }

  const Statement& statement_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
  VirtualServer out_;
  bool direct_ = false;
  Firsts servers_;
};

}  // namespace

void bind_virtual_servers(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  Firsts services;
  for (const Statement& statement : statements) {
    if (statement.name().text != "virtual_server" || statement.words.size() < 2 || statement.damaged) continue;
    auto server = VirtualServerBinder{statement, context}.run();
    if (!server) continue;
    const std::string name = server->endpoint.to_string() + " " + std::string{packet::to_string(server->protocol)};
    if (services.add(name, statement.words[1], "virtual_server " + name, context))
      model.virtual_servers.push_back(std::move(*server));
  }
}

}  // namespace penstock::config
