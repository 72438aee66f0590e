#include "dataplane/packet/icmp_quote.h"

#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/ipv6_extensions.h"
#include "dataplane/packet/overlay.h"

namespace penstock::packet {
namespace {

using Result = std::expected<IcmpQuote, NoIcmpQuote>;

// TCP, UDP and SCTP all begin with these two.
struct Ports {
  Be16 source;
  Be16 destination;
};

bool has_ports(std::uint8_t protocol) {
  return protocol == ip_protocol::kTcp || protocol == ip_protocol::kUdp || protocol == ip_protocol::kSctp;
}

bool names_a_flow(Family family, std::uint8_t type) {
  if (family == Family::kIpv6) return type <= icmpv6_type::kLastError;
  return type == icmp_type::kDestinationUnreachable || type == icmp_type::kSourceQuench || type == icmp_type::kTimeExceeded;
}

Result with_ports(IcmpQuote quote, std::span<const std::byte> upper_layer) {
  if (quote.fragment_offset != 0 || !has_ports(quote.protocol)) return quote;
  if (upper_layer.size() < sizeof(Ports)) return std::unexpected{NoIcmpQuote::kTruncated};
  const auto& ports = overlay<Ports>(upper_layer.data());
  quote.source_port = ports.source;
  quote.destination_port = ports.destination;
  return quote;
}

Result quoted_ipv4(std::span<const std::byte> packet) {
  if (packet.size() < sizeof(Ipv4Header)) return std::unexpected{NoIcmpQuote::kTruncated};
  const auto& ip = overlay<Ipv4Header>(packet.data());
  if (ip.version() != 4 || ip.header_length() < sizeof(Ipv4Header)) return std::unexpected{NoIcmpQuote::kMalformed};
  if (packet.size() < ip.header_length()) return std::unexpected{NoIcmpQuote::kTruncated};
  IcmpQuote quote;
  quote.protocol = ip.protocol;
  quote.source = ip.source;
  quote.destination = ip.destination;
  quote.fragment_offset = static_cast<std::uint16_t>(ip.fragment_offset());
  return with_ports(quote, packet.subspan(ip.header_length()));
}

Result quoted_ipv6(std::span<const std::byte> packet) {
  if (packet.size() < sizeof(Ipv6Header)) return std::unexpected{NoIcmpQuote::kTruncated};
  const auto& ip = overlay<Ipv6Header>(packet.data());
  if (ip.version() != 6) return std::unexpected{NoIcmpQuote::kMalformed};
  const Ipv6Chain chain = walk_ipv6_extensions(packet);
  switch (chain.status) {
    case Ipv6Chain::Status::kTruncated: return std::unexpected{NoIcmpQuote::kTruncated};
    case Ipv6Chain::Status::kTooMany: return std::unexpected{NoIcmpQuote::kMalformed};
    case Ipv6Chain::Status::kComplete: break;
  }
  IcmpQuote quote;
  quote.protocol = chain.protocol;
  quote.source = ip.source;
  quote.destination = ip.destination;
  quote.fragment_offset = chain.fragment_offset;
  return with_ports(quote, packet.subspan(chain.offset));
}

}  // namespace

Result quoted_packet(Family family, std::span<const std::byte> message) {
  if (message.size() < sizeof(IcmpHeader)) return std::unexpected{NoIcmpQuote::kTruncated};
  if (!names_a_flow(family, overlay<IcmpHeader>(message.data()).type)) return std::unexpected{NoIcmpQuote::kNotAnError};
  const std::span<const std::byte> packet = message.subspan(sizeof(IcmpHeader));
  return family == Family::kIpv4 ? quoted_ipv4(packet) : quoted_ipv6(packet);
}

}  // namespace penstock::packet
