#include "tests/vrrp/raw_advert.h"

#include <utility>

#include "dataplane/packet/ip_protocol.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

Bytes bytes_of_address(const std::string& text) {
  const auto address = packet::IpAddress::parse(text).value();
  return address.is_v4() ? bytes_of(address.v4()) : bytes_of(address.v6());
}

void append_u8(Bytes& bytes, unsigned value) { bytes.push_back(static_cast<std::byte>(value)); }

Bytes pseudo_header(const RawAdvert& advert, std::size_t length) {
  Bytes header = bytes_of_address(advert.source);
  append(header, bytes_of_address(advert.destination));
  const bool is_v6 = header.size() == 32;
  if (is_v6) header.resize(header.size() + 2);  // a length of 32 bits
  const std::size_t at = header.size();
  header.resize(at + 4);
  write_be16(header, at, static_cast<std::uint16_t>(is_v6 ? length : packet::ip_protocol::kVrrp));
  write_be16(header, at + 2, static_cast<std::uint16_t>(is_v6 ? packet::ip_protocol::kVrrp : length));
  return header;
}

PacketBuilder envelope_of(const RawAdvert& advert) {
  PacketBuilder builder;
  if (packet::IpAddress::parse(advert.source).value().is_v4()) {
    builder.ipv4(advert.source, advert.destination);
  } else {
    builder.ipv6(advert.source, advert.destination);
  }
  builder.ttl(advert.ttl).tos(0xc0);
  return builder;
}

}  // namespace

RawAdvert version2() { return {}; }

RawAdvert unicast(std::string source) {
  RawAdvert advert;
  advert.source = std::move(source);
  advert.destination = "10.77.0.1";
  return advert;
}

RawAdvert version3() {
  RawAdvert advert;
  advert.version = 3;
  advert.authentication_type = 0;
  advert.interval = 100;
  advert.counts_pseudo_header = true;
  return advert;
}

RawAdvert version3_ipv6() {
  RawAdvert advert = version3();
  advert.source = "fe80::3";
  advert.destination = "ff02::12";
  advert.addresses = {"fe80::10", "fd77::10"};
  return advert;
}

Bytes message_of(const RawAdvert& advert) {
  Bytes message;
  append_u8(message, (unsigned{advert.version} << 4) | advert.type);
  append_u8(message, advert.virtual_router_id);
  append_u8(message, advert.priority);
  append_u8(message, advert.count.value_or(static_cast<std::uint8_t>(advert.addresses.size())));
  append_u8(message, advert.version == 2 ? advert.authentication_type : advert.interval >> 8U);
  append_u8(message, advert.interval & 0xffU);
  message.resize(8);
  for (const std::string& address : advert.addresses) append(message, bytes_of_address(address));
  if (advert.version == 2) {
    for (std::size_t i = 0; i < 8; ++i)
      append_u8(message, i < advert.password.size() ? static_cast<unsigned char>(advert.password[i]) : 0U);
  }
  message.resize(message.size() - advert.cut);
  message.resize(message.size() + advert.more);
  if (message.size() < 8) return message;

  Bytes counted = advert.counts_pseudo_header ? pseudo_header(advert, message.size()) : Bytes{};
  append(counted, message);
  write_be16(message, 6, reference_checksum(counted) ^ advert.checksum_error);
  return message;
}

Bytes frame_of(const RawAdvert& advert) {
  return envelope_of(advert).protocol(packet::ip_protocol::kVrrp).payload(message_of(advert)).build();
}

Bytes frame_with_ah(const RawAdvert& advert) {
  Bytes payload(24);
  payload[0] = std::byte{packet::ip_protocol::kVrrp};
  payload[1] = std::byte{4};  // RFC 4302 section 2.2: 24 bytes
  append(payload, message_of(advert));
  return envelope_of(advert).protocol(packet::ip_protocol::kAuthentication).payload(payload).build();
}

vrrp::InstanceSpec instance() {
  vrrp::InstanceSpec spec;
  spec.name = "VI_1";
  spec.interface = "eth0";
  spec.virtual_router_id = 51;
  spec.priority = 150;
  spec.auth_pass = "password";
  spec.addresses = {{.address = v4("10.77.0.10"), .prefix_length = 24, .interface = "eth0"}};
  return spec;
}

vrrp::InstanceSpec instance_with_peers() {
  vrrp::InstanceSpec spec = instance();
  spec.unicast_peers = {{.address = v4("10.77.0.3"), .least_ttl = 254, .most_ttl = 254}, {.address = v4("10.77.0.4")}};
  return spec;
}

vrrp::InstanceSpec instance3() {
  vrrp::InstanceSpec spec = instance();
  spec.version = 3;
  spec.auth_pass.clear();
  return spec;
}

vrrp::InstanceSpec instance3_ipv6() {
  vrrp::InstanceSpec spec = instance3();
  spec.family = packet::Family::kIpv6;
  spec.addresses = {{.address = v6("fe80::10"), .prefix_length = 64, .interface = "eth0"},
                    {.address = v6("fd77::10"), .prefix_length = 64, .interface = "eth0"}};
  return spec;
}

}  // namespace penstock::test
