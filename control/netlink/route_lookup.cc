#include "control/netlink/route_lookup.h"

#include <linux/rtnetlink.h>

#include <utility>

#include "control/netlink/message.h"

namespace penstock::control {
namespace {

Message question(const packet::IpAddress& destination) {
  Message message{RTM_GETROUTE, 0, 128};
  rtmsg header{};
  header.rtm_family = address_family(destination);
  header.rtm_dst_len = static_cast<unsigned char>(destination.bits());
  message.header(header).put(RTA_DST, destination);
  return message;
}

Route read_route(const nlmsghdr& message, const packet::IpAddress& destination) {
  Route route;
  const auto header = fixed_header<rtmsg>(message);
  if (!header) return route;
  const Attributes attributes{message, sizeof(*header)};
  if (header->rtm_type == RTN_LOCAL) route.kind = Route::Kind::kLocal;
  if (header->rtm_type == RTN_UNICAST) route.kind = Route::Kind::kForwarded;
  route.interface_index = static_cast<int>(attributes.u32(RTA_OIF).value_or(0));
  route.next_hop = destination;
  if (const auto gateway = attributes.address(RTA_GATEWAY)) route.next_hop = *gateway;
  if (const auto gateway = attributes.via(RTA_VIA)) route.next_hop = *gateway;  // an IPv4 route by way of an IPv6 router
  if (const auto metrics = attributes.nested(RTA_METRICS)) route.mtu = metrics->u32(RTAX_MTU);
  return route;
}

}  // namespace

std::vector<std::expected<Route, NetlinkError>> RouteLookup::ask(std::span<const packet::IpAddress> destinations) {
  std::vector<Message> questions;
  questions.reserve(destinations.size());
  for (const auto& destination : destinations) questions.push_back(question(destination));
  std::vector<std::expected<Route, NetlinkError>> routes(destinations.size());
  const auto outcomes = requester_.execute(
      questions, [&](std::size_t index, const nlmsghdr& reply) { routes[index] = read_route(reply, destinations[index]); });
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) routes[i] = std::unexpected{outcomes[i].error()};
  }
  return routes;
}

}  // namespace penstock::control
