#include "healthcheck/io/via_gate.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

ProbeResult local(const std::string& what) { return {.failure = ProbeFailure::kLocal, .detail = what}; }

// The calling thread is in another network namespace for as long as this lives. Sockets stay in the one that they were made in.
class Visit {
 public:
  explicit Visit(int network_namespace)
      : home_{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)},
        arrived_{home_ && setns(network_namespace, CLONE_NEWNET) == 0} {}
  ~Visit() {
    // There is no way to go on in the wrong namespace.
    if (arrived_ && setns(home_.fd(), CLONE_NEWNET) != 0) std::abort();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  [[nodiscard]] bool arrived() const { return arrived_; }

 private:
  Socket home_;
  bool arrived_;
};

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
  if (source == sources_.end()) return std::unexpected{local("check_via: no way to the real server")};
  Connection from = connection;
  from.bind_address = source->second;
  const Visit visit{namespace_};
  if (!visit.arrived()) return std::unexpected{own_failure("check_via", errno)};
  auto socket = open_probe_socket(from, SOCK_STREAM);
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
