// Frames for tests, layer by layer:
//   PacketBuilder{}.vlan(5).ipv4("10.0.0.1", "10.0.0.2").ttl(7).tcp(1234, 80, tcp_flag::kSyn).payload(100).build()
//
// Lengths, protocol numbers and checksums are computed in build(), unless a call has set them: each field that a parser checks
// can be broken alone. The checksums come from a plain 16-bit loop (reference_checksum), so that the packet layer's are tested
// against it. A call on a layer that the frame doesn't have throws std::logic_error: a test's mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/packet/arp.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/mac_address.h"
#include "dataplane/packet/tcp.h"
#include "dataplane/packet/udp.h"
#include "tests/support/hex.h"

namespace penstock::test {

// The addresses of a frame that doesn't name any.
inline constexpr packet::MacAddress kClientMac{{0x02, 0, 0, 0, 0, 0x0c}};
inline constexpr packet::MacAddress kDirectorMac{{0x02, 0, 0, 0, 0, 0x0d}};

// Throws std::invalid_argument when the text is not such an address.
[[nodiscard]] packet::Ipv4Address v4(std::string_view text);
[[nodiscard]] packet::Ipv6Address v6(std::string_view text);
[[nodiscard]] packet::MacAddress mac(std::string_view text);

class PacketBuilder {
 public:
  // Ethernet. Without a call: from kClientMac to kDirectorMac.
  PacketBuilder& ethernet(const packet::MacAddress& source, const packet::MacAddress& destination);
  PacketBuilder& vlan(std::uint16_t id, std::uint16_t tag_type = packet::ether_type::kVlan);  // once more for each inner tag
  PacketBuilder& ether_type(std::uint16_t type);  // instead of that of the next layer

  // ARP, of an operation and its four addresses.
  PacketBuilder& arp(std::uint16_t operation, const packet::MacAddress& sender_hardware, std::string_view sender_protocol,
                     const packet::MacAddress& target_hardware, std::string_view target_protocol);

  // IP: one of the two, then what both have.
  PacketBuilder& ipv4(std::string_view source, std::string_view destination);
  PacketBuilder& ipv6(std::string_view source, std::string_view destination);
  PacketBuilder& ttl(std::uint8_t value);            // or hop limit; 64 without a call
  PacketBuilder& tos(std::uint8_t value);            // or traffic class
  PacketBuilder& protocol(std::uint8_t value);       // instead of that of the next layer
  PacketBuilder& version(unsigned value);            // instead of 4 or 6
  PacketBuilder& total_length(std::uint16_t value);  // IPv4: total length; IPv6: payload length
  // Makes a fragment of whatever follows. `offset` in bytes, a multiple of 8. IPv6: adds a Fragment header at this place.
  PacketBuilder& fragment(unsigned offset, bool more, std::uint32_t identification);

  // IPv4 only.
  PacketBuilder& identification(std::uint16_t value);
  PacketBuilder& dont_fragment();
  PacketBuilder& ipv4_options(Bytes options);  // a multiple of 4 bytes, at most 40
  PacketBuilder& ihl(unsigned words);          // instead of the true one
  PacketBuilder& bad_ip_checksum();

  // IPv6 only: extension headers in the order of the calls. `size` in bytes, a multiple of 8.
  PacketBuilder& flow_label(std::uint32_t value);
  PacketBuilder& hop_by_hop(std::size_t size = 8);
  PacketBuilder& destination_options(std::size_t size = 8);
  PacketBuilder& routing(std::size_t size = 8);
  PacketBuilder& authentication(std::size_t size = 16);
  // Any header, as it is but for its first byte, which build() sets.
  PacketBuilder& extension(std::uint8_t type, Bytes header);

  // Transport.
  PacketBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port, std::uint8_t flags = packet::tcp_flag::kAck);
  PacketBuilder& tcp_options(Bytes options);   // a multiple of 4 bytes, at most 40
  PacketBuilder& data_offset(unsigned words);  // instead of the true one
  PacketBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port);
  PacketBuilder& udp_length(std::uint16_t value);  // instead of the true one
  PacketBuilder& udp_without_checksum();
  // ICMP behind IPv4, ICMPv6 behind IPv6.
  PacketBuilder& icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0);
  PacketBuilder& icmp_echo_request(std::uint16_t identifier, std::uint16_t sequence);
  // Quotes the IP packet of `frame` (which may have VLAN tags), at most `quote` bytes of it.
  PacketBuilder& icmp_error(std::uint8_t type, std::uint8_t code, std::uint32_t rest, std::span<const std::byte> frame,
                            std::size_t quote = SIZE_MAX);
  PacketBuilder& neighbour_solicitation(std::string_view target, const packet::MacAddress& source);
  PacketBuilder& bad_checksum();  // of TCP, UDP or ICMP

  // Data: a pattern of `size` bytes, or these.
  PacketBuilder& payload(std::size_t size);
  PacketBuilder& payload(Bytes bytes);

  // The frame itself, after all lengths and checksums are computed.
  PacketBuilder& pad_to(std::size_t size);    // zeros behind the IP packet, as Ethernet does
  PacketBuilder& truncate(std::size_t size);  // keeps the first `size` bytes

  [[nodiscard]] Bytes build() const;

 private:
  struct Extension {
    std::uint8_t type;
    Bytes header;
  };
  enum class Layer3 : std::uint8_t { kNone, kArp, kIpv4, kIpv6 };

  void require(bool has_layer, const char* call) const;
  void require_ip(const char* call) const { require(layer3_ == Layer3::kIpv4 || layer3_ == Layer3::kIpv6, call); }
  PacketBuilder& transport(std::uint8_t protocol, Bytes header, std::size_t checksum_at);
  PacketBuilder& options_extension(std::uint8_t type, std::size_t size);
  [[nodiscard]] std::uint16_t ether_type_of_layer3() const;
  [[nodiscard]] Bytes build_layer3() const;
  [[nodiscard]] Bytes build_ipv4(const Bytes& upper) const;
  [[nodiscard]] Bytes build_ipv6(const Bytes& upper) const;
  [[nodiscard]] Bytes build_transport() const;

  packet::EthernetHeader ethernet_{.destination = kDirectorMac, .source = kClientMac, .ether_type = {}};
  struct Tag {
    std::uint16_t type;
    std::uint16_t id;
  };
  std::vector<Tag> tags_;
  std::optional<std::uint16_t> ether_type_;

  Layer3 layer3_ = Layer3::kNone;
  packet::ArpHeader arp_{};
  packet::Ipv4Header ipv4_{};
  Bytes ipv4_options_;
  packet::Ipv6Header ipv6_{};
  std::vector<Extension> extensions_;
  std::optional<std::uint8_t> protocol_;
  std::optional<unsigned> version_;
  std::optional<std::uint16_t> total_length_;
  std::optional<unsigned> ihl_;
  bool bad_ip_checksum_ = false;

  std::optional<std::uint8_t> transport_protocol_;
  Bytes transport_header_;
  std::size_t checksum_at_ = 0;  // in transport_header_
  std::optional<unsigned> data_offset_;
  std::optional<std::uint16_t> udp_length_;
  bool udp_without_checksum_ = false;
  bool bad_checksum_ = false;

  Bytes payload_;
  std::size_t pad_to_ = 0;
  std::optional<std::size_t> truncate_;
};

}  // namespace penstock::test
