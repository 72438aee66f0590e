#include "dataplane/core/advert_filter.h"

#include <algorithm>
#include <utility>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ip_protocol.h"

namespace penstock::core {
namespace {

using packet::AdvertHeader;
using packet::overlay;

constexpr std::uint8_t kMulticastTtl = 255;  // RFC 9568 section 7.1
constexpr std::size_t kVirtualRouters = 256;

// The IP header's part of it.
struct Letter {
  std::span<const std::byte> message;  // behind an AH header, if there is one
  packet::Family family{};
  std::uint8_t ttl = 0;
  bool to_group = false;
  bool has_authentication_header = false;
  bool readable = true;
};

// RFC 4302 section 2: its length in units of 4 bytes without the first 8; at least 12 bytes. 0: there is no whole one.
std::size_t authentication_header_size(std::span<const std::byte> bytes) {
  if (bytes.size() < 12) return 0;
  const std::size_t size = (static_cast<std::size_t>(bytes[1]) + 2) * 4;
  return size < 12 || size > bytes.size() ? 0 : size;
}

// Precondition: as AdvertFilter::look().
Letter letter_of(const Frame& frame, const packet::ParsedFrame& parsed) {
  Letter letter;
  letter.family = parsed.family;
  const std::byte* const ip = frame.data + parsed.l3_offset;
  std::size_t header = sizeof(packet::Ipv6Header);
  std::uint8_t protocol = 0;
  if (parsed.is_v4()) {
    const auto& v4 = overlay<packet::Ipv4Header>(ip);
    header = v4.header_length();
    protocol = v4.protocol;
    letter.ttl = v4.time_to_live;
    letter.to_group = packet::is_multicast(v4.destination);
    letter.readable = !v4.is_fragment();
  } else {
    const auto& v6 = overlay<packet::Ipv6Header>(ip);
    protocol = v6.next_header;
    letter.ttl = v6.hop_limit;
    letter.to_group = packet::is_multicast(v6.destination);
  }
  // In one piece: a device's buffer holds more than the longest advert.
  letter.readable = letter.readable && std::size_t{parsed.l3_offset} + parsed.ip_length <= frame.length;
  if (!letter.readable) return letter;
  letter.message = {ip + header, parsed.ip_length - header};
  if (protocol == packet::ip_protocol::kAuthentication) {
    const std::size_t size = authentication_header_size(letter.message);
    letter.has_authentication_header = true;
    letter.readable = size != 0 && letter.message[0] == std::byte{packet::ip_protocol::kVrrp};
    letter.message = letter.message.subspan(size);
  } else if (protocol != packet::ip_protocol::kVrrp) {
    letter.readable = false;
  }
  letter.readable = letter.readable && letter.message.size() > offsetof(AdvertHeader, virtual_router_id);
  return letter;
}

bool is_password_wrong(std::span<const std::byte> message, const ExpectedAdvert& expected) {
  const auto theirs = message.last(packet::kAuthenticationSize);
  std::byte difference{};  // of all bytes, however early they differ
  for (std::size_t i = 0; i < expected.password.size(); ++i) difference |= expected.password[i] ^ theirs[i];
  return difference != std::byte{};
}

AdvertFault fault_of_version2(const Letter& letter, const ExpectedAdvert& expected) {
  if (letter.family == packet::Family::kIpv6) return AdvertFault::kVersion;
  const auto& header = overlay<AdvertHeader>(letter.message.data());
  if (header.authentication_type() != (expected.has_password ? 1 : 0)) return AdvertFault::kAuthenticationType;
  if (expected.has_password && is_password_wrong(letter.message, expected)) return AdvertFault::kPassword;
  return header.seconds() != expected.seconds ? AdvertFault::kInterval : AdvertFault::kNone;
}

// Version 3 over IPv4 has two forms: with the pseudo header (RFC 5798) and without (RFC 9568).
bool is_intact(const Letter& letter, const std::byte* ip, unsigned version) {
  packet::OnesComplementSum message;
  message.add(letter.message);
  if (letter.family == packet::Family::kIpv4 && message.is_intact()) return true;
  if (version == 2) return false;
  const auto length = static_cast<std::uint16_t>(letter.message.size());
  auto sum = letter.family == packet::Family::kIpv4
                 ? packet::pseudo_header(overlay<packet::Ipv4Header>(ip).source, overlay<packet::Ipv4Header>(ip).destination,
                                         packet::ip_protocol::kVrrp, length)
                 : packet::pseudo_header(overlay<packet::Ipv6Header>(ip).source, overlay<packet::Ipv6Header>(ip).destination,
                                         packet::ip_protocol::kVrrp, length);
  sum.add(letter.message);
  return sum.is_intact();
}

AdvertFault fault_of(const Letter& letter, const std::byte* ip, const ExpectedAdvert& expected) {
  if (letter.has_authentication_header) return AdvertFault::kAuthenticationType;
  if (letter.message.size() < sizeof(AdvertHeader)) return AdvertFault::kLength;
  const auto& header = overlay<AdvertHeader>(letter.message.data());
  if (letter.message.size() != packet::message_size(letter.family, header.version(), header.address_count)) {
    return AdvertFault::kLength;
  }
  if (!expected.unicast && letter.ttl != kMulticastTtl) return AdvertFault::kTtl;
  if (header.version() != expected.version) return AdvertFault::kVersion;
  if (expected.version == 2) {
    if (const AdvertFault fault = fault_of_version2(letter, expected); fault != AdvertFault::kNone) return fault;
  }
  if (header.type() != AdvertHeader::kAdvertisement) return AdvertFault::kType;
  if (!is_intact(letter, ip, header.version())) return AdvertFault::kChecksum;
  return letter.to_group == expected.unicast ? AdvertFault::kDelivery : AdvertFault::kNone;
}

std::size_t place_of(PortIndex port, packet::Family family, std::uint8_t virtual_router_id) {
  return (std::size_t{port} * 2 + (family == packet::Family::kIpv6 ? 1 : 0)) * kVirtualRouters + virtual_router_id;
}

}  // namespace

AdvertFilter::AdvertFilter(std::vector<ExpectedAdvert> expected) : expected_{std::move(expected)} {
  for (std::size_t i = 0; i < expected_.size(); ++i) {
    const ExpectedAdvert& each = expected_[i];
    const std::size_t place = place_of(each.port, each.family, each.virtual_router_id);
    if (places_.size() <= place) places_.resize(place + 1);
    if (places_[place] == 0) places_[place] = static_cast<std::uint16_t>(i + 1);
  }
}

const ExpectedAdvert* AdvertFilter::find(PortIndex port, packet::Family family, std::uint8_t virtual_router_id) const {
  const std::size_t place = place_of(port, family, virtual_router_id);
  const std::size_t found = place < places_.size() ? places_[place] : 0;
  return found == 0 ? nullptr : &expected_[found - 1];
}

AdvertFilter::Opinion AdvertFilter::look(const Frame& frame, const packet::ParsedFrame& parsed) const {
  const Letter letter = letter_of(frame, parsed);
  if (!letter.readable) return {AdvertFault::kUnreadable};
  const auto virtual_router_id = static_cast<std::uint8_t>(letter.message[offsetof(AdvertHeader, virtual_router_id)]);
  const ExpectedAdvert* const expected = find(frame.port, parsed.family, virtual_router_id);
  if (expected == nullptr) return {AdvertFault::kUnknownRouter};
  return {fault_of(letter, frame.data + parsed.l3_offset, *expected), expected->router};
}

bool is_authenticated_advert(const Frame& frame, const packet::ParsedFrame& parsed) {
  if (parsed.kind != packet::FrameKind::kOther || parsed.ip_length == 0 || !parsed.is_v4()) return false;
  if (parsed.protocol != packet::ip_protocol::kAuthentication) return false;
  if (parsed.l4_offset >= std::min<std::size_t>(frame.length, parsed.l3_offset + std::size_t{parsed.ip_length})) return false;
  if (overlay<packet::Ipv4Header>(frame.data + parsed.l3_offset).is_fragment()) return false;  // its data may be anything
  return frame.data[parsed.l4_offset] == std::byte{packet::ip_protocol::kVrrp};
}

}  // namespace penstock::core
