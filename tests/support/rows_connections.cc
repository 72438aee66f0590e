// Connections: which packets begin one, which follow it, when its client may use its port anew.
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;
namespace tcp_flag = packet::tcp_flag;

// What may begin a connection. In the rows below "server 1" is the next in turn after 2.
void add_beginnings(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, std::uint8_t flags, bool begins) {
    const Bytes in = side.tcp(1000, flags);
    rows.push_back({.name = side.name + ": " + name,
                    .situation = three_servers(),
                    .in = in,
                    .expected = begins ? forwarded(in, 2) : to_kernel(in)});
  };
  add("an ACK without a connection goes to the kernel, which resets it", tcp_flag::kAck, false);
  add("a FIN without a connection goes to the kernel", tcp_flag::kFin | tcp_flag::kAck, false);
  add("a RST without a connection goes to the kernel", tcp_flag::kRst, false);
  add("a segment without flags and connection goes to the kernel", 0, false);
  add("a SYN with RST begins nothing", tcp_flag::kSyn | tcp_flag::kRst, false);
  add("a SYN+ACK begins a connection, as in the kernel", tcp_flag::kSyn | tcp_flag::kAck, true);
  add("a SYN+FIN begins a connection, as in the kernel", tcp_flag::kSyn | tcp_flag::kFin, true);
  add("a SYN with ECN's flags begins a connection", tcp_flag::kSyn | tcp_flag::kEce | tcp_flag::kCwr, true);
}

// IPVS schedules nothing from port 20, where active FTP's data connections come from.
void add_ftp_data(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, Situation situation, std::vector<Event> before, const Bytes& in, Outcome expected) {
    rows.push_back({.name = side.name + ": from port 20 " + name,
                    .situation = std::move(situation),
                    .before = std::move(before),
                    .in = in,
                    .expected = std::move(expected)});
  };
  add("a SYN goes to the kernel", three_servers(), {}, side.syn(20), to_kernel(side.syn(20)));
  add("a UDP datagram goes to the kernel", three_servers(), {}, side.udp(20), to_kernel(side.udp(20)));
  add("an ACK begins nothing with sloppy_tcp either", with_sloppy_tcp(three_servers()), {}, side.ack(20),
      to_kernel(side.ack(20)));
  add("a datagram takes no server's turn", three_servers(), {sent(side.udp(20))}, side.udp(), forwarded(side.udp(), 2));
  add("nothing comes, but from port 21 a SYN begins a connection", three_servers(), {}, side.syn(21),
      forwarded(side.syn(21), 2));
}

// With sloppy_tcp; and for how long the connection lasts, which is its first state's time.
void add_sloppy_beginnings(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, std::vector<Event> before, core::Tick wait, const Bytes& in, Outcome expected) {
    rows.push_back({.name = side.name + ": with sloppy_tcp " + name,
                    .situation = with_sloppy_tcp(three_servers()),
                    .before = std::move(before),
                    .wait = wait,
                    .in = in,
                    .expected = std::move(expected)});
  };
  const Bytes bare = side.tcp(1000, 0);
  const Bytes reset = side.tcp(1000, tcp_flag::kRst | tcp_flag::kAck);
  const Bytes broken = side.tcp(1000, tcp_flag::kSyn | tcp_flag::kRst);
  add("an ACK begins a connection", {}, 0, side.ack(), forwarded(side.ack(), 2));
  add("a FIN begins a connection", {}, 0, side.fin(), forwarded(side.fin(), 2));
  add("a segment without flags begins a connection", {}, 0, bare, forwarded(bare, 2));
  add("a SYN begins a connection", {}, 0, side.syn(), forwarded(side.syn(), 2));
  add("a RST without a connection goes to the kernel", {}, 0, reset, to_kernel(reset));
  add("a SYN with RST begins nothing", {}, 0, broken, to_kernel(broken));
  add("the next ACK follows the first", {sent(side.ack()), sent(side.ack(2000))}, 0, side.ack(), forwarded(side.ack(), 2));
  add("an ACK's connection is established: it lasts for 900 seconds", {sent(side.ack())}, 900 * kSecond - 1, side.ack(),
      forwarded(side.ack(), 2));
  add("an ACK's connection has ended after 900 seconds", {sent(side.ack())}, 900 * kSecond, side.ack(),
      forwarded(side.ack(), 1));
  add("a FIN's connection is in CLOSE: it lasts for 10 seconds", {sent(side.fin())}, 10 * kSecond - 1, side.ack(),
      forwarded(side.ack(), 2));
  add("a FIN's connection has ended after 10 seconds", {sent(side.fin())}, 10 * kSecond, side.ack(), forwarded(side.ack(), 1));
}

void add_following(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, std::vector<Event> before, core::Tick wait, const Bytes& in, Outcome expected) {
    rows.push_back({.name = side.name + ": " + name,
                    .situation = three_servers(),
                    .before = std::move(before),
                    .wait = wait,
                    .in = in,
                    .expected = std::move(expected)});
  };
  const Event syn = sent(side.syn());
  const Event other = sent(side.syn(2000));
  add("an ACK follows its connection's SYN", {syn, other}, 0, side.ack(), forwarded(side.ack(), 2));
  add("a second SYN of the same connection goes to the same server", {syn}, 0, side.syn(), forwarded(side.syn(), 2));
  add("the next connection goes to the next server", {syn}, 0, side.syn(2000), forwarded(side.syn(2000), 1));
  add("the fourth connection goes to the first server again", {syn, other, sent(side.syn(3000))}, 0, side.syn(4000),
      forwarded(side.syn(4000), 2));
  add("another address with the same port has a connection of its own", {syn}, 0,
      side.from(side.router).tcp(1000, kHttp, tcp_flag::kSyn).build(),
      forwarded(side.from(side.router).tcp(1000, kHttp, tcp_flag::kSyn).build(), 1));
  add("TCP and UDP from the same port are two connections", {syn, sent(side.udp(9)), sent(side.udp(1000))}, 0, side.ack(),
      forwarded(side.ack(), 2));
  add("a RST follows its connection", {syn, other}, 0, side.rst(), forwarded(side.rst(), 2));
  add("an ACK after the RST still follows it", {syn, other, sent(side.rst())}, 0, side.ack(), forwarded(side.ack(), 2));
  add("a segment without flags follows its connection", {syn, other}, 0, side.tcp(1000, 0), forwarded(side.tcp(1000, 0), 2));
  add("a UDP datagram follows the first one", {sent(side.udp()), sent(side.udp(2000))}, 0, side.udp(),
      forwarded(side.udp(), 2));

  add("a UDP connection lasts for 300 seconds", {sent(side.udp())}, 300 * kSecond - 1, side.udp(), forwarded(side.udp(), 2));
  add("after 300 seconds a UDP datagram begins anew", {sent(side.udp())}, 300 * kSecond, side.udp(), forwarded(side.udp(), 1));
  add("a UDP connection's time runs anew from each datagram", {sent(side.udp()), waited(200 * kSecond), sent(side.udp())},
      200 * kSecond, side.udp(), forwarded(side.udp(), 2));
  add("a connection in SYN_RECV lasts for 60 seconds", {syn}, 60 * kSecond - 1, side.ack(), forwarded(side.ack(), 2));
  add("after 60 seconds in SYN_RECV an ACK has no connection", {syn}, 60 * kSecond, side.ack(), to_kernel(side.ack()));
  add("an established connection lasts for 900 seconds", {syn, sent(side.ack())}, 900 * kSecond - 1, side.ack(),
      forwarded(side.ack(), 2));
  add("after 900 seconds an established connection is forgotten", {syn, sent(side.ack())}, 900 * kSecond, side.ack(),
      to_kernel(side.ack()));
  add("a connection in FIN_WAIT lasts for 120 seconds", {syn, sent(side.ack()), sent(side.fin())}, 120 * kSecond - 1,
      side.ack(), forwarded(side.ack(), 2));
  add("after 120 seconds in FIN_WAIT it is forgotten", {syn, sent(side.ack()), sent(side.fin())}, 120 * kSecond, side.ack(),
      to_kernel(side.ack()));
  add("after a RST a connection lasts for 10 seconds", {syn, sent(side.ack()), sent(side.rst())}, 10 * kSecond, side.ack(),
      to_kernel(side.ack()));
}

// conn_reuse_mode=1: a SYN on an old connection. "Server 1" means that it was scheduled anew.
void add_reuse(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, std::vector<Event> before, bool anew) {
    before.insert(before.begin(), sent(side.syn()));
    rows.push_back({.name = side.name + ": " + name,
                    .situation = three_servers(),
                    .before = std::move(before),
                    .in = side.syn(),
                    .expected = forwarded(side.syn(), anew ? 1 : 2)});
  };
  add("a SYN on an established connection stays with its server", {sent(side.ack())}, false);
  add("a SYN on a connection in FIN_WAIT stays with its server", {sent(side.ack()), sent(side.fin())}, false);
  // Without an ACK between them, SYN_RECV goes to TIME_WAIT by a FIN.
  add("a SYN on a connection in TIME_WAIT is scheduled anew", {sent(side.fin())}, true);
  add("a SYN on a connection in CLOSE is scheduled anew", {sent(side.ack()), sent(side.rst())}, true);
  add("a SYN on a connection that a RST met in SYN_RECV stays", {sent(side.rst())}, false);
  const Bytes syn_ack = side.tcp(1000, tcp_flag::kSyn | tcp_flag::kAck);
  rows.push_back({.name = side.name + ": a SYN+ACK on a connection in CLOSE is scheduled anew as well",
                  .situation = three_servers(),
                  .before = {sent(side.syn()), sent(side.ack()), sent(side.rst())},
                  .in = syn_ack,
                  .expected = forwarded(syn_ack, 1)});
  const Bytes syn_reset = side.tcp(1000, tcp_flag::kSyn | tcp_flag::kRst);
  rows.push_back({.name = side.name + ": a SYN+RST on a connection in CLOSE ends it and goes to the kernel",
                  .situation = three_servers(),
                  .before = {sent(side.syn()), sent(side.ack()), sent(side.rst())},
                  .in = syn_reset,
                  .expected = to_kernel(syn_reset)});
}

// Senders that nobody has.
void add_martians(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, const char* source, DropReason reason) {
    rows.push_back({.name = side.name + ": " + name,
                    .situation = three_servers(),
                    .in = side.from(source).tcp(1000, kHttp, tcp_flag::kSyn).build(),
                    .expected = dropped_by(reason)});
  };
  add("a packet from the VIP itself is dropped", side.vip, DropReason::kSourceIsVip);
  rows.push_back({.name = side.name + ": a land attack (both addresses and ports alike) is dropped",
                  .situation = three_servers(),
                  .in = side.from(side.vip).tcp(kHttp, kHttp, tcp_flag::kSyn).build(),
                  .expected = dropped_by(DropReason::kSourceIsVip)});
  rows.push_back({.name = side.name + ": an ACK from the VIP itself is dropped, not given to the kernel",
                  .situation = three_servers(),
                  .in = side.from(side.vip).tcp(1000, kHttp).build(),
                  .expected = dropped_by(DropReason::kSourceIsVip)});
  add("a packet from loopback is dropped", side.is_v4 ? "127.0.0.1" : "::1", DropReason::kSourceIsLoopback);
  add("a packet from the unspecified address is dropped", side.is_v4 ? "0.0.0.0" : "::", DropReason::kSourceIsLoopback);
  add("a packet from a multicast address is dropped", side.is_v4 ? "224.0.0.5" : "ff02::5", DropReason::kSourceIsMulticast);
  if (side.is_v4) {
    add("a packet from the rest of loopback's network is dropped", "127.255.255.254", DropReason::kSourceIsLoopback);
    add("a packet from 0.0.0.0/8 is dropped", "0.1.2.3", DropReason::kSourceIsLoopback);
    add("a packet from the broadcast address is dropped", "255.255.255.255", DropReason::kSourceIsMulticast);
    add("a packet from 239.255.255.255 is dropped", "239.255.255.255", DropReason::kSourceIsMulticast);
  }
}

}  // namespace

void add_connection_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    add_beginnings(rows, *side);
    add_ftp_data(rows, *side);
    add_sloppy_beginnings(rows, *side);
    add_following(rows, *side);
    add_reuse(rows, *side);
    add_martians(rows, *side);
  }
}

}  // namespace penstock::test
