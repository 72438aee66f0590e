#include "tests/control/netlink/written_records.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace penstock::control {
namespace {

// What a record's message begins with. A name or a label is no longer than the message that it was read from.
template <typename Header>
Message begun(std::uint16_t type, const Header& header) {
  Message message{type, 0, std::size_t{16} * 1024};
  message.header(header);
  return message;
}

}  // namespace

Message written(const Link& link) {
  ifinfomsg header{};
  header.ifi_index = link.index;
  header.ifi_flags = link.admin_up ? unsigned{IFF_UP} : 0U;
  Message message = begun(RTM_NEWLINK, header);
  message.put_text(IFLA_IFNAME, link.name).put(IFLA_ADDRESS, link.mac).put_u32(IFLA_MTU, link.mtu);
  message.put_u8(IFLA_CARRIER, link.carrier ? 1 : 0).put_u8(IFLA_OPERSTATE, link.oper_state);
  return message;
}

Message written(const Address& address) {
  ifaddrmsg header{};
  header.ifa_family = address_family(address.key.address);
  header.ifa_prefixlen = address.key.prefix_length;
  header.ifa_scope = address.scope;
  header.ifa_index = static_cast<std::uint32_t>(address.key.interface_index);
  Message message = begun(RTM_NEWADDR, header);
  message.put(IFA_LOCAL, address.key.address).put_u32(IFA_FLAGS, address.flags).put_text(IFA_LABEL, address.label);
  if (address.broadcast) message.put(IFA_BROADCAST, *address.broadcast);
  return message;
}

Message written(const Neighbour& neighbour) {
  ndmsg header{};
  header.ndm_family = address_family(neighbour.key.address);
  header.ndm_ifindex = neighbour.key.interface_index;
  header.ndm_state = neighbour.state;
  Message message = begun(RTM_NEWNEIGH, header);
  message.put(NDA_DST, neighbour.key.address).put_u32(NDA_FLAGS_EXT, neighbour.managed ? unsigned{NTF_EXT_MANAGED} : 0U);
  if (neighbour.mac) message.put(NDA_LLADDR, *neighbour.mac);
  return message;
}

}  // namespace penstock::control
