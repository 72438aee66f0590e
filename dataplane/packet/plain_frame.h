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

struct PlainFrame {
  static constexpr std::size_t kL3 = sizeof(EthernetHeader);
  static constexpr std::size_t kL4 = kL3 + sizeof(Ipv4Header);

  Ipv4Address source;
  Ipv4Address destination;
  std::uint16_t source_port = 0;  // host order
  std::uint16_t destination_port = 0;
  std::uint16_t ip_length = 0;  // bytes of the IP packet
  std::uint8_t protocol = 0;    // ip_protocol::kTcp or kUdp
  std::uint8_t tcp_flags = 0;   // tcp_flag; 0 for UDP
};

// `data`: the Ethernet header. `length`: bytes that can be read from there. `packet_length`: of the whole frame, >= length.
// @return whether it is a plain frame; only then `plain` says what it holds.
[[gnu::always_inline]] [[nodiscard]] inline bool read_plain_frame(const std::byte* data, std::size_t length,
                                                                  std::size_t packet_length, PlainFrame& plain) {
  // Shorter ones than a TCP packet without options are padded by Ethernet (60 bytes), so one check does for both protocols.
  if (length < PlainFrame::kL4 + sizeof(TcpHeader)) [[unlikely]]
    return false;
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
    return false;

  const std::byte* const l4 = data + PlainFrame::kL4;
  std::size_t claimed = 0;  // of the transport's bytes, by its own header
  std::size_t least = sizeof(TcpHeader);
  if (ip.protocol == ip_protocol::kTcp) {
    claimed = overlay<TcpHeader>(l4).header_length();
    plain.tcp_flags = overlay<TcpHeader>(l4).flags;
  } else if (ip.protocol == ip_protocol::kUdp) {
    claimed = overlay<UdpHeader>(l4).length.value();
    least = sizeof(UdpHeader);
    plain.tcp_flags = 0;
  } else {
    return false;
  }
  if (claimed < least || claimed + sizeof(Ipv4Header) > ip_length) [[unlikely]]
    return false;
  plain.source = ip.source;
  plain.destination = ip.destination;
  plain.source_port = overlay<UdpHeader>(l4).source_port.value();  // where TCP has its ports, too
  plain.destination_port = overlay<UdpHeader>(l4).destination_port.value();
  plain.ip_length = static_cast<std::uint16_t>(ip_length);
  plain.protocol = ip.protocol;
  return true;
}

}  // namespace penstock::packet
