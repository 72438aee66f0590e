// Makes the host a member of a multicast group on one interface, so that switches which listen to IGMP and MLD let the group's
// packets through to the port. VRRP needs it for 224.0.0.18 and ff02::12 (RFC 5798, 5.1.1.2 and 5.1.2.2): the data plane
// takes the adverts themselves from the wire, but only the kernel answers the switch's queries. Connection sync needs it for
// its socket, too: the kernel delivers to any that is bound to a group which the host is a member of.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "control/loop/descriptor.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

class MulticastMembership {
 public:
  // Member as long as the object lives. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<MulticastMembership, std::string> join(int interface_index,
                                                                            const packet::IpAddress& group);

 private:
  explicit MulticastMembership(Descriptor socket) : socket_{std::move(socket)} {}
  Descriptor socket_;
};

}  // namespace penstock::control
