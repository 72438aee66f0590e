// The sockets that probes speak through: non-blocking, bound and marked as the check's configuration says.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include "healthcheck/probe_result.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_{fd} {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  [[nodiscard]] int fd() const { return fd_; }
  // Gives the descriptor away.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void close();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A socket of the target's family, not connected: non-blocking, closed on exec, with bindto, bind_port, bind_if and fwmark set.
// `type` is SOCK_STREAM, SOCK_DGRAM, ...; `protocol` 0 is the type's own. The error is own_failure()'s.
[[nodiscard]] std::expected<Socket, ProbeResult> open_probe_socket(const Connection& connection, int type, int protocol = 0);

// Starts to connect to the target. The error is what connect() said at once (not EINPROGRESS).
[[nodiscard]] std::expected<void, ProbeResult> start_connecting(const Socket& socket, const Connection& connection);

// The address and port that a bound or connected socket has; nothing when the kernel doesn't tell (errno).
[[nodiscard]] std::optional<packet::Endpoint> local_end_of(const Socket& socket);
// A socket for one question and its answer: as above, connected to the target, and told of every ICMP error about what it sent.
[[nodiscard]] std::expected<Socket, ProbeResult> open_datagram_socket(const Connection& connection, int type, int protocol = 0);

// What is behind an errno that recv() of such a socket gave: the error; where it gave none (EAGAIN), the next one of the error
// queue; 0: nothing is wrong, and nothing was there to read. Takes what it reports.
[[nodiscard]] int datagram_error(int fd, int error_of_recv);

// What an errno of a connection means: ECONNREFUSED kRefused, EHOSTUNREACH kUnreachable, ECONNRESET kReset, ..., a shortage
// kNotRun, else kLocal.
[[nodiscard]] ProbeResult failure_of(int error);

}  // namespace penstock::healthcheck
