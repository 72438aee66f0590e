#include "tests/support/packet_bytes.h"

#include <algorithm>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"

namespace penstock::test {

using packet::overlay;

std::uint16_t reference_checksum(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<std::uint32_t>(bytes[i]);
    sum += i % 2 == 0 ? value << 8 : value;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

void append(Bytes& to, std::span<const std::byte> bytes) {
  const std::size_t at = to.size();
  to.resize(at + bytes.size());
  std::ranges::copy(bytes, to.begin() + static_cast<std::ptrdiff_t>(at));
}

void write_be16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  overlay<packet::Be16>(bytes.data() + at) = packet::Be16{value};
}

std::size_t layer3_offset(std::span<const std::byte> frame) {
  std::size_t offset = sizeof(packet::EthernetHeader);
  std::uint16_t type = overlay<packet::EthernetHeader>(frame.data()).ether_type.value();
  while (type == packet::ether_type::kVlan || type == packet::ether_type::kServiceVlan) {
    type = overlay<packet::VlanTag>(frame.data() + offset).ether_type.value();
    offset += sizeof(packet::VlanTag);
  }
  return offset;
}

void set_ipv4_checksum(Bytes& ip, std::size_t header_size) {
  write_be16(ip, offsetof(packet::Ipv4Header, header_checksum), 0);
  write_be16(ip, offsetof(packet::Ipv4Header, header_checksum), reference_checksum(std::span{ip}.first(header_size)));
}

}  // namespace penstock::test
