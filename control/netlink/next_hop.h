// Where packets to one real server go: out of which interface, to which MAC address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control {

struct NextHop {
  enum class State : std::uint8_t {
    kPending,    // the kernel has not been asked yet
    kNoRoute,    // `error` says why
    kLocal,      // the server is an address of this host: its packets go to the kernel
    kResolving,  // no valid neighbour entry at the moment; `mac` is the last one known, if there ever was one
    kResolved,   // `mac` is valid
    kFailed,     // the next hop doesn't answer; `mac` is the last one known, for connections that exist
  };

  State state = State::kPending;
  int interface_index = 0;     // outgoing; 0 when there is no route
  std::string interface_name;  // empty while the interface isn't known
  packet::IpAddress address;   // whose MAC it is: a router's, or the server's own
  std::optional<packet::MacAddress> mac;
  std::uint32_t mtu = 0;  // bytes at layer 3: the route's own where it has one, at most the interface's; 0: unknown
  std::string error;      // kNoRoute: the kernel's words

  // New connections need a MAC that isn't known to be dead; old ones go on to the last one known.
  [[nodiscard]] bool takes_new_connections() const {
    return mac.has_value() && (state == State::kResolved || state == State::kResolving);
  }
  [[nodiscard]] bool is_local() const { return state == State::kLocal; }
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

}  // namespace penstock::control
