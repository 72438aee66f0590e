// Orders to the kernel about one interface: up, MAC, MTU, carrier, IPv6's own addresses; and macvlans upon one.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "control/netlink/requester.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control {

class LinkControl {
 public:
  using Result = std::expected<void, std::string>;

  explicit LinkControl(Requester requester) : requester_{std::move(requester)} {}

  Result set_up(int index, bool up);
  Result set_mac(int index, const packet::MacAddress& mac);
  // Bytes at layer 3.
  Result set_mtu(int index, std::uint32_t mtu);
  // IFLA_CARRIER: a TAP (Linux 5.0) and few other virtual devices let it be set.
  Result set_carrier(int index, bool carrier);
  // Whether IPv6 gives the interface a link-local address of its own when it comes up (EUI-64), or none.
  Result set_ipv6_link_local(int index, bool wanted);
  // An interface `name` upon `parent` that gets the frames to `mac` and sends by the parent; private: it hears nothing from
  // other macvlans there. It is down. It goes with its parent.
  Result add_macvlan(int parent, const std::string& name, const packet::MacAddress& mac);
  // Deletes the interface. One that is gone already is no error.
  Result remove(int index);

 private:
  Result apply(int index, Message& message, const char* what);
  Requester requester_;
};

}  // namespace penstock::control
