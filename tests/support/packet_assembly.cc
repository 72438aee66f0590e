// PacketBuilder::build(): from the innermost layer to the frame.
#include <algorithm>

#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {

using packet::Be16;
using packet::Be32;
using packet::overlay;
namespace ip_protocol = packet::ip_protocol;

Bytes PacketBuilder::build_transport() const {
  if (!transport_protocol_) return payload_;
  Bytes upper = transport_header_;
  if (transport_protocol_ == ip_protocol::kTcp) {
    const std::size_t words = data_offset_.value_or(static_cast<unsigned>(transport_header_.size() / 4));
    overlay<packet::TcpHeader>(upper.data()).data_offset_reserved = static_cast<std::uint8_t>(words << 4);
  }
  append(upper, payload_);
  if (transport_protocol_ == ip_protocol::kUdp) {
    write_be16(upper, offsetof(packet::UdpHeader, length), udp_length_.value_or(static_cast<std::uint16_t>(upper.size())));
    if (udp_without_checksum_) return upper;
  }

  Bytes summed;
  if (layer3_ == Layer3::kIpv6) {  // RFC 8200 section 8.1
    append(summed, bytes_of(ipv6_.source));
    append(summed, bytes_of(ipv6_.destination));
    append(summed, bytes_of(Be32{static_cast<std::uint32_t>(upper.size())}));
    append(summed, bytes_of(Be32{*transport_protocol_}));
  } else if (transport_protocol_ != ip_protocol::kIcmp) {  // RFC 9293 section 3.1
    append(summed, bytes_of(ipv4_.source));
    append(summed, bytes_of(ipv4_.destination));
    append(summed, bytes_of(Be16{*transport_protocol_}));
    append(summed, bytes_of(Be16{static_cast<std::uint16_t>(upper.size())}));
  }
  append(summed, upper);
  std::uint16_t checksum = reference_checksum(summed);
  if (checksum == 0 && transport_protocol_ == ip_protocol::kUdp) checksum = 0xffff;  // RFC 768
  if (bad_checksum_) checksum ^= 0x5555;
  write_be16(upper, checksum_at_, checksum);
  return upper;
}

Bytes PacketBuilder::build_ipv4(const Bytes& upper) const {
  packet::Ipv4Header header = ipv4_;
  const std::size_t size = sizeof(header) + ipv4_options_.size();
  header.version_ihl = static_cast<std::uint8_t>(version_.value_or(4) << 4 | ihl_.value_or(static_cast<unsigned>(size / 4)));
  header.total_length.set(total_length_.value_or(static_cast<std::uint16_t>(size + upper.size())));
  header.protocol = protocol_.value_or(transport_protocol_.value_or(0xfd));  // 253: for experiments, RFC 3692
  Bytes ip = bytes_of(header);
  append(ip, ipv4_options_);
  append(ip, upper);
  // Over the bytes that the IHL names, so that a wrong IHL is the packet's only fault.
  set_ipv4_checksum(ip, std::min<std::size_t>(header.header_length(), ip.size()));
  if (bad_ip_checksum_) {
    auto& checksum = overlay<packet::Ipv4Header>(ip.data()).header_checksum;
    checksum.set(checksum.value() ^ 0x5555);
  }
  return ip;
}

Bytes PacketBuilder::build_ipv6(const Bytes& upper) const {
  const std::uint8_t upper_protocol = protocol_.value_or(transport_protocol_.value_or(ip_protocol::kNoNextHeader));
  Bytes extensions;
  for (std::size_t i = 0; i < extensions_.size(); ++i) {
    Bytes header = extensions_[i].header;
    header[0] = static_cast<std::byte>(i + 1 < extensions_.size() ? extensions_[i + 1].type : upper_protocol);
    append(extensions, header);
  }
  packet::Ipv6Header header = ipv6_;
  header.version_class_flow.set((header.version_class_flow.value() & 0x0fff'ffff) | (version_.value_or(6) << 28));
  header.payload_length.set(total_length_.value_or(static_cast<std::uint16_t>(extensions.size() + upper.size())));
  header.next_header = extensions_.empty() ? upper_protocol : extensions_.front().type;
  Bytes ip = bytes_of(header);
  append(ip, extensions);
  append(ip, upper);
  return ip;
}

std::uint16_t PacketBuilder::ether_type_of_layer3() const {
  switch (layer3_) {
    case Layer3::kArp: return packet::ether_type::kArp;
    case Layer3::kIpv4: return packet::ether_type::kIpv4;
    case Layer3::kIpv6: return packet::ether_type::kIpv6;
    case Layer3::kNone: break;
  }
  return 0x88b5;  // IEEE 802: for local experiments
}

Bytes PacketBuilder::build_layer3() const {
  switch (layer3_) {
    case Layer3::kArp: return bytes_of(arp_);
    case Layer3::kIpv4: return build_ipv4(build_transport());
    case Layer3::kIpv6: return build_ipv6(build_transport());
    case Layer3::kNone: break;
  }
  return payload_;
}

Bytes PacketBuilder::build() const {
  Bytes frame = bytes_of(ethernet_);
  std::size_t type_at = offsetof(packet::EthernetHeader, ether_type);
  for (const Tag& tag : tags_) {
    write_be16(frame, type_at, tag.type);
    type_at = frame.size() + offsetof(packet::VlanTag, ether_type);
    append(frame, bytes_of(packet::VlanTag{.tag_control = Be16{tag.id}, .ether_type = {}}));
  }
  write_be16(frame, type_at, ether_type_.value_or(ether_type_of_layer3()));
  append(frame, build_layer3());
  if (frame.size() < pad_to_) frame.resize(pad_to_);
  if (truncate_) frame.resize(std::min(*truncate_, frame.size()));
  return frame;
}

}  // namespace penstock::test
