// How results of checks decide about real servers and virtual servers: the part of a configuration that the monitor runs by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// Of one real server.
struct ServerPolicy {
  std::vector<CheckSpec> checks{};  // up only if all are; none: always up
  bool inhibit_on_failure = false;  // down: weight 0 instead of removed
  Script notify_up{};
  Script notify_down{};
  bool smtp_alert = false;  // resolved: keepalived's default is on where an smtp_server is configured and the file says so

  friend bool operator==(const ServerPolicy&, const ServerPolicy&) = default;
};

// The server that takes over when quorum is lost.
struct SorryServer {
  packet::Endpoint endpoint{};
  bool inhibit = false;  // sorry_server_inhibit: in the table all the time, with weight 0 while quorum holds

  friend bool operator==(const SorryServer&, const SorryServer&) = default;
};

// Of one virtual server.
struct ServicePolicy {
  std::uint32_t quorum = 1;      // sum of the weights of servers that are up, 1..2^31-1
  std::uint32_t hysteresis = 0;  // up at quorum + hysteresis, down below quorum - hysteresis; below quorum
  bool alpha = false;            // servers start down; the quorum starts lost
  bool omega = false;            // stopping runs notify_down and quorum_down
  std::optional<SorryServer> sorry_server{};
  Script quorum_up{};
  Script quorum_down{};
  bool smtp_alert = false;

  friend bool operator==(const ServicePolicy&, const ServicePolicy&) = default;
};

// global_defs' part.
struct GlobalPolicy {
  Script lvs_notify_fifo_script{};  // started with the fifo's path as its argument
  std::string lvs_notify_fifo{};    // path; empty: none
  bool rs_init_notifies = false;    // notify_up and notify_down also for each server's first verdict
  bool script_security = false;     // enable_script_security
  std::string script_user{};        // empty: keepalived_script where it exists, else root
  std::string script_group{};
  TlsFiles tls{};
  std::string lvs_notify_fifo_user{};   // who owns the fifo; empty: as for scripts
  std::string lvs_notify_fifo_group{};  // empty: the user's own
  bool checker_mails = true;            // a mail also where one check of several changed and the server did not (off:
                                        // no_checker_emails)

  friend bool operator==(const GlobalPolicy&, const GlobalPolicy&) = default;
};

// Where mail goes (smtp_server and its kin). No server: none is sent.
struct MailPolicy {
  std::string server{};  // a host's name or address
  std::uint16_t port = 25;
  Duration connect_timeout{std::chrono::seconds{30}};
  std::string helo_name{};  // empty: the host's name
  std::string from{};       // empty: keepalived@ and the host's name
  std::vector<std::string> to{};
  std::string router_id{};  // in the subject; empty: the host's name

  friend bool operator==(const MailPolicy&, const MailPolicy&) = default;
};

}  // namespace penstock::healthcheck
