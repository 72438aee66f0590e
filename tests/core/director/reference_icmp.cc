#include "tests/core/director/reference_icmp.h"

#include <algorithm>

#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

using View = std::span<const std::byte>;

struct TypeAndCode {
  std::uint8_t type;
  std::uint8_t code;
};

// RFC 792 and RFC 4443.
TypeAndCode icmp_of(bool is_v4, ReferenceError error) {
  switch (error) {
    case ReferenceError::kPortUnreachable: return is_v4 ? TypeAndCode{3, 3} : TypeAndCode{1, 4};
    case ReferenceError::kTimeExceeded: return is_v4 ? TypeAndCode{11, 0} : TypeAndCode{3, 0};
    case ReferenceError::kPacketTooBig: break;
  }
  return is_v4 ? TypeAndCode{3, 4} : TypeAndCode{2, 0};
}

// RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e): whom an error may be sent to.
bool is_one_host(const packet::IpAddress& address) {
  if (address.is_v4()) {
    const std::uint32_t first = address.v4().value() >> 24;
    return first != 0 && first != 127 && first < 224;
  }
  packet::Ipv6Address loopback{};
  loopback.bytes[15] = 1;
  return address.v6() != packet::Ipv6Address{} && address.v6() != loopback && address.v6().bytes[0] != 0xff;
}

bool may_be_answered(const ReferenceFrame& read) {
  if (read.kind == ReferenceFrame::Kind::kIcmp) return false;  // only errors come so far
  if (read.is_v4 && read.kind == ReferenceFrame::Kind::kLaterFragment) return false;
  const bool is_to_group = (read.destination_mac.bytes[0] & 1) != 0;
  return !is_to_group && is_one_host(read.source);
}

Bytes pseudo_header(const packet::IpAddress& from, const packet::IpAddress& to, std::size_t length) {
  Bytes bytes = bytes_of(from.v6());
  append(bytes, bytes_of(to.v6()));
  bytes.resize(40);
  write_be16(bytes, 34, static_cast<std::uint16_t>(length));
  bytes[39] = std::byte{58};
  return bytes;
}

Bytes ipv4_header(const ReferenceFrame& read, std::byte tos, std::size_t data) {
  Bytes ip(20);
  ip[0] = std::byte{0x45};
  ip[1] = (tos & std::byte{0x1e}) | std::byte{0xc0};  // RFC 1812 section 4.3.2.5
  write_be16(ip, 2, static_cast<std::uint16_t>(20 + data));
  ip[8] = std::byte{64};
  ip[9] = std::byte{1};
  std::ranges::copy(bytes_of(read.destination.v4()), ip.begin() + 12);
  std::ranges::copy(bytes_of(read.source.v4()), ip.begin() + 16);
  set_ipv4_checksum(ip, 20);
  return ip;
}

Bytes ipv6_header(const ReferenceFrame& read, std::size_t data) {
  Bytes ip(8);
  ip[0] = std::byte{0x60};
  write_be16(ip, 4, static_cast<std::uint16_t>(data));
  ip[6] = std::byte{58};
  ip[7] = std::byte{64};
  append(ip, bytes_of(read.destination.v6()));
  append(ip, bytes_of(read.source.v6()));
  return ip;
}

}  // namespace

std::optional<Bytes> reference_icmp_error(const Bytes& frame, std::size_t contiguous, const ReferenceFrame& read,
                                          ReferenceError error, std::uint16_t mtu) {
  if (!may_be_answered(read)) return {};
  const std::size_t most = read.is_v4 ? 576 - 28 : 1280 - 48;
  const std::size_t header = read.is_v4 ? (std::to_integer<std::size_t>(frame[read.l3]) & 0xf) * 4 : 40;
  const std::size_t here = std::min({contiguous, frame.size(), read.end}) - read.l3;
  const std::size_t quoted = std::min(here, most);
  if (quoted < std::min(read.ip_length(), header + 8)) return {};  // RFC 792: the header and 8 bytes at least

  const TypeAndCode what = icmp_of(read.is_v4, error);
  Bytes message(8);
  message[0] = std::byte{what.type};
  message[1] = std::byte{what.code};
  if (error == ReferenceError::kPacketTooBig) write_be16(message, 6, mtu);
  append(message, View{frame}.subspan(read.l3, quoted));
  Bytes summed = read.is_v4 ? Bytes{} : pseudo_header(read.destination, read.source, message.size());
  append(summed, message);
  write_be16(message, 2, reference_checksum(summed));

  Bytes reply{frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(read.l3)};
  std::ranges::copy(bytes_of(read.source_mac), reply.begin());
  std::ranges::copy(bytes_of(read.destination_mac), reply.begin() + 6);
  append(reply, read.is_v4 ? ipv4_header(read, frame[read.l3 + 1], message.size()) : ipv6_header(read, message.size()));
  append(reply, message);
  return reply;
}

bool reference_icmp_intact(const ReferenceFrame& read, View message) {
  Bytes summed = read.is_v4 ? Bytes{} : pseudo_header(read.source, read.destination, message.size());
  append(summed, message);
  return reference_checksum(summed) == 0;
}

}  // namespace penstock::test
