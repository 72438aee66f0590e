// A full connection table. These tables have two buckets, so that any key may lie in any slot: 8 for IPv4, 4 for IPv6.
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

Situation tiny(Situation situation) {
  situation.connections4 = 1;
  situation.connections6 = 1;
  return situation;
}

std::uint16_t slots(const Side& side) { return side.is_v4 ? 8 : 4; }

std::vector<Event> full_of(const Side& side, Bytes (Side::*begin)(std::uint16_t) const) {
  std::vector<Event> events;
  for (std::uint16_t port = 1; port <= slots(side); ++port) {
    events.push_back({.change = {}, .wait = 1, .frame = (side.*begin)(port)});
  }
  return events;
}

void add_full_of_active(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, std::vector<Event> more, const Bytes& in, Outcome expected) {
    std::vector<Event> before = full_of(side, &Side::syn);
    before.insert(before.end(), more.begin(), more.end());
    rows.push_back({.name = side.name + ": " + name,
                    .situation = tiny(one_server()),
                    .before = std::move(before),
                    .in = in,
                    .expected = std::move(expected)});
  };
  const std::uint16_t late = 100;
  const Event overflow = sent(side.syn(late));
  add("in a full table of active connections a new one is forwarded without an entry", {}, side.syn(late),
      forwarded(side.syn(late), 0));
  add("and its ACK is forwarded too", {overflow}, side.ack(late), forwarded(side.ack(late), 0));
  add("connections in a full table are forwarded as ever", {overflow}, side.ack(1), forwarded(side.ack(1), 0));
  add("before the table was full, an ACK without a connection goes to the kernel", {}, side.ack(late),
      to_kernel(side.ack(late)));
  add("a second after the table was full, an ACK without a connection goes to the kernel again", {overflow, waited(kSecond)},
      side.ack(late), to_kernel(side.ack(late)));
  add("in a full table without servers an ACK without a connection is answered by port unreachable",
      {overflow, changed(tiny(without_server(one_server(), 0)))}, side.ack(late),
      answered(DropReason::kNoServer, side.port_unreachable(side.ack(late))));
  add("when connections have ended, new ones have an entry again",
      {overflow, waited(61 * kSecond), overflow, waited(2 * kSecond)}, side.ack(late), forwarded(side.ack(late), 0));
  // The RST makes the first one inactive, so the new one takes its place.
  add("a connection that has ended gives way to a new one",
      {sent(side.ack(1)), sent(side.rst(1)), overflow, waited(2 * kSecond)}, side.ack(late), forwarded(side.ack(late), 0));
  add("and has no entry any more", {sent(side.ack(1)), sent(side.rst(1)), overflow}, side.ack(1), to_kernel(side.ack(1)));
}

void add_full_of_inactive(std::vector<Row>& rows, const Side& side) {
  // As many more connections as it takes for the first one's second choice to differ from its first.
  std::vector<Event> before = full_of(side, &Side::udp);
  for (std::uint16_t more = 0; more < (side.is_v4 ? 2 : 1); ++more) {
    before.push_back(sent(side.udp(static_cast<std::uint16_t>(100 + more))));
  }
  const auto add = [&](std::string name, const Bytes& in, unsigned server) {
    rows.push_back({.name = side.name + ": " + name,
                    .situation = tiny(three_servers()),
                    .before = before,
                    .in = in,
                    .expected = forwarded(in, server)});
  };
  add("in a full table the oldest inactive connection has given way and begins anew", side.udp(1), side.is_v4 ? 1 : 0);
  add("in a full table the youngest inactive connection stays", side.udp(slots(side)), side.is_v4 ? 1 : 2);
}

}  // namespace

void add_full_table_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    add_full_of_active(rows, *side);
    add_full_of_inactive(rows, *side);
  }
}

}  // namespace penstock::test
