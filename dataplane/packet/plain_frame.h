// The frame that nearly all are: untagged, IPv4 without options, whole, TCP or UDP, and intact.
//
// One look at the header bytes says whether it is one, and what forwarding needs of it fits into a few registers. Whatever is
// not plain, for whichever reason, is parse_uncommon()'s to judge (parse.h), which has the same rules and names for what breaks
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ip_protocol.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/tcp.h"
#include "dataplane/packet/udp.h"

namespace penstock::packet {

// What a packet says of its connection. TCP: FIN, SYN, RST, PSH and ACK where tcp_flag has them.
enum class Segment : std::uint8_t {
  kDatagram = 0x20,  // UDP
  kNone = 0xff,      // the frame is not plain
};
inline constexpr std::uint8_t kSegmentFlags = 0x1f;

[[nodiscard]] constexpr Segment segment_of(std::uint8_t protocol, std::uint8_t tcp_flags) {
  return protocol == ip_protocol::kTcp ? Segment{static_cast<std::uint8_t>(tcp_flags & kSegmentFlags)} : Segment::kDatagram;
}
[[nodiscard]] constexpr bool has_flag(Segment segment, std::uint8_t tcp_flag) {
  return (static_cast<std::uint8_t>(segment) & tcp_flag) != 0;
}

// A plain frame's fields, read where they stand. Precondition: plain_segment() has found it to be one.
class PlainFrame {
 public:
  static constexpr std::size_t kL3 = sizeof(EthernetHeader);
  static constexpr std::size_t kL4 = kL3 + sizeof(Ipv4Header);

  // `data`: the Ethernet header.
  explicit PlainFrame(const std::byte* data) : data_{data} {}

  [[nodiscard]] Ipv4Address source() const { return ip().source; }
  [[nodiscard]] Ipv4Address destination() const { return ip().destination; }
  // In host order; where UDP has its ports TCP has them, too.
  [[nodiscard]] std::uint16_t source_port() const { return overlay<UdpHeader>(data_ + kL4).source_port.value(); }
  [[nodiscard]] std::uint16_t destination_port() const { return overlay<UdpHeader>(data_ + kL4).destination_port.value(); }
  // Bytes of the IP packet.
  [[nodiscard]] std::uint16_t ip_length() const { return ip().total_length.value(); }
  // ip_protocol::kTcp or kUdp.
  [[nodiscard]] std::uint8_t protocol() const { return ip().protocol; }
  // tcp_flag; 0 for UDP.
  [[nodiscard]] std::uint8_t tcp_flags() const {
    return protocol() == ip_protocol::kTcp ? overlay<TcpHeader>(data_ + kL4).flags : std::uint8_t{0};
  }

 private:
  [[nodiscard]] const Ipv4Header& ip() const { return overlay<Ipv4Header>(data_ + kL3); }

  const std::byte* data_;
};

// Whether a frame is plain: Segment::kNone where it isn't. `data`: the Ethernet header. `length`: bytes that can be read from
// there. `packet_length`: of the whole frame, >= length.
[[gnu::always_inline]] [[nodiscard]] inline Segment plain_segment(const std::byte* data, std::size_t length,
                                                                  std::size_t packet_length) {
  // Shorter ones than a TCP packet without options are padded by Ethernet (60 bytes), so one check does for both protocols.
  if (length < PlainFrame::kL4 + sizeof(TcpHeader)) [[unlikely]]
    return Segment::kNone;
  // EtherType 0x0800, and version 4 with a header of 20 bytes, as they stand in memory.
  constexpr std::uint32_t kIpv4WithoutOptions = 0x45'0008;
  std::uint32_t type_and_version = 0;
  std::memcpy(&type_and_version, data + offsetof(EthernetHeader, ether_type), sizeof(type_and_version));
  const auto& ip = overlay<Ipv4Header>(data + PlainFrame::kL3);
  const std::size_t ip_length = ip.total_length.value();
  const bool is_plain = (type_and_version & 0xff'ffff) == kIpv4WithoutOptions && !ip.is_fragment() &&
                        ip_length <= packet_length - PlainFrame::kL3 &&
                        (data[offsetof(EthernetHeader, source)] & std::byte{1}) == std::byte{0};
  if (!is_plain || !is_ipv4_base_header_intact(data + PlainFrame::kL3)) [[unlikely]]
    return Segment::kNone;

  const std::byte* const l4 = data + PlainFrame::kL4;
  unsigned claimed = 0;  // of the transport's bytes, by its own header
  Segment segment{};
  if (ip.protocol == ip_protocol::kTcp) {
    claimed = overlay<TcpHeader>(l4).header_length();
    if (claimed < sizeof(TcpHeader)) [[unlikely]]
      return Segment::kNone;
    segment = segment_of(ip_protocol::kTcp, overlay<TcpHeader>(l4).flags);
  } else if (ip.protocol == ip_protocol::kUdp) {
    claimed = overlay<UdpHeader>(l4).length.value();
    if (claimed < sizeof(UdpHeader)) [[unlikely]]
      return Segment::kNone;
    segment = Segment::kDatagram;
  } else {
    return Segment::kNone;
  }
  if (claimed + sizeof(Ipv4Header) > ip_length) [[unlikely]]
    return Segment::kNone;
  return segment;
}

}  // namespace penstock::packet
