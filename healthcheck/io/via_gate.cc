#include "healthcheck/io/via_gate.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

ProbeResult no_way(const std::string& what) { return {.failure = ProbeFailure::kLocal, .detail = what}; }

}  // namespace

void ViaGate::set_source(const packet::IpAddress& server, const std::optional<packet::IpAddress>& source) {
  const std::lock_guard lock{mutex_};
  if (source) {
    sources_[server] = *source;
  } else {
    sources_.erase(server);
  }
}

std::expected<Socket, ProbeResult> ViaGate::open_socket(const Connection& connection) {
  const std::lock_guard lock{mutex_};
  const auto source = sources_.find(connection.target.address);
  if (source == sources_.end()) return std::unexpected{no_way("check_via: no way to the real server")};
  Connection from = connection;
  from.bind_address = source->second;
  std::expected<Socket, ProbeResult> socket;
  namespace_.run([&] { socket = open_probe_socket(from, SOCK_STREAM); });
  if (!socket) return socket;
  const auto own = local_end_of(*socket);
  if (!own) return std::unexpected{own_failure("check_via", errno)};
  servers_[*own] = connection.target.address;
  return socket;
}

std::optional<packet::IpAddress> ViaGate::server_of(const packet::Endpoint& source) const {
  const std::lock_guard lock{mutex_};
  const auto at = servers_.find(source);
  return at != servers_.end() ? std::optional{at->second} : std::nullopt;
}

}  // namespace penstock::healthcheck
