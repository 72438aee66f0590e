#include "control/sync/sync_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace penstock::control {
namespace {

constexpr std::size_t kLargestDatagram = 65536;
// A dump comes faster than a busy thread may take it: room for some 10,000 datagrams.
constexpr int kReceiveBuffer = 32 << 20;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const packet::IpAddress& address, std::uint16_t port, unsigned interface) {
  SocketAddress out;
  if (address.is_v4()) {
    auto& in = reinterpret_cast<sockaddr_in&>(out.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(address.v4().value());
    out.length = sizeof in;
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(out.storage);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, &address.v6(), sizeof in.sin6_addr);
    in.sin6_scope_id = interface;
    out.length = sizeof in;
  }
  return out;
}

template <typename Value>
bool set_option(int fd, int level, int option, const Value& value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

bool set_up_sender(int fd, const SyncSocket::Address& address, unsigned interface) {
  const int off = 0;
  const int ttl = address.ttl;
  const int on = 1;
  if (address.group.is_v4()) {
    const ip_mreqn way{.imr_multiaddr = {}, .imr_address = {}, .imr_ifindex = static_cast<int>(interface)};
    return set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, way) && set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, off) &&
           set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl) && set_option(fd, IPPROTO_IP, IP_RECVERR, on);
  }
  const int index = static_cast<int>(interface);
  return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index) && set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, off) &&
         set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl) && set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, on);
}

bool set_up_receiver(int fd, const SyncSocket::Address& address, unsigned interface) {
  const int on = 1;
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, on)) return false;
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, address.interface.data(), static_cast<socklen_t>(address.interface.size())) !=
      0) {
    return false;
  }
  const SocketAddress group = socket_address(address.group, address.port, interface);
  return bind(fd, group.get(), group.length) == 0;
}

}  // namespace

SyncSocket::SyncSocket(std::string name, unsigned interface, MulticastMembership membership, int family)
    : name_{std::move(name)},
      interface_{interface},
      membership_{std::move(membership)},
      send_{socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)},
      receive_{socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)},
      buffer_(kLargestDatagram) {}

std::expected<SyncSocket, std::string> SyncSocket::open(const Address& address) {
  const auto failed = [&](const char* what) {
    return std::unexpected{fmt::format("connection sync on {}: {}: {}", address.interface, what, std::strerror(errno))};
  };
  const unsigned interface = if_nametoindex(address.interface.c_str());
  if (interface == 0) return failed("no such interface");
  auto membership = MulticastMembership::join(static_cast<int>(interface), address.group);
  if (!membership) return std::unexpected{"connection sync: " + membership.error()};
  SyncSocket out{address.interface, interface, std::move(*membership), address.group.is_v4() ? AF_INET : AF_INET6};
  if (!out.send_ || !out.receive_) return failed("no socket");
  if (!set_up_sender(out.send_.get(), address, interface)) return failed("can't send to the group");
  const SocketAddress group = socket_address(address.group, address.port, interface);
  if (connect(out.send_.get(), group.get(), group.length) != 0) return failed("no way to the group");
  if (!set_up_receiver(out.receive_.get(), address, interface)) return failed("can't listen to the group");
  return out;
}

bool SyncSocket::is_stale() const { return if_nametoindex(name_.c_str()) != interface_; }

std::optional<std::span<const std::byte>> SyncSocket::receive() {
  const ssize_t length = recv(receive_.get(), buffer_.data(), buffer_.size(), 0);
  if (length < 0) return std::nullopt;
  return std::span<const std::byte>{buffer_}.first(static_cast<std::size_t>(length));
}

SyncSocket::Sent SyncSocket::send(std::span<const std::byte> datagram) {
  if (::send(send_.get(), datagram.data(), datagram.size(), 0) >= 0) return Sent::kYes;
  return errno == ENOBUFS || errno == EAGAIN ? Sent::kBusy : Sent::kFailed;
}

}  // namespace penstock::control
