#include "tests/support/fragments.h"

#include <algorithm>
#include <utility>

#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {

using packet::overlay;

namespace {

Bytes ipv4_fragment(std::span<const std::byte> packet, std::size_t offset, std::size_t size, bool more,
                    std::uint32_t identification) {
  const std::size_t header_size = overlay<packet::Ipv4Header>(packet.data()).header_length();
  Bytes fragment;
  append(fragment, packet.first(header_size));
  append(fragment, packet.subspan(header_size + offset, size));
  auto& ip = overlay<packet::Ipv4Header>(fragment.data());
  ip.total_length.set(static_cast<std::uint16_t>(fragment.size()));
  ip.identification.set(static_cast<std::uint16_t>(identification));
  ip.flags_fragment_offset.set(static_cast<std::uint16_t>(offset / 8 | (more ? packet::Ipv4Header::kMoreFragments : 0U)));
  set_ipv4_checksum(fragment, header_size);
  return fragment;
}

Bytes ipv6_fragment(std::span<const std::byte> packet, std::size_t offset, std::size_t size, bool more,
                    std::uint32_t identification) {
  packet::Ipv6Header ip = overlay<packet::Ipv6Header>(packet.data());
  packet::Ipv6FragmentHeader header{};
  header.next_header = ip.next_header;
  header.offset_more.set(static_cast<std::uint16_t>(offset | (more ? packet::Ipv6FragmentHeader::kMoreFragments : 0U)));
  header.identification.set(identification);
  ip.next_header = packet::ip_protocol::kFragment;
  ip.payload_length.set(static_cast<std::uint16_t>(sizeof(header) + size));
  Bytes fragment = bytes_of(ip);
  append(fragment, bytes_of(header));
  append(fragment, packet.subspan(sizeof(ip) + offset, size));
  return fragment;
}

}  // namespace

std::vector<Bytes> fragments_of(std::span<const std::byte> frame, std::size_t data, std::uint32_t identification) {
  const std::size_t l3 = layer3_offset(frame);
  const std::span<const std::byte> packet = frame.subspan(l3);
  const bool is_v4 = (std::to_integer<unsigned>(packet[0]) >> 4) == 4;
  const std::size_t header_size =
      is_v4 ? overlay<packet::Ipv4Header>(packet.data()).header_length() : sizeof(packet::Ipv6Header);
  std::vector<Bytes> fragments;
  for (std::size_t offset = 0; offset < packet.size() - header_size; offset += data) {
    const std::size_t left = packet.size() - header_size - offset;
    const std::size_t size = std::min(data, left);
    Bytes fragment{frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(l3)};
    append(fragment, is_v4 ? ipv4_fragment(packet, offset, size, size < left, identification)
                           : ipv6_fragment(packet, offset, size, size < left, identification));
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

}  // namespace penstock::test
