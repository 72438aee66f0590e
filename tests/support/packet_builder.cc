#include "tests/support/packet_builder.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

using packet::Be16;
using packet::Be32;
namespace ip_protocol = packet::ip_protocol;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i & 0xff);
  return bytes;
}

}  // namespace

packet::Ipv4Address v4(std::string_view text) {
  const auto address = packet::IpAddress::parse(text);
  if (!address || !address->is_v4()) throw std::invalid_argument("not an IPv4 address: " + std::string{text});
  return address->v4();
}

packet::Ipv6Address v6(std::string_view text) {
  const auto address = packet::IpAddress::parse(text);
  if (!address || !address->is_v6()) throw std::invalid_argument("not an IPv6 address: " + std::string{text});
  return address->v6();
}

packet::MacAddress mac(std::string_view text) {
  const auto address = packet::MacAddress::parse(text);
  if (!address) throw std::invalid_argument("not a MAC address: " + std::string{text});
  return *address;
}

void PacketBuilder::require(bool has_layer, const char* call) const {
  if (!has_layer) throw std::logic_error(std::string{"PacketBuilder::"} + call + ": the frame has no such layer yet");
}

// ---- Ethernet

PacketBuilder& PacketBuilder::ethernet(const packet::MacAddress& source, const packet::MacAddress& destination) {
  ethernet_.source = source;
  ethernet_.destination = destination;
  return *this;
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t id, std::uint16_t tag_type) {
  tags_.push_back({tag_type, id});
  return *this;
}

PacketBuilder& PacketBuilder::ether_type(std::uint16_t type) {
  ether_type_ = type;
  return *this;
}

PacketBuilder& PacketBuilder::arp(std::uint16_t operation, const packet::MacAddress& sender_hardware,
                                  std::string_view sender_protocol, const packet::MacAddress& target_hardware,
                                  std::string_view target_protocol) {
  layer3_ = Layer3::kArp;
  arp_ = {.hardware_type = Be16{packet::kArpHardwareEthernet},
          .protocol_type = Be16{packet::ether_type::kIpv4},
          .hardware_length = 6,
          .protocol_length = 4,
          .operation = Be16{operation},
          .sender_hardware = sender_hardware,
          .sender_protocol = v4(sender_protocol),
          .target_hardware = target_hardware,
          .target_protocol = v4(target_protocol)};
  return *this;
}

// ---- IP

PacketBuilder& PacketBuilder::ipv4(std::string_view source, std::string_view destination) {
  layer3_ = Layer3::kIpv4;
  ipv4_.time_to_live = 64;
  ipv4_.source = v4(source);
  ipv4_.destination = v4(destination);
  return *this;
}

PacketBuilder& PacketBuilder::ipv6(std::string_view source, std::string_view destination) {
  layer3_ = Layer3::kIpv6;
  ipv6_.hop_limit = 64;
  ipv6_.source = v6(source);
  ipv6_.destination = v6(destination);
  return *this;
}

PacketBuilder& PacketBuilder::ttl(std::uint8_t value) {
  require_ip("ttl");
  ipv4_.time_to_live = ipv6_.hop_limit = value;
  return *this;
}

PacketBuilder& PacketBuilder::tos(std::uint8_t value) {
  require_ip("tos");
  ipv4_.type_of_service = value;
  ipv6_.version_class_flow.set((ipv6_.version_class_flow.value() & 0x000f'ffff) | (std::uint32_t{value} << 20));
  return *this;
}

PacketBuilder& PacketBuilder::protocol(std::uint8_t value) {
  require_ip("protocol");
  protocol_ = value;
  return *this;
}

PacketBuilder& PacketBuilder::version(unsigned value) {
  require_ip("version");
  version_ = value;
  return *this;
}

PacketBuilder& PacketBuilder::total_length(std::uint16_t value) {
  require_ip("total_length");
  total_length_ = value;
  return *this;
}

PacketBuilder& PacketBuilder::fragment(unsigned offset, bool more, std::uint32_t identification) {
  require_ip("fragment");
  if (offset % 8 != 0 || offset > 65528) throw std::logic_error("PacketBuilder::fragment: not an offset of a fragment");
  if (layer3_ == Layer3::kIpv6) {
    packet::Ipv6FragmentHeader header{};
    header.offset_more.set(static_cast<std::uint16_t>(offset | (more ? packet::Ipv6FragmentHeader::kMoreFragments : 0U)));
    header.identification.set(identification);
    return extension(ip_protocol::kFragment, bytes_of(header));
  }
  ipv4_.flags_fragment_offset.set(static_cast<std::uint16_t>(offset / 8 | (more ? packet::Ipv4Header::kMoreFragments : 0U)));
  ipv4_.identification.set(static_cast<std::uint16_t>(identification));
  return *this;
}

PacketBuilder& PacketBuilder::identification(std::uint16_t value) {
  require(layer3_ == Layer3::kIpv4, "identification");
  ipv4_.identification.set(value);
  return *this;
}

PacketBuilder& PacketBuilder::dont_fragment() {
  require(layer3_ == Layer3::kIpv4, "dont_fragment");
  ipv4_.flags_fragment_offset.set(ipv4_.flags_fragment_offset.value() | packet::Ipv4Header::kDontFragment);
  return *this;
}

PacketBuilder& PacketBuilder::ipv4_options(Bytes options) {
  require(layer3_ == Layer3::kIpv4, "ipv4_options");
  if (options.size() % 4 != 0 || options.size() > 40) throw std::logic_error("PacketBuilder::ipv4_options: size");
  ipv4_options_ = std::move(options);
  return *this;
}

PacketBuilder& PacketBuilder::ihl(unsigned words) {
  require(layer3_ == Layer3::kIpv4, "ihl");
  ihl_ = words;
  return *this;
}

PacketBuilder& PacketBuilder::bad_ip_checksum() {
  require(layer3_ == Layer3::kIpv4, "bad_ip_checksum");
  bad_ip_checksum_ = true;
  return *this;
}

PacketBuilder& PacketBuilder::flow_label(std::uint32_t value) {
  require(layer3_ == Layer3::kIpv6, "flow_label");
  ipv6_.version_class_flow.set((ipv6_.version_class_flow.value() & 0xfff0'0000) | value);
  return *this;
}

PacketBuilder& PacketBuilder::extension(std::uint8_t type, Bytes header) {
  require(layer3_ == Layer3::kIpv6, "extension");
  if (header.empty()) throw std::logic_error("PacketBuilder::extension: no place for the next header");
  extensions_.push_back({type, std::move(header)});
  return *this;
}

PacketBuilder& PacketBuilder::options_extension(std::uint8_t type, std::size_t size) {
  if (size % 8 != 0 || size < 8 || size > 2048) throw std::logic_error("PacketBuilder: size of an extension header");
  Bytes header(size);  // the zeros are Pad1 options
  header[1] = static_cast<std::byte>(size / 8 - 1);
  return extension(type, std::move(header));
}

PacketBuilder& PacketBuilder::hop_by_hop(std::size_t size) { return options_extension(ip_protocol::kHopByHop, size); }
PacketBuilder& PacketBuilder::routing(std::size_t size) { return options_extension(ip_protocol::kRouting, size); }
PacketBuilder& PacketBuilder::destination_options(std::size_t size) {
  return options_extension(ip_protocol::kDestinationOptions, size);
}

PacketBuilder& PacketBuilder::authentication(std::size_t size) {
  Bytes header(size);
  header[1] = static_cast<std::byte>(size / 4 - 2);  // RFC 4302 section 2.2
  return extension(ip_protocol::kAuthentication, std::move(header));
}

// ---- Transport

PacketBuilder& PacketBuilder::transport(std::uint8_t protocol, Bytes header, std::size_t checksum_at) {
  require_ip("a transport header");
  transport_protocol_ = protocol;
  transport_header_ = std::move(header);
  checksum_at_ = checksum_at;
  return *this;
}

PacketBuilder& PacketBuilder::tcp(std::uint16_t source_port, std::uint16_t destination_port, std::uint8_t flags) {
  packet::TcpHeader header{};
  header.source_port.set(source_port);
  header.destination_port.set(destination_port);
  header.sequence_number.set(0x1000'0001);
  header.acknowledgment_number.set((flags & packet::tcp_flag::kAck) != 0 ? 0x2000'0001 : 0);
  header.flags = flags;
  header.window.set(65535);
  return transport(ip_protocol::kTcp, bytes_of(header), offsetof(packet::TcpHeader, checksum));
}

PacketBuilder& PacketBuilder::tcp_options(Bytes options) {
  require(transport_protocol_ == ip_protocol::kTcp, "tcp_options");
  if (options.size() % 4 != 0 || options.size() > 40) throw std::logic_error("PacketBuilder::tcp_options: size");
  append(transport_header_, options);
  return *this;
}

PacketBuilder& PacketBuilder::data_offset(unsigned words) {
  require(transport_protocol_ == ip_protocol::kTcp, "data_offset");
  data_offset_ = words;
  return *this;
}

PacketBuilder& PacketBuilder::udp(std::uint16_t source_port, std::uint16_t destination_port) {
  packet::UdpHeader header{};
  header.source_port.set(source_port);
  header.destination_port.set(destination_port);
  return transport(ip_protocol::kUdp, bytes_of(header), offsetof(packet::UdpHeader, checksum));
}

PacketBuilder& PacketBuilder::udp_length(std::uint16_t value) {
  require(transport_protocol_ == ip_protocol::kUdp, "udp_length");
  udp_length_ = value;
  return *this;
}

PacketBuilder& PacketBuilder::udp_without_checksum() {
  require(transport_protocol_ == ip_protocol::kUdp, "udp_without_checksum");
  udp_without_checksum_ = true;
  return *this;
}

PacketBuilder& PacketBuilder::icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
  const packet::IcmpHeader header{.type = type, .code = code, .checksum = {}, .rest = Be32{rest}};
  const std::uint8_t protocol = layer3_ == Layer3::kIpv6 ? ip_protocol::kIcmpv6 : ip_protocol::kIcmp;
  return transport(protocol, bytes_of(header), offsetof(packet::IcmpHeader, checksum));
}

PacketBuilder& PacketBuilder::icmp_echo_request(std::uint16_t identifier, std::uint16_t sequence) {
  const std::uint8_t type = layer3_ == Layer3::kIpv6 ? packet::icmpv6_type::kEchoRequest : packet::icmp_type::kEchoRequest;
  return icmp(type, 0, (std::uint32_t{identifier} << 16) | sequence);
}

PacketBuilder& PacketBuilder::icmp_error(std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                                         std::span<const std::byte> frame, std::size_t quote) {
  const std::span<const std::byte> quoted = frame.subspan(layer3_offset(frame));
  icmp(type, code, rest);
  payload_.clear();
  append(payload_, quoted.first(std::min(quote, quoted.size())));
  return *this;
}

PacketBuilder& PacketBuilder::neighbour_solicitation(std::string_view target, const packet::MacAddress& source) {
  require(layer3_ == Layer3::kIpv6, "neighbour_solicitation");
  packet::NeighbourMessage message{};
  message.type = packet::icmpv6_type::kNeighbourSolicitation;
  message.target = v6(target);
  const packet::LinkLayerAddressOption option{.type = packet::LinkLayerAddressOption::kSource, .length = 1, .address = source};
  transport(ip_protocol::kIcmpv6, bytes_of(message), offsetof(packet::NeighbourMessage, checksum));
  payload_ = bytes_of(option);
  return ttl(255);
}

PacketBuilder& PacketBuilder::bad_checksum() {
  require(transport_protocol_.has_value(), "bad_checksum");
  bad_checksum_ = true;
  return *this;
}

// ---- Data and the frame

PacketBuilder& PacketBuilder::payload(std::size_t size) { return payload(pattern(size)); }

PacketBuilder& PacketBuilder::payload(Bytes bytes) {
  payload_ = std::move(bytes);
  return *this;
}

PacketBuilder& PacketBuilder::pad_to(std::size_t size) {
  pad_to_ = size;
  return *this;
}

PacketBuilder& PacketBuilder::truncate(std::size_t size) {
  truncate_ = size;
  return *this;
}

}  // namespace penstock::test
