#include "control/tap/multicast_membership.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "control/netlink/interface_name.h"

namespace penstock::control {
namespace {

int join_v4(int fd, int interface_index, const packet::IpAddress& group) {
  ip_mreqn request{};
  const packet::Ipv4Address address = group.v4();
  std::memcpy(&request.imr_multiaddr, &address, sizeof(address));
  request.imr_ifindex = interface_index;
  return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request));
}

int join_v6(int fd, int interface_index, const packet::IpAddress& group) {
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.v6().bytes.data(), group.v6().bytes.size());
  request.ipv6mr_interface = static_cast<unsigned>(interface_index);
  return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request));
}

}  // namespace

std::expected<MulticastMembership, std::string> MulticastMembership::join(int interface_index, const packet::IpAddress& group) {
  const auto failed = [&] {
    const int error = errno;  // which looking for the interface's name may change
    return std::unexpected{"cannot join " + group.to_string() + " on " + interface_text(interface_index) + ": " +
                           std::strerror(error)};
  };
  // Never bound to a port, so nothing can be delivered to it: it stands for the membership only.
  MulticastMembership membership{Descriptor{socket(group.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)}};
  if (!membership.socket_) return failed();
  const int joined = group.is_v4() ? join_v4(membership.socket_.get(), interface_index, group)
                                   : join_v6(membership.socket_.get(), interface_index, group);
  if (joined != 0) return failed();
  return membership;
}

}  // namespace penstock::control
