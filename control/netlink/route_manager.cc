#include "control/netlink/route_manager.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>
#include <vector>

#include "control/netlink/interface_name.h"
#include "control/netlink/message.h"
#include "control/netlink/records.h"

namespace penstock::control {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool has_host_bits(const packet::IpAddress& address, std::uint8_t prefix_length) {
  const auto bit = [&](unsigned i) -> bool {
    if (address.is_v4()) return ((address.v4().value() >> (31 - i)) & 1U) != 0;
    return ((address.v6().bytes.at(i / 8) >> (7 - i % 8)) & 1U) != 0;
  };
  for (unsigned i = prefix_length; i < address.bits(); ++i) {
    if (bit(i)) return true;
  }
  return false;
}

std::expected<StaticRoute, std::string> parse_destination(std::string_view text) {
  const auto quoted = "\"" + std::string{text} + "\"";
  const std::size_t slash = text.find('/');
  const auto address = packet::IpAddress::parse(text.substr(0, slash));
  if (!address) return std::unexpected{quoted + " is not a network: expected ADDRESS/LENGTH or default"};
  StaticRoute route{*address, static_cast<std::uint8_t>(address->bits()), std::nullopt};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), route.prefix_length);
    if (error != std::errc{} || end != digits.data() + digits.size() || route.prefix_length > address->bits()) {
      return std::unexpected{quoted + " has no valid prefix length: 0 to " + std::to_string(address->bits())};
    }
  }
  if (has_host_bits(*address, route.prefix_length)) return std::unexpected{quoted + " has bits set behind its prefix length"};
  return route;
}

}  // namespace

std::expected<StaticRoute, std::string> parse_static_route(std::string_view text) {
  const auto words = words_of(text);
  const bool has_gateway = words.size() == 3 && words[1] == "via";
  if (words.size() != 1 && !has_gateway)
    return std::unexpected{"\"" + std::string{text} + "\": expected DESTINATION [via GATEWAY]"};
  std::optional<packet::IpAddress> gateway;
  if (has_gateway) {
    gateway = packet::IpAddress::parse(words[2]);
    if (!gateway) return std::unexpected{"\"" + std::string{words[2]} + "\" is not a gateway's address"};
  }
  if (words[0] == "default") {
    if (!gateway) return std::unexpected{std::string{"a default route needs \"via GATEWAY\""}};
    const auto any = gateway->is_v4() ? packet::IpAddress{} : packet::IpAddress{packet::Ipv6Address{}};
    return StaticRoute{any, 0, gateway};
  }
  auto route = parse_destination(words[0]);
  if (!route) return route;
  if (gateway && gateway->family() != route->destination.family()) {
    return std::unexpected{"destination and gateway of \"" + std::string{text} + "\" are of different IP versions"};
  }
  route->gateway = gateway;
  return route;
}

std::expected<RouteManager::Outcome, std::string> RouteManager::add(const StaticRoute& route, int interface_index) {
  Message message{RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK};
  rtmsg header{};
  header.rtm_family = address_family(route.destination);
  header.rtm_dst_len = route.prefix_length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = route.gateway || route.destination.is_v6() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  message.header(header);
  if (route.prefix_length > 0) message.put(RTA_DST, route.destination);
  if (route.gateway) message.put(RTA_GATEWAY, *route.gateway);
  message.put_u32(RTA_OIF, static_cast<std::uint32_t>(interface_index));

  const NetlinkResult result = requester_.execute(message);
  if (result) return Outcome::kAdded;
  if (result.error().code == EEXIST) return Outcome::kWasThere;
  std::string what = "cannot add the route to " + route.destination.to_string() + "/" + std::to_string(route.prefix_length);
  if (route.gateway) what += " via " + route.gateway->to_string();
  return std::unexpected{what + " on " + interface_text(interface_index) + ": " + result.error().text};
}

}  // namespace penstock::control
