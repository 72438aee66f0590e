#include "tests/support/rows_words.h"

#include <algorithm>

#include "dataplane/packet/icmp.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {

PacketBuilder Side::from(const char* source) const {
  PacketBuilder builder;
  return is_v4 ? builder.ipv4(source, vip) : builder.ipv6(source, vip);
}

Bytes Side::tcp(std::uint16_t port, std::uint8_t flags) const { return packet().tcp(port, kHttp, flags).payload(32).build(); }

Bytes Side::udp(std::uint16_t port) const { return packet().udp(port, kDomain).payload(32).build(); }

Bytes Side::answer(std::uint16_t client_port) const {
  PacketBuilder builder;
  builder.ethernet(server_mac(0), kClientMac);
  (is_v4 ? builder.ipv4(vip, client) : builder.ipv6(vip, client)).tcp(kHttp, client_port).payload(64);
  return builder.build();
}

Bytes Side::icmp_error_about(const Bytes& frame, std::uint8_t type, std::uint8_t code, std::uint32_t mtu) const {
  constexpr std::size_t kQuote4 = 576 - 28;
  constexpr std::size_t kQuote6 = 1280 - 48;
  PacketBuilder builder;
  builder.ethernet(kDirectorMac, kClientMac);
  if (is_v4) {
    builder.ipv4(vip, client).tos(0xc0);
  } else {
    builder.ipv6(vip, client);
  }
  return builder.icmp_error(type, code, mtu, frame, is_v4 ? kQuote4 : kQuote6).build();
}

const Side& ipv4_side() {
  static const Side kSide{.name = "IPv4",
                          .is_v4 = true,
                          .client = "10.0.0.1",
                          .vip = "192.168.1.200",
                          .server = "192.168.1.11",
                          .director = "192.168.1.9",
                          .router = "172.16.0.1",
                          .icmp_unreachable = packet::icmp_type::kDestinationUnreachable,
                          .icmp_port_unreachable = packet::icmp_code::kPortUnreachable,
                          .icmp_time_exceeded = packet::icmp_type::kTimeExceeded};
  return kSide;
}

const Side& ipv6_side() {
  static const Side kSide{.name = "IPv6",
                          .is_v4 = false,
                          .client = "fd77::1",
                          .vip = "fd77::100",
                          .server = "fd77::11",
                          .director = "fd77::9",
                          .router = "fd99::1",
                          .icmp_unreachable = packet::icmpv6_type::kDestinationUnreachable,
                          .icmp_port_unreachable = packet::icmpv6_code::kPortUnreachable,
                          .icmp_time_exceeded = packet::icmpv6_type::kTimeExceeded};
  return kSide;
}

std::initializer_list<const Side*> both_sides() {
  static const std::initializer_list<const Side*> kSides{&ipv4_side(), &ipv6_side()};
  return kSides;
}

// ---- Situations

Situation three_servers() {
  Situation situation;
  situation.servers.resize(3);
  std::uint16_t id = 0;
  for (const Side* side : both_sides()) {
    situation.services.push_back({side->vip, kHttp, packet::Protocol::kTcp, ++id, {0, 1, 2}});
    situation.services.push_back({side->vip, kDomain, packet::Protocol::kUdp, ++id, {0, 1, 2}});
  }
  return situation;
}

Situation one_server() { return without_server(without_server(three_servers(), 1), 2); }

Situation with_server(Situation situation, unsigned server, const RowServer& is) {
  situation.servers.at(server) = is;
  return situation;
}

Situation without_server(Situation situation, unsigned server) {
  situation.servers.at(server).available = false;
  for (RowService& service : situation.services) std::erase(service.servers, server);
  return situation;
}

Situation without_services(Situation situation) {
  situation.services.clear();
  for (RowServer& server : situation.servers) server.available = false;
  return situation;
}

Situation expiring_nodest(Situation situation) {
  situation.expire_nodest_conn = true;
  return situation;
}

Situation with_sloppy_tcp(Situation situation) {
  situation.sloppy_tcp = true;
  return situation;
}

// ---- Events

Event sent(Bytes frame) { return {.change = {}, .wait = 0, .frame = std::move(frame)}; }
Situation in_backup(Situation situation) {
  situation.is_backup = true;
  return situation;
}

Event changed(Situation situation) { return {.change = std::move(situation), .wait = 0, .frame = {}}; }
Event waited(core::Tick ticks) { return {.change = {}, .wait = ticks, .frame = {}}; }

// ---- Outcomes

Outcome forwarded(const Bytes& frame, unsigned server, core::PortIndex egress) {
  Bytes out = frame;
  auto& ethernet = packet::overlay<packet::EthernetHeader>(out.data());
  ethernet.destination = server_mac(server);
  ethernet.source = port_mac(egress);
  const std::size_t l3 = layer3_offset(out);
  if (std::to_integer<unsigned>(out[l3]) >> 4 == 4) {
    Bytes ip{out.begin() + static_cast<std::ptrdiff_t>(l3), out.end()};
    auto& header = packet::overlay<packet::Ipv4Header>(ip.data());
    --header.time_to_live;
    set_ipv4_checksum(ip, header.header_length());
    std::ranges::copy(ip, out.begin() + static_cast<std::ptrdiff_t>(l3));
  } else {
    --packet::overlay<packet::Ipv6Header>(out.data() + l3).hop_limit;
  }
  return {.action = core::Action::kForward, .port = egress, .out = std::move(out)};
}

Outcome punted_as(const Bytes& frame, core::PuntClass punt) {
  return {.action = core::Action::kPunt, .punt = punt, .out = frame};
}
Outcome to_kernel(const Bytes& frame) { return punted_as(frame, core::PuntClass::kOther); }
Outcome dropped_by(packet::DropReason reason) { return {.action = core::Action::kDrop, .reason = reason, .out = {}}; }
Outcome answered(packet::DropReason reason, Bytes reply, core::PortIndex port) {
  return {.action = core::Action::kReply, .reason = reason, .port = port, .out = std::move(reply)};
}
Outcome held() { return {.action = core::Action::kHold, .out = {}}; }

}  // namespace penstock::test
