#include <algorithm>
#include <array>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ip_protocol.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/parse.h"
#include "vrrp/advert_codec.h"
#include "vrrp/advert_header.h"

namespace penstock::vrrp {
namespace {

namespace ip_protocol = packet::ip_protocol;
using packet::overlay;

constexpr std::uint8_t kInternetworkControl = 0xc0;  // precedence 6: RFC 791 section 3.1; DSCP CS6

// RFC 4302 section 2: next header, length in units of 4 bytes without the first 8, then SPI, sequence number and value.
constexpr std::size_t kLeastAuthentication = 12;
std::size_t authentication_header_size(std::span<const std::byte> header) {
  return (static_cast<std::size_t>(header[1]) + 2) * 4;
}

// Splits an AH header off in front of the message. False when there is no whole one with VRRP behind it.
bool split_authentication(HeardFrame& heard) {
  if (heard.message.size() < kLeastAuthentication) return false;
  if (heard.message[0] != std::byte{ip_protocol::kVrrp}) return false;
  const std::size_t size = authentication_header_size(heard.message);
  if (size < kLeastAuthentication || size > heard.message.size()) return false;
  heard.authentication = heard.message.first(size);
  heard.message = heard.message.subspan(size);
  return true;
}

// The IP header's own word for what follows it; nothing for a fragment.
std::optional<std::uint8_t> protocol_after_header(HeardFrame& heard, std::span<const std::byte> packet, packet::Family family) {
  if (family == packet::Family::kIpv4) {
    const auto& ip = overlay<packet::Ipv4Header>(packet.data());
    if (ip.is_fragment()) return std::nullopt;
    heard.source = ip.source;
    heard.destination = ip.destination;
    heard.ttl = ip.time_to_live;
    heard.message = packet.subspan(ip.header_length());
    return ip.protocol;
  }
  const auto& ip = overlay<packet::Ipv6Header>(packet.data());
  heard.source = ip.source;
  heard.destination = ip.destination;
  heard.ttl = ip.hop_limit;
  heard.message = packet.subspan(sizeof(packet::Ipv6Header));
  return ip.next_header;
}

template <class Header>
Header& append(std::vector<std::byte>& bytes) {
  bytes.resize(bytes.size() + sizeof(Header));
  return overlay<Header>(bytes.data() + bytes.size() - sizeof(Header));
}

void append_bytes(std::vector<std::byte>& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void append_ethernet(std::vector<std::byte>& frame, const Envelope& envelope, packet::Family family) {
  auto& ethernet = append<packet::EthernetHeader>(frame);
  ethernet.destination = envelope.destination_mac;
  ethernet.source = envelope.source_mac;
  ethernet.ether_type.set(family == packet::Family::kIpv4 ? packet::ether_type::kIpv4 : packet::ether_type::kIpv6);
}

void append_ipv4(std::vector<std::byte>& frame, const Envelope& envelope, std::size_t message_length) {
  auto& ip = append<packet::Ipv4Header>(frame);
  ip.version_ihl = 0x45;
  ip.type_of_service = kInternetworkControl;
  ip.total_length.set(static_cast<std::uint16_t>(sizeof(ip) + message_length));
  ip.identification.set(envelope.identification);
  ip.time_to_live = envelope.ttl;
  ip.protocol = ip_protocol::kVrrp;
  ip.source = envelope.source.v4();
  ip.destination = envelope.destination.v4();
  ip.header_checksum = packet::ipv4_header_checksum(std::as_bytes(std::span{&ip, 1}));
}

void append_ipv6(std::vector<std::byte>& frame, const Envelope& envelope, std::size_t message_length) {
  auto& ip = append<packet::Ipv6Header>(frame);
  ip.version_class_flow.set(0x6000'0000U | (std::uint32_t{kInternetworkControl} << 20));
  ip.payload_length.set(static_cast<std::uint16_t>(message_length));
  ip.next_header = ip_protocol::kVrrp;
  ip.hop_limit = envelope.ttl;
  ip.source = envelope.source.v6();
  ip.destination = envelope.destination.v6();
}

std::uint16_t interval_field(const Advert& advert) {
  if (advert.version == 2) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(advert.interval).count();
    return static_cast<std::uint16_t>((advert.authentication_type << 8) | std::clamp<std::int64_t>(seconds, 0, 0xff));
  }
  using Centiseconds = std::chrono::duration<std::int64_t, std::centi>;
  const auto count = std::chrono::duration_cast<Centiseconds>(advert.interval).count();
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(count, 0, AdvertHeader::kCentisecondsMask));
}

// With a checksum of zero.
void append_message(std::vector<std::byte>& frame, const Advert& advert) {
  auto& header = append<AdvertHeader>(frame);
  header.version_type = static_cast<std::uint8_t>((advert.version << 4) | AdvertHeader::kAdvertisement);
  header.virtual_router_id = advert.virtual_router_id;
  header.priority = advert.priority;
  header.address_count = static_cast<std::uint8_t>(advert.addresses.size());
  header.interval.set(interval_field(advert));
  for (const packet::IpAddress& address : advert.addresses) {
    if (advert.family == packet::Family::kIpv4) {
      append<packet::Ipv4Address>(frame) = address.v4();
    } else {
      append<packet::Ipv6Address>(frame) = address.v6();
    }
  }
  if (advert.version == 2) append_bytes(frame, advert.authentication);
}

packet::Be16 checksum_of(std::span<const std::byte> message, const Advert& advert, const Envelope& envelope) {
  packet::OnesComplementSum sum;
  const auto length = static_cast<std::uint16_t>(message.size());
  if (advert.family == packet::Family::kIpv6) {
    sum = packet::pseudo_header(envelope.source.v6(), envelope.destination.v6(), ip_protocol::kVrrp, length);
  } else if (advert.version == 3 && advert.checksum == ChecksumForm::kPseudoHeader) {
    sum = packet::pseudo_header(envelope.source.v4(), envelope.destination.v4(), ip_protocol::kVrrp, length);
  }
  sum.add(message);
  return sum.checksum();
}

}  // namespace

std::optional<HeardFrame> read_frame(std::span<const std::byte> frame) {
  const packet::ParsedFrame parsed = packet::parse_frame(frame.data(), frame.size(), frame.size());
  if (parsed.kind != packet::FrameKind::kVrrp && parsed.kind != packet::FrameKind::kOther) return std::nullopt;
  if (parsed.ip_length == 0) return std::nullopt;  // no IP packet

  HeardFrame heard;
  heard.source_mac = overlay<packet::EthernetHeader>(frame.data()).source;
  const auto packet = frame.subspan(parsed.l3_offset, parsed.ip_length);
  const auto protocol = protocol_after_header(heard, packet, parsed.family);
  if (protocol == ip_protocol::kVrrp) return heard;
  if (protocol == ip_protocol::kAuthentication && split_authentication(heard)) return heard;
  return std::nullopt;
}

packet::MacAddress multicast_mac_of(const packet::IpAddress& group) {
  if (group.is_v4()) {
    const std::uint32_t value = group.v4().value();
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>((value >> 16) & 0x7f), static_cast<std::uint8_t>(value >> 8),
             static_cast<std::uint8_t>(value)}};
  }
  const auto& bytes = group.v6().bytes;
  return {{0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]}};
}

std::vector<std::byte> advert_frame(const Advert& advert, const Envelope& envelope) {
  const bool is_v4 = advert.family == packet::Family::kIpv4;
  const std::size_t length = message_size(advert.family, advert.version, advert.addresses.size());
  std::vector<std::byte> frame;
  frame.reserve(sizeof(packet::EthernetHeader) + sizeof(packet::Ipv6Header) + length);
  append_ethernet(frame, envelope, advert.family);
  if (is_v4) {
    append_ipv4(frame, envelope, length);
  } else {
    append_ipv6(frame, envelope, length);
  }
  const std::size_t message_at = frame.size();
  append_message(frame, advert);
  const auto message = std::span{frame}.subspan(message_at);
  overlay<AdvertHeader>(message.data()).checksum = checksum_of(message, advert, envelope);
  return frame;
}

}  // namespace penstock::vrrp
