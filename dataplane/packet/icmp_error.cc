#include "dataplane/packet/icmp_error.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/ipv6_extensions.h"
#include "dataplane/packet/overlay.h"

namespace penstock::packet {
namespace {

constexpr std::size_t kIpv4ErrorLimit = 576;  // RFC 1812 section 4.3.2.3
constexpr std::size_t kIpv6ErrorLimit = kIpv6MinimumMtu;
constexpr std::size_t kLeastQuotedData = 8;  // RFC 792: "the first 64 bits of the original datagram's data"
constexpr std::uint8_t kHopLimit = 64;       // net.ipv4.ip_default_ttl and net.ipv6.conf.*.hop_limit

struct TypeAndCode {
  std::uint8_t type;
  std::uint8_t code;
};

TypeAndCode icmp_of(IcmpError::Kind kind) {
  switch (kind) {
    case IcmpError::Kind::kTimeExceeded: return {icmp_type::kTimeExceeded, icmp_code::kTtlExceededInTransit};
    case IcmpError::Kind::kPacketTooBig: return {icmp_type::kDestinationUnreachable, icmp_code::kFragmentationNeeded};
    case IcmpError::Kind::kPortUnreachable: break;
  }
  return {icmp_type::kDestinationUnreachable, icmp_code::kPortUnreachable};
}

TypeAndCode icmpv6_of(IcmpError::Kind kind) {
  switch (kind) {
    case IcmpError::Kind::kTimeExceeded: return {icmpv6_type::kTimeExceeded, icmpv6_code::kHopLimitExceeded};
    case IcmpError::Kind::kPacketTooBig: return {icmpv6_type::kPacketTooBig, 0};
    case IcmpError::Kind::kPortUnreachable: break;
  }
  return {icmpv6_type::kDestinationUnreachable, icmpv6_code::kPortUnreachable};
}

// Messages that ask or answer. Every other type, unknown ones too, may be an error and gets no answer, as in the kernel.
bool is_icmp_information(std::uint8_t type) {
  switch (type) {
    case icmp_type::kEchoReply:
    case icmp_type::kEchoRequest:
    case 13:               // timestamp, RFC 792
    case 14:               // timestamp reply
    case 15:               // information request
    case 16:               // information reply
    case 17:               // address mask request, RFC 950
    case 18: return true;  // address mask reply
    default: return false;
  }
}

// RFC 1122 section 3.2.2: a zero, loopback, multicast, broadcast or class E address doesn't name a single host.
bool is_one_host(Ipv4Address address) {
  constexpr std::uint32_t kClassD = 0xe000'0000;  // class E and the broadcast address are above it
  return !is_this_network(address) && !is_loopback(address) && address.value() < kClassD;
}

bool is_one_host(const Ipv6Address& address) {
  return !is_unspecified(address) && !is_loopback(address) && !is_multicast(address);
}

// `packet`: the offending packet without the Ethernet padding, its header checked to be there.
bool may_answer_ipv4(std::span<const std::byte> packet) {
  const auto& ip = overlay<Ipv4Header>(packet.data());
  if (ip.is_later_fragment() || !is_one_host(ip.source)) return false;
  if (is_multicast(ip.destination) || is_limited_broadcast(ip.destination)) return false;
  if (ip.protocol != ip_protocol::kIcmp) return true;
  const std::size_t type_at = ip.header_length();
  return type_at < packet.size() && is_icmp_information(std::to_integer<std::uint8_t>(packet[type_at]));
}

bool may_answer_ipv6(std::span<const std::byte> packet) {
  const auto& ip = overlay<Ipv6Header>(packet.data());
  if (!is_one_host(ip.source) || is_multicast(ip.destination)) return false;
  const Ipv6Chain chain = walk_ipv6_extensions(packet);
  if (chain.status != Ipv6Chain::Status::kComplete) return false;  // could be an ICMPv6 error
  if (chain.protocol != ip_protocol::kIcmpv6 || chain.is_later_fragment()) return true;
  if (chain.offset >= packet.size()) return false;
  const auto type = std::to_integer<std::uint8_t>(packet[chain.offset]);
  return type > icmpv6_type::kLastError && type != icmpv6_type::kRedirect;
}

// Where the pieces lie: the error's own headers take the place of the offending packet, which moves behind them.
struct Layout {
  std::size_t ip_header;  // bytes of our IP header
  std::size_t quote;      // bytes of the offending packet that are quoted
  [[nodiscard]] std::size_t message() const { return sizeof(IcmpHeader) + quote; }
  [[nodiscard]] std::size_t packet() const { return ip_header + message(); }
};

// `there`: bytes of the offending packet in the buffer, of `claimed` that its header claims, of which `header_size` are that
// header. `room`: from our IP header to the buffer's end. A quote of 0: less could be quoted than RFC 792 asks.
Layout lay_out(std::size_t ip_header, std::size_t there, std::size_t claimed, std::size_t header_size, std::size_t room,
               std::size_t limit) {
  const std::size_t overhead = ip_header + sizeof(IcmpHeader);
  const std::size_t most = std::min(room, limit);
  const std::size_t quote = most > overhead ? std::min(there, most - overhead) : 0;
  const std::size_t least = std::min(claimed, header_size + kLeastQuotedData);
  return {ip_header, quote < least ? 0 : quote};
}

void swap_mac_addresses(std::byte* frame) {
  auto& ethernet = overlay<EthernetHeader>(frame);
  std::swap(ethernet.destination, ethernet.source);
}

// `l3`: the room from the offending packet's header to the buffer's end. `available`: bytes of the packet that are there.
// Returns the length of the error's IP packet or 0.
std::size_t build_ipv4(std::span<std::byte> l3, std::size_t available, const IcmpError& error) {
  if (available < sizeof(Ipv4Header)) return 0;
  const Ipv4Header offending = overlay<Ipv4Header>(l3.data());
  const std::size_t claimed = offending.total_length.value();
  const std::size_t packet_size = std::min(available, claimed);
  const std::size_t header_size = offending.header_length();
  if (header_size < sizeof(Ipv4Header) || packet_size < header_size) return 0;
  if (!may_answer_ipv4(l3.first(packet_size))) return 0;

  const Layout layout = lay_out(sizeof(Ipv4Header), packet_size, claimed, header_size, l3.size(), kIpv4ErrorLimit);
  if (layout.quote == 0) return 0;
  std::byte* const icmp_at = l3.data() + layout.ip_header;
  std::memmove(icmp_at + sizeof(IcmpHeader), l3.data(), layout.quote);

  const TypeAndCode what = icmp_of(error.kind);
  auto& icmp = overlay<IcmpHeader>(icmp_at);
  icmp = {.type = what.type, .code = what.code, .checksum = {}, .rest = {}};
  if (error.kind == IcmpError::Kind::kPacketTooBig) icmp.rest.set(std::min(error.mtu, 0xffffU));
  OnesComplementSum sum;
  sum.add({icmp_at, layout.message()});
  icmp.checksum = sum.checksum();

  constexpr std::uint8_t kTosBits = 0x1e;                  // RFC 1349's field: the kernel keeps these
  constexpr std::uint8_t kInternetworkControl = 6U << 5U;  // precedence 6
  auto& ip = overlay<Ipv4Header>(l3.data());
  ip = {.version_ihl = 0x45,
        .type_of_service = static_cast<std::uint8_t>((offending.type_of_service & kTosBits) | kInternetworkControl),
        .total_length = Be16{static_cast<std::uint16_t>(layout.packet())},
        .identification = Be16{error.identification},
        .flags_fragment_offset = {},
        .time_to_live = kHopLimit,
        .protocol = ip_protocol::kIcmp,
        .header_checksum = {},
        .source = offending.destination,
        .destination = offending.source};
  ip.header_checksum = ipv4_header_checksum(l3.first(sizeof(Ipv4Header)));
  return layout.packet();
}

std::size_t build_ipv6(std::span<std::byte> l3, std::size_t available, const IcmpError& error) {
  if (available < sizeof(Ipv6Header)) return 0;
  const Ipv6Header offending = overlay<Ipv6Header>(l3.data());
  const std::size_t claimed = sizeof(Ipv6Header) + offending.payload_length.value();
  const std::size_t packet_size = std::min(available, claimed);
  if (!may_answer_ipv6(l3.first(packet_size))) return 0;

  const Layout layout = lay_out(sizeof(Ipv6Header), packet_size, claimed, sizeof(Ipv6Header), l3.size(), kIpv6ErrorLimit);
  if (layout.quote == 0) return 0;
  std::byte* const icmp_at = l3.data() + layout.ip_header;
  std::memmove(icmp_at + sizeof(IcmpHeader), l3.data(), layout.quote);

  const TypeAndCode what = icmpv6_of(error.kind);
  auto& icmp = overlay<IcmpHeader>(icmp_at);
  icmp = {.type = what.type, .code = what.code, .checksum = {}, .rest = {}};
  if (error.kind == IcmpError::Kind::kPacketTooBig) icmp.rest.set(error.mtu);
  OnesComplementSum sum = pseudo_header(offending.destination, offending.source, ip_protocol::kIcmpv6,
                                        static_cast<std::uint32_t>(layout.message()));
  sum.add({icmp_at, layout.message()});
  icmp.checksum = sum.checksum();

  overlay<Ipv6Header>(l3.data()) = {.version_class_flow = Be32{6U << 28U},
                                    .payload_length = Be16{static_cast<std::uint16_t>(layout.message())},
                                    .next_header = ip_protocol::kIcmpv6,
                                    .hop_limit = kHopLimit,
                                    .source = offending.destination,
                                    .destination = offending.source};
  return layout.packet();
}

}  // namespace

std::size_t build_icmp_error(std::span<std::byte> buffer, std::size_t length, std::size_t l3_offset, const IcmpError& error) {
  if (length > buffer.size() || l3_offset < sizeof(EthernetHeader) || l3_offset >= length) return 0;
  const auto& ethernet = overlay<EthernetHeader>(buffer.data());
  if (ethernet.destination.is_group() || ethernet.source.is_group()) return 0;

  const std::span<std::byte> l3 = buffer.subspan(l3_offset);
  std::size_t packet = 0;
  switch (std::to_integer<unsigned>(l3[0]) >> 4) {
    case 4: packet = build_ipv4(l3, length - l3_offset, error); break;
    case 6: packet = build_ipv6(l3, length - l3_offset, error); break;
    default: break;
  }
  if (packet == 0) return 0;
  swap_mac_addresses(buffer.data());
  return l3_offset + packet;
}

}  // namespace penstock::packet
