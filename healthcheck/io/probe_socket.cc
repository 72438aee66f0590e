#include "healthcheck/io/probe_socket.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return static_cast<const sockaddr*>(static_cast<const void*>(&storage)); }
  [[nodiscard]] sockaddr* get() { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
};

SocketAddress socket_address(const packet::IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(address.v4().value());
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, address.v6().bytes.data(), sizeof in.sin6_addr);
    std::memcpy(&out.storage, &in, sizeof in);
    out.length = sizeof in;
  }
  return out;
}

ProbeResult local(const std::string& what) { return own_failure(what, errno); }

bool set_option(const Socket& socket, int level, int name, int value) {
  return setsockopt(socket.fd(), level, name, &value, sizeof value) == 0;
}

}  // namespace

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::expected<Socket, ProbeResult> open_probe_socket(const Connection& connection, int type, int protocol) {
  const int family = connection.target.address.is_v4() ? AF_INET : AF_INET6;
  Socket socket{::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)};
  if (!socket) return std::unexpected{local("socket")};
  if (connection.fwmark != 0 && !set_option(socket, SOL_SOCKET, SO_MARK, static_cast<int>(connection.fwmark))) {
    return std::unexpected{local("fwmark")};
  }
  if (!connection.bind_interface.empty() &&
      setsockopt(socket.fd(), SOL_SOCKET, SO_BINDTODEVICE, connection.bind_interface.data(),
                 static_cast<socklen_t>(connection.bind_interface.size())) != 0) {
    return std::unexpected{local("bind_if " + connection.bind_interface)};
  }
  if (!connection.bind_address && connection.bind_port == 0) return socket;
  // A fixed port may still be in TIME_WAIT from the last probe.
  if (!set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1)) return std::unexpected{local("SO_REUSEADDR")};
  const packet::IpAddress any =
      family == AF_INET ? packet::IpAddress{packet::Ipv4Address{}} : packet::IpAddress{packet::Ipv6Address{}};
  const SocketAddress own = socket_address(connection.bind_address.value_or(any), connection.bind_port);
  if (bind(socket.fd(), own.get(), own.length) != 0) return std::unexpected{local("bind")};
  return socket;
}

std::expected<void, ProbeResult> start_connecting(const Socket& socket, const Connection& connection) {
  const packet::Endpoint to = connection.via_vip.value_or(connection.target);
  const SocketAddress peer = socket_address(to.address, to.port);
  if (connect(socket.fd(), peer.get(), peer.length) == 0 || errno == EINPROGRESS) return {};
  return std::unexpected{failure_of(errno)};
}

std::optional<packet::Endpoint> local_end_of(const Socket& socket) {
  SocketAddress own;
  own.length = sizeof own.storage;
  if (getsockname(socket.fd(), own.get(), &own.length) != 0) return std::nullopt;
  if (own.storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &own.storage, sizeof in);
    return packet::Endpoint{packet::Ipv4Address{ntohl(in.sin_addr.s_addr)}, ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &own.storage, sizeof in);
  packet::Ipv6Address address;
  std::memcpy(address.bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
  return packet::Endpoint{address, ntohs(in.sin6_port)};
}

std::expected<Socket, ProbeResult> open_datagram_socket(const Connection& connection, int type, int protocol) {
  auto socket = open_probe_socket(connection, type, protocol);
  if (!socket) return socket;
  const bool is_v4 = connection.target.address.is_v4();
  // Without it "host unreachable" and the like go unheard.
  if (!set_option(*socket, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_RECVERR : IPV6_RECVERR, 1)) {
    return std::unexpected{local("IP_RECVERR")};
  }
  const auto connecting = start_connecting(*socket, connection);
  if (!connecting) return std::unexpected{connecting.error()};
  return socket;
}

int datagram_error(int fd, int error_of_recv) {
  if (error_of_recv != EAGAIN && error_of_recv != EWOULDBLOCK && error_of_recv != EINTR) return error_of_recv;
  alignas(cmsghdr) std::array<std::byte, 512> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0) return 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    const bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                          (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (!is_error || part->cmsg_len < CMSG_LEN(sizeof(sock_extended_err))) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(part), sizeof error);
    return static_cast<int>(error.ee_errno);
  }
  return 0;
}

ProbeResult failure_of(int error) {
  const auto as = [error](ProbeFailure failure) { return ProbeResult{.failure = failure, .detail = std::strerror(error)}; };
  switch (error) {
    case ECONNREFUSED: return as(ProbeFailure::kRefused);
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EHOSTDOWN: return as(ProbeFailure::kUnreachable);
    case ETIMEDOUT: return as(ProbeFailure::kConnectTimeout);
    case ECONNRESET:
    case EPIPE: return as(ProbeFailure::kReset);
    default: return as(is_shortage(error) ? ProbeFailure::kNotRun : ProbeFailure::kLocal);
  }
}

}  // namespace penstock::healthcheck
