// The place that probes of a virtual address are made from: a network namespace where the address isn't local, and the note of
// which connection is meant for which real server.
//
// All probes of one VIP have the same destination; the port that a probe comes from tells whose it is. The health thread notes
// the port before it connects, the control thread looks it up when the packet comes out of the namespace
// (control/tap/check_gate.h). Both threads use it, behind one mutex.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <optional>

#include "control/loop/namespace_thread.h"
#include "dataplane/packet/ip_address.h"
#include "healthcheck/io/probe_socket.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

class ViaGate {
 public:
  // `network_namespace` must outlive the gate.
  explicit ViaGate(control::NamespaceThread& network_namespace) : namespace_{network_namespace} {}

  // The address that probes of this server come from; none: there is no way to it (yet). Control thread.
  void set_source(const packet::IpAddress& server, const std::optional<packet::IpAddress>& source);

  // A TCP socket in the namespace, bound to the server's source address and a port that is now noted for the server. Any
  // thread but the namespace's own.
  [[nodiscard]] std::expected<Socket, ProbeResult> open_socket(const Connection& connection);

  // Whom a packet from this address and port is for; nothing when no probe has noted it. A port stays noted until another probe
  // gets it, so that the last packets of a connection find their way.
  [[nodiscard]] std::optional<packet::IpAddress> server_of(const packet::Endpoint& source) const;

 private:
  control::NamespaceThread& namespace_;
  mutable std::mutex mutex_;
  std::map<packet::IpAddress, packet::IpAddress> sources_;  // by server
  std::map<packet::Endpoint, packet::IpAddress> servers_;   // by the probe's own end: at most 65,535 for each source address
};

}  // namespace penstock::healthcheck
