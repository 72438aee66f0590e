// The frames of a script's small world.
#include <array>

#include "tests/core/director/frame_script.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

namespace tcp_flag = packet::tcp_flag;

constexpr std::array<std::uint8_t, 12> kFlags{tcp_flag::kSyn,
                                              tcp_flag::kSyn,
                                              tcp_flag::kAck,
                                              tcp_flag::kAck,
                                              tcp_flag::kAck,
                                              tcp_flag::kAck | tcp_flag::kPsh,
                                              tcp_flag::kFin | tcp_flag::kAck,
                                              tcp_flag::kRst,
                                              tcp_flag::kSyn | tcp_flag::kAck,
                                              tcp_flag::kSyn | tcp_flag::kRst,
                                              tcp_flag::kFin,
                                              0};

// Of sources: loopback, none, multicast, broadcast's and others.
constexpr std::array<std::uint8_t, 6> kFirstBytes{127, 0, 224, 255, 240, 10};

// Who sends, and what about: the bytes of a step, each kind's own.
struct Choices {
  const Side& side;
  std::uint16_t port;
  bool is_second_client;
  std::uint8_t how;

  [[nodiscard]] const char* client() const {
    if (!is_second_client) return side.client;
    return side.is_v4 ? "10.0.0.2" : "fd77::2";
  }
  [[nodiscard]] PacketBuilder packet() const { return side.from(client()); }
  [[nodiscard]] PacketBuilder between(const char* source, const char* destination) const {
    PacketBuilder builder;
    return side.is_v4 ? builder.ipv4(source, destination) : builder.ipv6(source, destination);
  }
  [[nodiscard]] bool is_tcp() const { return (how & 1) != 0; }
};

// Some with a router alert, or with hop-by-hop options and now and then too many headers more.
PacketBuilder tcp(const Choices& choose) {
  PacketBuilder builder = choose.packet();
  if (choose.how >= 240) choose.side.is_v4 ? builder.ipv4_options(from_hex("94040000")) : builder.hop_by_hop();
  for (int i = 0; i < 8 && choose.how >= 250 && !choose.side.is_v4; ++i) builder.destination_options();
  return builder.tcp(choose.port, kHttp, kFlags.at(choose.how % kFlags.size())).payload(choose.how / 12U);
}

// Some with a source route, or as an atomic fragment.
PacketBuilder udp(const Choices& choose) {
  PacketBuilder builder = choose.packet();
  if (choose.how >= 240) choose.side.is_v4 ? builder.ipv4_options(from_hex("83030400")) : builder.fragment(0, false, 9);
  return builder.udp(choose.port, kDomain).payload(choose.how % 48U);
}

PacketBuilder first_fragment(const Choices& choose) {
  PacketBuilder builder = choose.packet().fragment(0, true, choose.how >> 7);
  if (choose.is_tcp()) {
    builder.tcp(choose.port, kHttp, kFlags.at((choose.how >> 1) % kFlags.size())).payload(44);
  } else {
    builder.udp(choose.port, (choose.how & 0x7e) == 0x7e ? kUnserved : kDomain).payload(56);
  }
  return builder;
}

PacketBuilder later_fragment(const Choices& choose) {
  return choose.packet()
      .fragment((choose.how & 0x7c) == 0x7c ? 65528 : 64, (choose.how & 2) != 0, choose.how >> 7)
      .protocol(choose.is_tcp() ? packet::ip_protocol::kTcp : packet::ip_protocol::kUdp)
      .payload(40);
}

PacketBuilder answer(const Choices& choose) {
  PacketBuilder builder = choose.between(choose.side.vip, choose.client());
  return choose.is_tcp() ? builder.tcp(kHttp, choose.port).payload(40) : builder.udp(kDomain, choose.port).payload(40);
}

PacketBuilder error_about(const Choices& choose, const Bytes& quoted) {
  static constexpr std::array<std::uint8_t, 4> kTypes4{3, 11, 4, 5};
  static constexpr std::array<std::uint8_t, 4> kTypes6{1, 2, 3, 137};
  const std::uint8_t type = (choose.side.is_v4 ? kTypes4 : kTypes6).at((choose.how >> 1) & 3);
  const std::size_t quote = (choose.how & 0xe0) == 0xe0 ? 8U + (choose.how & 0x1f) : SIZE_MAX;
  return choose.side.from(choose.side.router).icmp_error(type, choose.how >> 6, 1400, quoted, quote);
}

// What an error may carry back beside a server's answer.
Bytes another_quote(const Choices& choose) {
  switch (choose.how % 6) {
    case 0: return choose.packet().tcp(choose.port, kHttp).build();  // the client's own
    case 1: return choose.between(choose.side.server, choose.client()).tcp(kHttp, choose.port).build();
    case 2: return choose.between(choose.side.vip, choose.client()).fragment(64, true, 1).protocol(6).payload(32).build();
    case 3: return choose.between(choose.side.vip, choose.client()).fragment(0, true, 1).tcp(kHttp, choose.port).build();
    case 4: return choose.between(choose.side.vip, choose.client()).protocol(132).payload(12).build();
    default: return choose.between(choose.side.vip, choose.client()).tcp(kUnserved, choose.port).build();
  }
}

PacketBuilder unserved(const Choices& choose) {
  switch (choose.how % 5) {
    case 0: return choose.packet().tcp(choose.port, kUnserved, tcp_flag::kSyn);
    case 1: return choose.packet().udp(choose.port, kHttp);
    case 2: return choose.between(choose.client(), choose.side.director).tcp(choose.port, 22, tcp_flag::kSyn);
    case 3: return choose.packet().protocol(packet::ip_protocol::kSctp).payload(32);
    default: return choose.between(choose.client(), choose.side.director).udp(choose.port, kDomain);
  }
}

PacketBuilder neighbour(const Choices& choose) {
  if (choose.side.is_v4) {
    PacketBuilder arp;
    arp.arp(choose.how & 3, kClientMac, choose.client(), {}, choose.side.vip);
    return (choose.how & 4) != 0 ? arp.ethernet(kClientMac, packet::kBroadcastMac).pad_to(60) : arp;
  }
  if ((choose.how & 4) != 0) {
    return choose.between(choose.client(), "ff02::1:ff00:100").neighbour_solicitation(choose.side.vip, kClientMac);
  }
  return choose.between(choose.client(), choose.side.director).icmp(130 + choose.how % 10, 0).payload(16);
}

PacketBuilder for_kernel(const Choices& choose) {
  switch (choose.how % 7) {
    case 0: return choose.packet().icmp_echo_request(choose.port, 1).payload(20);
    case 1: return choose.between(choose.side.server, choose.side.director).tcp(kHttp, choose.port);
    case 2: return choose.between(choose.side.server, choose.side.director).icmp(choose.side.is_v4 ? 0 : 129, 0).payload(8);
    case 3: return PacketBuilder{}.ipv4("10.0.0.1", "224.0.0.81").ethernet(kClientMac, mac("01:00:5e:00:00:51")).udp(1, 8848);
    case 4: return choose.packet().fragment(0, true, 1).icmp_echo_request(1, 1).payload(24);
    case 5: return PacketBuilder{}.ethernet(kClientMac, mac("01:80:c2:00:00:0e")).ether_type(0x88cc).payload(46);
    default: return choose.between(choose.client(), choose.side.director).protocol(89).payload(44);
  }
}

PacketBuilder advert(const Choices& choose) {
  const char* const group = choose.side.is_v4 ? "224.0.0.18" : "ff02::12";
  PacketBuilder builder = choose.between(choose.side.router, (choose.how & 1) != 0 ? group : choose.side.director);
  if (choose.side.is_v4 && (choose.how & 2) != 0) {
    return builder.protocol(packet::ip_protocol::kAuthentication).payload(from_hex("70 04 00 00 00 00 00 00 00 00 00 00"));
  }
  return builder.ttl(255).protocol(packet::ip_protocol::kVrrp).payload(choose.how % 24U);
}

PacketBuilder frame_of(std::uint8_t kind, const Choices& choose) {
  switch (kind % 32) {
    case 0: return for_kernel(choose);
    case 1: return advert(choose);
    case 2: return neighbour(choose);
    case 3: return unserved(choose);
    case 4: return error_about(choose, another_quote(choose));
    case 5:
    case 6:
    case 7: return error_about(choose, answer(choose).build());
    case 8:
    case 9: return first_fragment(choose);
    case 10:
    case 11: return later_fragment(choose);
    case 12:
    case 13:
    case 14:
    case 15:
    case 16: return udp(choose);
    default: return tcp(choose);
  }
}

}  // namespace

// `what`: family, end of the burst, kind.
ScriptStep FrameScript::small_world_frame(std::uint8_t what) {
  const std::uint8_t who = byte();
  const Choices choices{.side = (what & 1) != 0 ? ipv6_side() : ipv4_side(),
                        .port = static_cast<std::uint16_t>(1000 + (who & 0x07)),
                        .is_second_client = (who & 0x08) != 0,
                        .how = byte()};
  const std::uint8_t which = byte();
  ScriptStep step;
  step.ends_burst = (who & 0xc0) == 0;
  PacketBuilder frame = frame_of(what >> 1, choices);
  if (which < 40) twist(frame, step, which);
  step.frame.bytes = frame.build();
  if (which >= 40 && which < 60) twist_bytes(step, which);
  return step;
}

// Ethernet's part of a frame; any frame has that.
void FrameScript::twist(PacketBuilder& frame, ScriptStep& step, std::uint8_t which) {
  switch (which % 8) {
    case 0: frame.ethernet(kClientMac, kVirtualMac); break;
    case 1: frame.ethernet(kClientMac, packet::kBroadcastMac); break;
    case 2: frame.ethernet(kClientMac, {{0x02, 0, 0, 0, 0, 0x99}}); break;
    case 3: frame.ethernet({{0x03, 0, 0, 0, 0, 1}}, kDirectorMac); break;
    case 4:
      frame.ethernet(kClientMac, kInsideMac);
      step.frame.port = 1;
      break;
    case 5: frame.vlan(which < 24 ? 0 : 5); break;
    case 6: frame.pad_to(which < 24 ? 60 : 400); break;
    default: step.frame.contiguous = 20U + which * 2U;
  }
}

// What no builder would make: other addresses and numbers in the right places, bytes changed, an end too early.
void FrameScript::twist_bytes(ScriptStep& step, std::uint8_t which) {
  Bytes& frame = step.frame.bytes;
  const std::uint8_t where = byte();
  const std::uint8_t value = byte();
  const auto set = [&](std::size_t at, std::uint8_t to) {
    if (at < frame.size()) frame[at] = std::byte{to};
  };
  const bool is_v4 = frame.size() > 13 && frame[12] == std::byte{0x08};
  switch (which) {
    case 40: set(is_v4 ? 22 : 21, value % 4); break;                                   // TTL
    case 41: set(is_v4 ? 26 : 22, kFirstBytes.at(value % kFirstBytes.size())); break;  // the source
    case 42: frame.resize(std::min<std::size_t>(where, frame.size())); break;
    case 43:  // grows, by its own account and in fact
      frame.resize(frame.size() + value * 5U);
      if (is_v4 && frame.size() > 34) write_be16(frame, 16, static_cast<std::uint16_t>(frame.size() - 14));
      if (!is_v4 && frame.size() > 54) write_be16(frame, 18, static_cast<std::uint16_t>(frame.size() - 54));
      break;
    case 44: set(is_v4 ? 35 : 55, 20), set(is_v4 ? 34 : 54, 0); break;  // from FTP's data port
    case 45:                                                            // from the VIP
      if (frame.size() > 54) std::copy_n(frame.begin() + (is_v4 ? 30 : 38), is_v4 ? 4 : 16, frame.begin() + (is_v4 ? 26 : 22));
      break;
    case 46: set(is_v4 ? 47 : 67, value); break;  // TCP's flags
    case 47:
    case 48: set(14, value); break;  // version and header length
    default: set(where, value);
  }
  if (which != 49) repair_ipv4_checksum(frame);
}

}  // namespace penstock::test
