#include "control/netlink/link_control.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

#include "control/netlink/interface_name.h"
#include "control/netlink/message.h"

namespace penstock::control {
namespace {

Message message_for(int index, unsigned flags = 0, unsigned change = 0) {
  Message message{RTM_NEWLINK, NLM_F_ACK};
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = change;
  message.header(header);
  return message;
}

}  // namespace

LinkControl::Result LinkControl::apply(int index, Message& message, const char* what) {
  const NetlinkResult result = requester_.execute(message);
  if (result) return {};
  return std::unexpected{std::string{"cannot "} + what + " of " + interface_text(index) + ": " + result.error().text};
}

LinkControl::Result LinkControl::set_up(int index, bool up) {
  constexpr unsigned kUp = IFF_UP;
  Message message = message_for(index, up ? kUp : 0U, kUp);
  return apply(index, message, "change the up flag");
}

LinkControl::Result LinkControl::set_mac(int index, const packet::MacAddress& mac) {
  Message message = message_for(index);
  message.put(IFLA_ADDRESS, mac);
  return apply(index, message, "set the MAC address");
}

LinkControl::Result LinkControl::set_mtu(int index, std::uint32_t mtu) {
  Message message = message_for(index);
  message.put_u32(IFLA_MTU, mtu);
  return apply(index, message, "set the MTU");
}

LinkControl::Result LinkControl::set_carrier(int index, bool carrier) {
  Message message = message_for(index);
  message.put_u8(IFLA_CARRIER, carrier ? 1 : 0);
  return apply(index, message, "set the carrier");
}

LinkControl::Result LinkControl::set_ipv6_link_local(int index, bool wanted) {
  Message message = message_for(index);
  message.nest(IFLA_AF_SPEC, [&](Message& families) {
    families.nest(AF_INET6, [&](Message& ipv6) {
      constexpr std::uint8_t kFromMac = IN6_ADDR_GEN_MODE_EUI64;
      constexpr std::uint8_t kNone = IN6_ADDR_GEN_MODE_NONE;
      ipv6.put_u8(IFLA_INET6_ADDR_GEN_MODE, wanted ? kFromMac : kNone);
    });
  });
  return apply(index, message, "set the IPv6 address generation");
}

LinkControl::Result LinkControl::add_macvlan(int parent, const std::string& name, const packet::MacAddress& mac) {
  Message message{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK};
  message.header(ifinfomsg{})
      .put_text(IFLA_IFNAME, name)
      .put(IFLA_ADDRESS, mac)
      .put_u32(IFLA_LINK, static_cast<std::uint32_t>(parent))
      .nest(IFLA_LINKINFO, [](Message& info) {
        info.put_text(IFLA_INFO_KIND, "macvlan");
        info.nest(IFLA_INFO_DATA, [](Message& data) { data.put_u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE); });
      });
  const NetlinkResult result = requester_.execute(message);
  if (result) return {};
  return std::unexpected{"cannot create the interface " + name + " upon " + interface_text(parent) + ": " +
                         result.error().text};
}

LinkControl::Result LinkControl::remove(int index) {
  Message message{RTM_DELLINK, NLM_F_ACK};
  ifinfomsg header{};
  header.ifi_index = index;
  message.header(header);
  const NetlinkResult result = requester_.execute(message);
  if (result || result.error().code == ENODEV) return {};
  return std::unexpected{"cannot delete " + interface_text(index) + ": " + result.error().text};
}

}  // namespace penstock::control
