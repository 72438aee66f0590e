#include "control/netlink/records.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>

#include "control/netlink/message.h"

namespace penstock::control {
namespace {

bool is_internet(std::uint8_t family) { return family == AF_INET || family == AF_INET6; }

// There, and of that family: an attribute's length alone says which of the two it is.
bool is_of(const std::optional<packet::IpAddress>& address, std::uint8_t family) {
  return address && address_family(*address) == family;
}

std::array<std::uint8_t, 16> bytes_of(const packet::IpAddress& address) {
  if (address.is_v6()) return address.v6().bytes;
  std::array<std::uint8_t, 16> bytes{};
  const packet::Ipv4Address v4 = address.v4();
  __builtin_memcpy(bytes.data(), &v4, sizeof(v4));
  return bytes;
}

}  // namespace

bool Neighbour::is_usable() const {
  constexpr std::uint16_t kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
  return (state & kUsable) != 0 && mac.has_value();
}
bool Neighbour::is_static() const { return (state & (NUD_PERMANENT | NUD_NOARP)) != 0; }
bool Neighbour::has_failed() const { return (state & NUD_FAILED) != 0; }
bool Neighbour::is_asked_for() const { return (state & (NUD_INCOMPLETE | NUD_PROBE)) != 0; }

bool RouteScope::contains(const packet::IpAddress& address) const {
  if (address.family() != network.family()) return false;
  const auto ours = bytes_of(network);
  const auto theirs = bytes_of(address);
  const std::size_t whole = prefix_length / 8U;
  for (std::size_t i = 0; i < whole; ++i) {
    if (ours[i] != theirs[i]) return false;
  }
  const unsigned rest = prefix_length % 8U;
  return rest == 0 || (ours[whole] >> (8 - rest)) == (theirs[whole] >> (8 - rest));
}

std::optional<Link> read_link(const nlmsghdr& message) {
  const auto header = fixed_header<ifinfomsg>(message);
  // A bridge and IPv6 send messages of their own about the same links, which lack most attributes.
  if (!header || header->ifi_family != AF_UNSPEC) return std::nullopt;
  const Attributes attributes{message, sizeof(*header)};
  Link link;
  link.index = header->ifi_index;
  link.name = attributes.text(IFLA_IFNAME);
  link.mac = attributes.mac(IFLA_ADDRESS).value_or(packet::MacAddress{});
  link.mtu = attributes.u32(IFLA_MTU).value_or(0);
  link.admin_up = (header->ifi_flags & IFF_UP) != 0;
  link.carrier = attributes.u8(IFLA_CARRIER).value_or(0) != 0;
  link.oper_state = attributes.u8(IFLA_OPERSTATE).value_or(0);
  return link;
}

std::optional<Address> read_address(const nlmsghdr& message) {
  const auto header = fixed_header<ifaddrmsg>(message);
  if (!header || !is_internet(header->ifa_family)) return std::nullopt;
  const Attributes attributes{message, sizeof(*header)};
  // On a point-to-point link IFA_ADDRESS is the partner; IPv6 sends IFA_LOCAL only then.
  auto own = attributes.address(IFA_LOCAL);
  if (!own) own = attributes.address(IFA_ADDRESS);
  if (!is_of(own, header->ifa_family) || header->ifa_prefixlen > own->bits()) return std::nullopt;
  Address address;
  address.key = {static_cast<int>(header->ifa_index), *own, header->ifa_prefixlen};
  address.broadcast = attributes.address(IFA_BROADCAST);
  if (!is_of(address.broadcast, header->ifa_family)) address.broadcast.reset();
  address.scope = header->ifa_scope;
  address.flags = attributes.u32(IFA_FLAGS).value_or(header->ifa_flags);
  address.label = attributes.text(IFA_LABEL);
  return address;
}

std::optional<Neighbour> read_neighbour(const nlmsghdr& message) {
  const auto header = fixed_header<ndmsg>(message);
  if (!header || !is_internet(header->ndm_family) || (header->ndm_flags & NTF_PROXY) != 0) return std::nullopt;
  const Attributes attributes{message, sizeof(*header)};
  const auto address = attributes.address(NDA_DST);
  if (!is_of(address, header->ndm_family)) return std::nullopt;
  Neighbour neighbour;
  neighbour.key = {header->ndm_ifindex, *address};
  neighbour.state = header->ndm_state;
  neighbour.mac = attributes.mac(NDA_LLADDR);
  neighbour.managed = (attributes.u32(NDA_FLAGS_EXT).value_or(0) & NTF_EXT_MANAGED) != 0;
  return neighbour;
}

std::optional<RouteScope> read_route_scope(const nlmsghdr& message) {
  const auto header = fixed_header<rtmsg>(message);
  if (!header || !is_internet(header->rtm_family)) return std::nullopt;
  const auto everything = header->rtm_family == AF_INET ? packet::IpAddress{} : packet::IpAddress{packet::Ipv6Address{}};
  const Attributes attributes{message, sizeof(*header)};
  const auto network = attributes.address(RTA_DST);
  if (!network) return RouteScope{everything, 0};  // the default route
  if (!is_of(network, header->rtm_family) || header->rtm_dst_len > network->bits()) return std::nullopt;
  return RouteScope{*network, header->rtm_dst_len};
}

}  // namespace penstock::control
