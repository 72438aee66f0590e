// What happens when a server or a quorum changes its state: log lines in keepalived's wording, scripts, fifo lines and mails,
// in keepalived's order (ipwrapper.c: perform_svr_state(), update_quorum_state(), do_rs_notifies(), do_vs_notifies()).
//
// Works on one service's state, and appends what is to be done. Control-owned.
#pragma once

#include "healthcheck/monitor.h"
#include "healthcheck/service_state.h"

namespace penstock::healthcheck {

class Transitions {
 public:
  // All must outlive it.
  Transitions(ServiceState& service, const GlobalPolicy& global, Actions& actions)
      : service_{service}, global_{global}, actions_{actions} {}

  // A result was entered into one of the server's links: what follows for the server and the quorum. `flipped`: the check's own
  // state became another.
  void update_server(ServerState& server, bool flipped, const CheckSpec& check, const ProbeResult& result, TimePoint now) const;
  // Gains or loses quorum by the weights as they are. `init`: the service is new.
  void update_quorum(bool init) const;

  // Where the table's weight is another one.
  void say_weight(const ServerState& server, std::int64_t before) const;
  // The server has become alive or not.
  void say_alive(const ServerState& server) const;
  // Script and fifo line for a server that is now up or down.
  void tell_state(const ServerState& server, bool up) const;
  // The configuration no longer has the server, or the whole service: what lived is down.
  void remove(const ServerState& server) const;
  void remove_service() const;
  // The daemon stops.
  void stop() const;

 private:
  void say(std::string text) const;
  void run(const Script& script) const;
  void mail_about(const ServerState& server, bool up, std::string body) const;
  void tell_quorum(const std::string& mail) const;
  void gain_quorum(std::int64_t sum) const;
  void lose_quorum(std::int64_t sum, bool init) const;
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string name_of_server(const packet::Endpoint& server) const;

  ServiceState& service_;
  const GlobalPolicy& global_;
  Actions& actions_;
};

}  // namespace penstock::healthcheck
