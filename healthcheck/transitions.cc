#include "healthcheck/transitions.h"

#include <fmt/format.h>

#include <utility>

#include "healthcheck/check_log.h"
#include "healthcheck/names.h"

namespace penstock::healthcheck {

std::string Transitions::name() const { return name_of(service_.key.endpoint, service_.key.protocol); }
std::string Transitions::name_of_server(const packet::Endpoint& server) const { return name_of(server, service_.key.protocol); }
void Transitions::say(std::string text) const { actions_.push_back(LogLine{.text = std::move(text)}); }
void Transitions::run(const Script& script) const {
  if (!script.empty()) actions_.push_back(RunScript{script, name()});
}

void Transitions::update_server(ServerState& server, bool flipped, const CheckSpec& check, const ProbeResult& result,
                                TimePoint now) const {
  const std::int64_t share_before = share_of(server);
  say_weight(server, std::exchange(server.effective_weight, weight_by_checks(server)));
  const bool was_alive = std::exchange(server.is_alive, all_checks_up(server));
  if (was_alive != server.is_alive) {
    server.changed = now;
    say_alive(server);
    tell_state(server, server.is_alive);
  }
  service_.living_weight += share_of(server) - share_before;
  if (share_of(server) != share_before) update_quorum(false);
  if (flipped && (was_alive != server.is_alive || global_.checker_mails)) {
    mail_about(server, server.is_alive, mail_body(check, result));
  }
}

void Transitions::say_weight(const ServerState& server, std::int64_t before) const {
  if (clamped(before) == clamped(server.effective_weight)) return;
  say(fmt::format("Changing weight from {} to {} for {} service {} of VS {}", clamped(before), clamped(server.effective_weight),
                  server.is_alive ? "active" : "inactive", name_of_server(server.endpoint), name()));
}

void Transitions::say_alive(const ServerState& server) const {
  const bool inhibit = server.policy.inhibit_on_failure;
  const std::string_view verb = server.is_alive ? (inhibit ? "Enabling" : "Adding") : inhibit ? "Disabling" : "Removing";
  const std::string_view link = inhibit ? "of" : server.is_alive ? "to" : "from";
  say(fmt::format("{} service {} {} VS {}", verb, name_of_server(server.endpoint), link, name()));
}

void Transitions::tell_state(const ServerState& server, bool up) const {
  run(up ? server.policy.notify_up : server.policy.notify_down);
  actions_.push_back(WriteFifo{fmt::format("RS {} {} {}", name_of_server(server.endpoint), name(), up ? "UP" : "DOWN")});
}

void Transitions::mail_about(const ServerState& server, bool up, std::string body) const {
  if (!server.policy.smtp_alert) return;
  actions_.push_back(SendMail{
      fmt::format("Realserver {} of virtual server {} - {}", name_of_server(server.endpoint), name(), up ? "UP" : "DOWN"),
      std::move(body)});
}

void Transitions::remove(const ServerState& server) const {
  if (row_of(service_, server)) say(fmt::format("Removing service {} from VS {}", name_of_server(server.endpoint), name()));
  if (!server.is_alive) return;
  tell_state(server, false);
  mail_about(server, false, "=> Removing <=");
}

void Transitions::remove_service() const {
  say(fmt::format("Removing Virtual Server {}", name()));
  for (const ServerState& server : service_.servers) remove(server);
  if (std::exchange(service_.has_quorum, false)) tell_quorum("=> Removing <=");
}

void Transitions::update_quorum(bool init) const {
  const std::int64_t sum = service_.living_weight;
  const std::int64_t quorum = service_.quorum;
  const std::int64_t hysteresis = service_.hysteresis;
  if (!service_.has_quorum && sum >= quorum + hysteresis) return gain_quorum(sum);
  const bool is_lost = service_.has_quorum && (sum == 0 || sum < quorum - hysteresis);
  const bool wants_sorry = !service_.has_quorum && service_.policy.sorry_server && !service_.is_sorry_active;
  if (is_lost || wants_sorry) lose_quorum(sum, init);
}

void Transitions::gain_quorum(std::int64_t sum) const {
  service_.has_quorum = true;
  const std::string arithmetic =
      fmt::format("{}+{}={} <= {}", service_.quorum, service_.hysteresis, service_.quorum + service_.hysteresis, sum);
  say(fmt::format("Gained quorum {} for VS {}", arithmetic, name()));
  if (std::exchange(service_.is_sorry_active, false)) {
    const SorryServer& sorry = *service_.policy.sorry_server;
    say(fmt::format("{} sorry server {} from VS {}", sorry.inhibit ? "Disabling" : "Removing", name_of_server(sorry.endpoint),
                    name()));
    say(fmt::format("Adding alive servers to the pool for VS {}", name()));
  }
  tell_quorum(fmt::format("=> Gained quorum {} <=", arithmetic));
}

void Transitions::lose_quorum(std::int64_t sum, bool init) const {
  service_.has_quorum = false;
  const std::string what = init ? "Starting with quorum down" : "Lost quorum";
  const std::string arithmetic = fmt::format("{}-{}={} > {}", service_.quorum, service_.hysteresis,
                                             std::int64_t{service_.quorum} - std::int64_t{service_.hysteresis}, sum);
  say(fmt::format("{} {} for VS {}", what, arithmetic, name()));
  if (service_.policy.sorry_server && !std::exchange(service_.is_sorry_active, true)) {
    const SorryServer& sorry = *service_.policy.sorry_server;
    say(fmt::format("{} sorry server {} to VS {}", sorry.inhibit ? "Enabling" : "Adding", name_of_server(sorry.endpoint),
                    name()));
    say(fmt::format("Removing alive servers from the pool for VS {}", name()));
  }
  tell_quorum(fmt::format("=> {} {} <=", what, arithmetic));
}

void Transitions::tell_quorum(const std::string& mail) const {
  const std::string_view state = service_.has_quorum ? "UP" : "DOWN";
  run(service_.has_quorum ? service_.policy.quorum_up : service_.policy.quorum_down);
  actions_.push_back(WriteFifo{fmt::format("VS {} {}", name(), state)});
  if (service_.policy.smtp_alert) actions_.push_back(SendMail{fmt::format("Virtualserver {} - {}", name(), state), mail});
}

void Transitions::stop() const {
  for (ServerState& server : service_.servers) {
    const bool is_inhibited = server.policy.inhibit_on_failure && !server.is_alive;
    say(fmt::format("Shutting down {}service {} from VS {}", is_inhibited ? "(inhibited) " : "",
                    name_of_server(server.endpoint), name()));
    const bool was_alive = std::exchange(server.is_alive, false);
    if (!was_alive || !service_.policy.omega) continue;
    tell_state(server, false);
    mail_about(server, false, "=> Shutting down <=");
  }
  service_.living_weight = 0;
  if (!service_.policy.omega) return;
  service_.has_quorum = false;
  tell_quorum("=> Shutting down <=");
}

}  // namespace penstock::healthcheck
