// Messages of each kind as the kernel sends them, alone, one after the other, and through a dump.
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "tests/control/netlink/netlink_play.h"

namespace penstock::test {
namespace {

using namespace penstock::control;

std::string bytes_of(Message message) {
  const nlmsghdr& header = message.raw();
  return {reinterpret_cast<const char*>(&header), header.nlmsg_len};
}

packet::IpAddress address(const char* text) { return *packet::IpAddress::parse(text); }

std::string route(const char* network, std::uint8_t prefix_length) {
  Message message{RTM_NEWROUTE, 0};
  rtmsg header{};
  header.rtm_family = address_family(address(network));
  header.rtm_dst_len = prefix_length;
  header.rtm_table = RT_TABLE_MAIN;
  message.header(header);
  message.put(RTA_DST, address(network)).put_u32(RTA_OIF, 2);
  return bytes_of(std::move(message));
}

std::vector<std::string> messages() {
  const packet::MacAddress mac{{2, 0, 0, 0, 0, 9}};
  Link link;
  link.index = 2;
  link.name = "eth0";
  link.mac = mac;
  link.mtu = 1500;
  link.admin_up = link.carrier = true;
  link.oper_state = 6;
  Address v4;
  v4.key = {2, address("10.0.0.1"), 24};
  v4.broadcast = address("10.0.0.255");
  v4.flags = IFA_F_PERMANENT;
  v4.label = "eth0:1";
  Address v6;
  v6.key = {2, address("fd77::1"), 64};
  Neighbour neighbour;
  neighbour.key = {2, address("10.0.0.9")};
  neighbour.state = NUD_REACHABLE;
  neighbour.mac = mac;
  neighbour.managed = true;
  Neighbour failed;
  failed.key = {2, address("fd77::9")};
  failed.state = NUD_FAILED;
  return {bytes_of(written(link)),         bytes_of(written(v4)),  bytes_of(written(v6)), bytes_of(written(neighbour)),
          bytes_of(written(failed)),       route("192.0.2.0", 25), route("fd88::", 61),   bytes_of(Message{RTM_NEWRULE, 0}),
          bytes_of(Message{NLMSG_DONE, 0})};
}

// An order of netlink_play.h for the message, as its type or as the deletion of the same.
std::string order_of(const std::string& message, bool deletes) {
  nlmsghdr header;
  std::memcpy(&header, message.data(), sizeof(header));
  const auto* const found = std::ranges::find(kPlayedTypes, header.nlmsg_type);
  if (found == std::end(kPlayedTypes)) return {};
  const auto order = static_cast<char>(found - std::begin(kPlayedTypes) + (deletes ? 1 : 0));
  return std::string{order, static_cast<char>(message.size() - NLMSG_HDRLEN)} + message.substr(NLMSG_HDRLEN);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const std::string as_datagram{'\1'};
  const std::string as_orders{'\0'};
  std::vector<std::string> seeds;
  std::string all;
  std::string created;
  std::string deleted;
  for (const std::string& message : messages()) {
    seeds.push_back(as_datagram + message);
    all += message + std::string(NLMSG_ALIGN(message.size()) - message.size(), '\0');
    created += order_of(message, false);
    deleted += order_of(message, true);
  }
  const std::string begin{static_cast<char>(kBeginDump)};
  const std::string end{static_cast<char>(kEndDump)};
  const std::string first = order_of(messages()[0], false);
  seeds.insert(seeds.end(), {as_datagram + all, as_orders + created + deleted + end, as_orders + created + created,
                             as_orders + created + begin + end, as_orders + created + begin + first + end + created,
                             as_orders + begin + created + end + deleted});
  return seeds;
}

}  // namespace penstock::test
