// The words that the rows are written in: situations, frames of either family, outcomes.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/rows.h"

namespace penstock::test {

inline constexpr std::uint16_t kHttp = 80;    // TCP, served
inline constexpr std::uint16_t kDomain = 53;  // UDP, served
inline constexpr std::uint16_t kUnserved = 8080;
inline constexpr core::Tick kSecond = core::kTicksPerSecond;

// One address family's half of a row that exists for both.
struct Side {
  std::string name;
  bool is_v4 = true;
  const char* client;
  const char* vip;
  const char* server;    // a real server's own address
  const char* director;  // the director's own
  const char* router;    // somebody between server and client
  std::uint8_t icmp_unreachable;
  std::uint8_t icmp_port_unreachable;  // code
  std::uint8_t icmp_time_exceeded;

  [[nodiscard]] PacketBuilder from(const char* source) const;  // to the VIP
  [[nodiscard]] PacketBuilder packet() const { return from(client); }
  [[nodiscard]] Bytes tcp(std::uint16_t port, std::uint8_t flags) const;  // client's port; to kHttp, with 32 bytes of data
  [[nodiscard]] Bytes syn(std::uint16_t port = 1000) const { return tcp(port, packet::tcp_flag::kSyn); }
  [[nodiscard]] Bytes ack(std::uint16_t port = 1000) const { return tcp(port, packet::tcp_flag::kAck); }
  [[nodiscard]] Bytes fin(std::uint16_t port = 1000) const {
    return tcp(port, packet::tcp_flag::kFin | packet::tcp_flag::kAck);
  }
  [[nodiscard]] Bytes rst(std::uint16_t port = 1000) const { return tcp(port, packet::tcp_flag::kRst); }
  [[nodiscard]] Bytes udp(std::uint16_t port = 1000) const;  // to kDomain, with 32 bytes of data
  // A packet that a server sent to the client, as an ICMP error would quote it.
  [[nodiscard]] Bytes answer(std::uint16_t client_port = 1000) const;
  // `frame`'s ICMP error from the director, sent back by port 0: `type` and `code` of this family, `mtu` or 0.
  [[nodiscard]] Bytes icmp_error_about(const Bytes& frame, std::uint8_t type, std::uint8_t code, std::uint32_t mtu = 0) const;
  [[nodiscard]] Bytes port_unreachable(const Bytes& frame) const {
    return icmp_error_about(frame, icmp_unreachable, icmp_port_unreachable);
  }
};

[[nodiscard]] const Side& ipv4_side();
[[nodiscard]] const Side& ipv6_side();
[[nodiscard]] std::initializer_list<const Side*> both_sides();

// Services TCP :80 (id 1) and UDP :53 (id 2) of the IPv4 VIP and the same of the IPv6 VIP (3, 4), round robin over servers 0, 1
// and 2 of weight 1. New connections go to 2, 1, 0, 2 ...: last added first.
[[nodiscard]] Situation three_servers();
// The same with server 0 alone.
[[nodiscard]] Situation one_server();
[[nodiscard]] Situation with_server(Situation situation, unsigned server, const RowServer& is);
// As after the server's check failed or it left the configuration.
[[nodiscard]] Situation without_server(Situation situation, unsigned server);
[[nodiscard]] Situation without_services(Situation situation);
[[nodiscard]] Situation expiring_nodest(Situation situation);
[[nodiscard]] Situation with_sloppy_tcp(Situation situation);
[[nodiscard]] Situation in_backup(Situation situation);

[[nodiscard]] Event sent(Bytes frame);
[[nodiscard]] Event changed(Situation situation);
[[nodiscard]] Event waited(core::Tick ticks);

// `frame` as direct routing sends it to a server: both MAC addresses, the TTL less by one.
[[nodiscard]] Outcome forwarded(const Bytes& frame, unsigned server, core::PortIndex egress = 0);
[[nodiscard]] Outcome punted_as(const Bytes& frame, core::PuntClass punt);
[[nodiscard]] Outcome to_kernel(const Bytes& frame);  // in class kOther
[[nodiscard]] Outcome dropped_by(packet::DropReason reason);
[[nodiscard]] Outcome answered(packet::DropReason reason, Bytes reply, core::PortIndex port = 0);
[[nodiscard]] Outcome held();

}  // namespace penstock::test
