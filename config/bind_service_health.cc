// What virtual_server and real_server make of verdicts: quorum, sorry server, scripts, mails.
#include <algorithm>
#include <cstdint>
#include <string>

#include "config/bind_health.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

class ServicePolicyBinder {
 public:
  ServicePolicyBinder(const Statement& statement, const VirtualServer& service, const BindContext& context)
      : service_{service},
        context_{context},
        diagnostics_{context.diagnostics},
        fields_{statement.children, context.diagnostics} {}

  healthcheck::ServicePolicy run(bool complete) {
    healthcheck::ServicePolicy policy;
    policy.quorum = static_cast<std::uint32_t>(fields_.integer("quorum", 1, kLargestNumber).value_or(1));
    policy.hysteresis = static_cast<std::uint32_t>(fields_.integer("hysteresis", 0, kLargestNumber).value_or(0));
    if (complete) fit_quorum(policy);
    policy.alpha = fields_.flag("alpha").value_or(false);
    policy.omega = fields_.has("omega");
    policy.sorry_server = bind_sorry_server();
    policy.quorum_up = bind_script(fields_.last({"quorum_up"}), context_);
    policy.quorum_down = bind_script(fields_.last({"quorum_down"}), context_);
    policy.smtp_alert = wants_mail(fields_, context_.health.smtp_alert_checker, false, context_);
    return policy;
  }

 private:
  // A quorum that all servers together can't reach is cut to what they can, the hysteresis to what the quorum leaves.
  void fit_quorum(healthcheck::ServicePolicy& policy) {
    std::uint64_t weights = 0;
    for (const RealServer& server : service_.real_servers) weights += server.weight;
    const std::uint64_t most = std::max<std::uint64_t>(1, weights);
    if (policy.quorum > most) {
      diagnostics_.warning(fields_.value({"quorum"})->place, "quorum " + std::to_string(policy.quorum) +
                                                                 " is more than the real servers weigh together: taken as " +
                                                                 std::to_string(most) + ", as keepalived does");
      policy.quorum = static_cast<std::uint32_t>(most);
    }
    if (policy.hysteresis >= policy.quorum) {
      diagnostics_.warning(fields_.value({"hysteresis"})->place,
                           "hysteresis must be below the quorum of " + std::to_string(policy.quorum) + ": taken as " +
                               std::to_string(policy.quorum - 1) + ", as keepalived does");
      policy.hysteresis = policy.quorum - 1;
    }
  }

  std::optional<healthcheck::SorryServer> bind_sorry_server() {
    const Statement* const statement = fields_.last({"sorry_server"});
    if (const Word* const method = fields_.value({"sorry_server_lvs_method"}))
      static_cast<void>(is_direct_routing(*method, diagnostics_));
    if (statement == nullptr) {
      for (const std::string_view word : {"sorry_server_inhibit", "sorry_server_lvs_method"}) {
        if (const Statement* const alone = fields_.last({word}))
          diagnostics_.warning(alone->name().place, quote(word) + " without sorry_server is ignored");
      }
      return std::nullopt;
    }
    if (statement->words.size() < 2) return std::nullopt;
    const auto endpoint = bind_endpoint(*statement, context_);
    if (!endpoint) return std::nullopt;
    const Word& word = statement->words[1];
    if (endpoint->address.family() != service_.endpoint.address.family()) {
      diagnostics_.error(word.place, "direct routing keeps the packet: " + quote(word.text) + " must be of the family of " +
                                         service_.endpoint.address.to_string());
      return std::nullopt;
    }
    if (endpoint->port != 0 && endpoint->port != service_.endpoint.port) {
      diagnostics_.warning(statement->words[2].place, "direct routing keeps the port: taken as " +
                                                          std::to_string(service_.endpoint.port) + ", as keepalived does");
    }
    const packet::Endpoint sorry{endpoint->address, service_.endpoint.port};
    if (std::ranges::find(service_.real_servers, sorry, &RealServer::endpoint) != service_.real_servers.end()) {
      diagnostics_.warning(word.place, quote(word.text) +
                                           " is a real server of this virtual server, too: it takes connections " +
                                           "without quorum, whatever its checks say");
    }
    return healthcheck::SorryServer{.endpoint = sorry, .inhibit = fields_.has("sorry_server_inhibit")};
  }

  const VirtualServer& service_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
};

}  // namespace

bool wants_mail(const Fields& fields, std::optional<bool> of_kind, bool otherwise, const BindContext& context) {
  const auto own = fields.flag("smtp_alert");
  if (own == true && !context.health.has_mail) {
    context.diagnostics.once(Severity::kWarning, fields.last({"smtp_alert"})->name().place,
                             "smtp_alert sends nothing: global_defs needs smtp_server and notification_email");
  }
  const HealthDefaults& all = context.health;
  return all.has_mail && own.value_or(of_kind.value_or(all.smtp_alert.value_or(otherwise)));
}

healthcheck::ServerPolicy bind_server_policy(const Statement& real_server, const Inherited& inherited,
                                             const BindContext& context) {
  const Fields fields{real_server.children, context.diagnostics};
  healthcheck::ServerPolicy policy;
  policy.inhibit_on_failure = inherited.inhibit_on_failure;
  policy.notify_up = bind_script(fields.last({"notify_up"}), context);
  policy.notify_down = bind_script(fields.last({"notify_down"}), context);
  policy.smtp_alert = wants_mail(fields, context.health.smtp_alert_checker, true,
                                 context);  // on by default, unlike the service's: as keepalived has it
  return policy;
}

healthcheck::ServicePolicy bind_service_policy(const Statement& virtual_server, const VirtualServer& service, bool complete,
                                               const BindContext& context) {
  return ServicePolicyBinder{virtual_server, service, context}.run(complete);
}

}  // namespace penstock::config
