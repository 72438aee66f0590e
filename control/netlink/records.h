// What the kernel tells about links, addresses and neighbours, as plain values, and their reading from netlink messages.
//
// Sources: rtnetlink(7), linux/if_link.h, linux/if_addr.h, linux/neighbour.h.
#pragma once

#include <linux/netlink.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control {

struct Link {
  int index = 0;
  std::string name;
  packet::MacAddress mac;       // zero for interfaces without an Ethernet address
  std::uint32_t mtu = 0;        // bytes at layer 3
  bool admin_up = false;        // `ip link set up`
  bool carrier = false;         // the layer below has a partner
  std::uint8_t oper_state = 0;  // IF_OPER_* (RFC 2863): a driver without carrier detection says 0, unknown

  // Can carry packets now.
  [[nodiscard]] bool is_running() const { return admin_up && carrier; }
  friend bool operator==(const Link&, const Link&) = default;
};

struct AddressKey {
  int interface_index = 0;
  packet::IpAddress address;
  std::uint8_t prefix_length = 0;

  friend auto operator<=>(const AddressKey&, const AddressKey&) = default;
};

struct Address {
  AddressKey key;
  std::optional<packet::IpAddress> broadcast;
  std::uint8_t scope = 0;   // RT_SCOPE_*
  std::uint32_t flags = 0;  // IFA_F_*
  std::string label;        // IPv4 only

  friend bool operator==(const Address&, const Address&) = default;
};

struct NeighbourKey {
  int interface_index = 0;
  packet::IpAddress address;

  friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
};

struct Neighbour {
  NeighbourKey key;
  std::uint16_t state = 0;                // NUD_*
  std::optional<packet::MacAddress> mac;  // the kernel tells it while the state is a valid one
  bool managed = false;                   // NTF_EXT_MANAGED: the kernel keeps it resolved

  // NUD_REACHABLE, STALE, DELAY, PROBE, PERMANENT or NOARP, with a MAC: what the kernel itself would send to.
  [[nodiscard]] bool is_usable() const;
  // Entered by the operator (PERMANENT, NOARP): never to be probed.
  [[nodiscard]] bool is_static() const;
  [[nodiscard]] bool has_failed() const;
  // NUD_INCOMPLETE, PROBE: the kernel asks for it and waits for an answer.
  [[nodiscard]] bool is_asked_for() const;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

// Destinations whose route may have changed.
struct RouteScope {
  packet::IpAddress network;
  std::uint8_t prefix_length = 0;

  [[nodiscard]] bool contains(const packet::IpAddress& address) const;
  friend bool operator==(const RouteScope&, const RouteScope&) = default;
};

// Each reads RTM_NEW* and RTM_DEL* alike; nothing for messages about other families (bridge forwarding entries) or without a
// key.
[[nodiscard]] std::optional<Link> read_link(const nlmsghdr& message);
[[nodiscard]] std::optional<Address> read_address(const nlmsghdr& message);
[[nodiscard]] std::optional<Neighbour> read_neighbour(const nlmsghdr& message);
[[nodiscard]] std::optional<RouteScope> read_route_scope(const nlmsghdr& message);

}  // namespace penstock::control

template <>
struct std::hash<penstock::control::NeighbourKey> {
  std::size_t operator()(const penstock::control::NeighbourKey& key) const noexcept {
    return std::hash<penstock::packet::IpAddress>{}(key.address) * 31 + static_cast<std::size_t>(key.interface_index);
  }
};
