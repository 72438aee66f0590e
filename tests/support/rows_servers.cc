// What happens to packets when servers change: docs/ARCHITECTURE.md, the table of this name, row by row.
#include "dataplane/packet/icmp.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

struct ServersRows {
  std::vector<Row>& rows;
  const Side& side;

  void add(std::string name, Situation situation, std::vector<Event> before, const Bytes& in, Outcome expected) const {
    rows.push_back({.name = side.name + ": " + std::move(name),
                    .situation = std::move(situation),
                    .before = std::move(before),
                    .in = in,
                    .expected = std::move(expected)});
  }
};

// Each row begins with a connection at server 2, or would begin one there.
void add_quiesced(const ServersRows& make) {
  const Side& side = make.side;
  const std::vector<Event> established{sent(side.syn()), sent(side.ack()),
                                       changed(with_server(three_servers(), 2, {.weight = 0}))};
  make.add("a server of weight 0 keeps its connections", three_servers(), established, side.ack(), forwarded(side.ack(), 2));
  make.add("a server of weight 0 gets no new connection", with_server(three_servers(), 2, {.weight = 0}), {}, side.syn(),
           forwarded(side.syn(), 1));
  make.add("a SYN on an established connection of a server of weight 0 stays", three_servers(), established, side.syn(),
           forwarded(side.syn(), 2));
  std::vector<Event> expiring = established;
  expiring.back() = changed(expiring_nodest(with_server(three_servers(), 2, {.weight = 0})));
  make.add("with expire_nodest_conn a SYN leaves a server of weight 0", three_servers(), expiring, side.syn(),
           forwarded(side.syn(), 1));
  make.add("with expire_nodest_conn an ACK doesn't leave a server of weight 0", three_servers(), expiring, side.ack(),
           forwarded(side.ack(), 2));
  make.add("a server whose weight is 0 no longer is used again", with_server(three_servers(), 2, {.weight = 0}),
           {sent(side.syn()), changed(three_servers())}, side.syn(2000), forwarded(side.syn(2000), 0));
  make.add("when all weights are 0, a SYN is answered by port unreachable",
           with_server(with_server(with_server(three_servers(), 0, {.weight = 0}), 1, {.weight = 0}), 2, {.weight = 0}), {},
           side.syn(), answered(DropReason::kNoServer, side.port_unreachable(side.syn())));
}

void add_removed(const ServersRows& make) {
  const Side& side = make.side;
  const Situation gone = without_server(three_servers(), 2);
  const std::vector<Event> tcp{sent(side.syn()), sent(side.ack())};
  const auto then = [](std::vector<Event> events, std::initializer_list<Event> more) {
    events.insert(events.end(), more);
    return events;
  };
  make.add("a removed server's connection is dropped by name", three_servers(), then(tcp, {changed(gone)}), side.ack(),
           dropped_by(DropReason::kServerRemoved));
  make.add("a removed server's UDP connection is dropped by name", three_servers(), {sent(side.udp()), changed(gone)},
           side.udp(), dropped_by(DropReason::kServerRemoved));
  make.add("a SYN on a removed server's established connection is dropped", three_servers(), then(tcp, {changed(gone)}),
           side.syn(), dropped_by(DropReason::kServerRemoved));
  make.add("a SYN on a removed server's connection in CLOSE is scheduled anew", three_servers(),
           then(tcp, {sent(side.rst()), changed(gone)}), side.syn(), forwarded(side.syn(), 1));
  make.add("a removed server gets no new connection", gone, {}, side.syn(), forwarded(side.syn(), 1));
  make.add("another server's connection doesn't notice", three_servers(),
           {sent(side.syn()), sent(side.syn(2000)), changed(gone)}, side.ack(2000), forwarded(side.ack(2000), 1));
  make.add("the connection goes on when its server is back", three_servers(),
           then(tcp, {changed(gone), sent(side.ack()), changed(three_servers())}), side.ack(), forwarded(side.ack(), 2));
  // Dropped packets don't keep it alive: 900 s after the last one that was forwarded it ends.
  make.add("a removed server's connection ends by its time", three_servers(),
           then(tcp, {changed(gone), waited(500 * kSecond), sent(side.ack()), waited(400 * kSecond)}), side.ack(),
           to_kernel(side.ack()));

  const Situation ending = expiring_nodest(gone);
  make.add("with expire_nodest_conn an ACK to a removed server goes to the kernel", three_servers(),
           then(tcp, {changed(ending)}), side.ack(), to_kernel(side.ack()));
  make.add("with expire_nodest_conn a SYN to a removed server goes to another", three_servers(), then(tcp, {changed(ending)}),
           side.syn(), forwarded(side.syn(), 1));
  make.add("with expire_nodest_conn a UDP connection of a removed server goes to another", three_servers(),
           {sent(side.udp()), changed(ending)}, side.udp(), forwarded(side.udp(), 1));
  make.add("with expire_nodest_conn the connection doesn't go on when the server is back", three_servers(),
           then(tcp, {changed(ending), sent(side.ack()), changed(expiring_nodest(three_servers()))}), side.ack(),
           to_kernel(side.ack()));
}

void add_none_left(const ServersRows& make) {
  const Side& side = make.side;
  const Situation none = without_server(one_server(), 0);
  make.add("when no server is left, a SYN is answered by port unreachable", none, {}, side.syn(),
           answered(DropReason::kNoServer, side.port_unreachable(side.syn())));
  make.add("when no server is left, a UDP datagram is answered by port unreachable", none, {}, side.udp(),
           answered(DropReason::kNoServer, side.port_unreachable(side.udp())));
  make.add("when no server is left, an ACK goes to the kernel", none, {}, side.ack(), to_kernel(side.ack()));
  const Bytes tagged = side.packet().vlan(0xa000).udp(1000, kDomain).build();
  Bytes reply = side.port_unreachable(tagged);
  reply.insert(reply.begin() + 12, tagged.begin() + 12, tagged.begin() + 16);
  make.add("an answer goes back with the priority tag", none, {}, tagged, answered(DropReason::kNoServer, reply));
  // 50 at once, then 1,000 a second.
  std::vector<Event> flood(50, sent(side.udp()));
  make.add("answers are limited", none, flood, side.udp(), dropped_by(DropReason::kIcmpFloodLimited));
  flood.push_back(waited(1));
  make.add("answers go on after a tick", none, flood, side.udp(),
           answered(DropReason::kNoServer, side.port_unreachable(side.udp())));
  make.add("a removed service's SYN goes to the kernel", without_services(three_servers()), {}, side.syn(),
           to_kernel(side.syn()));
  make.add("a removed service's established connection goes to the kernel", three_servers(),
           {sent(side.syn()), sent(side.ack()), changed(without_services(three_servers()))}, side.ack(), to_kernel(side.ack()));
  make.add("a service that comes back in time has its connections again", three_servers(),
           {sent(side.syn()), sent(side.ack()), changed(without_services(three_servers())), sent(side.ack()),
            changed(three_servers())},
           side.ack(), forwarded(side.ack(), 2));
}

void add_addresses(const ServersRows& make) {
  const Side& side = make.side;
  const Situation unknown = with_server(three_servers(), 2, {.resolved = false});
  make.add("a server without a MAC address gets no new connection", unknown, {}, side.syn(), forwarded(side.syn(), 1));
  make.add("when no server has a MAC address, a SYN is answered by port unreachable",
           with_server(one_server(), 0, {.resolved = false}), {}, side.syn(),
           answered(DropReason::kNoServer, side.port_unreachable(side.syn())));
  make.add("a connection whose server lost its MAC address is dropped by name", three_servers(),
           {sent(side.syn()), changed(unknown)}, side.ack(), dropped_by(DropReason::kServerUnresolved));
  const Situation local = with_server(three_servers(), 2, {.resolved = false, .local = true});
  make.add("a server that is the director itself gets its packets by the kernel", local, {}, side.syn(), to_kernel(side.syn()));
  make.add("and so do the packets of its connection", local, {sent(side.syn()), sent(side.syn(2000))}, side.ack(),
           to_kernel(side.ack()));
  make.add("a local server takes its turn like others", local, {sent(side.syn())}, side.syn(2000),
           forwarded(side.syn(2000), 1));
}

void add_thresholds(const ServersRows& make) {
  const Side& side = make.side;
  const Situation limited = with_server(three_servers(), 2, {.upper_threshold = 1});
  const std::vector<Event> four{sent(side.syn(1)), sent(side.syn(2)), sent(side.syn(3))};
  make.add("a server at its upper threshold is passed over", limited, four, side.syn(4), forwarded(side.syn(4), 1));
  make.add("a server at its upper threshold keeps its connections", limited, four, side.ack(1), forwarded(side.ack(1), 2));
  std::vector<Event> ended = four;
  ended.push_back(sent(side.syn(4)));
  ended.push_back(sent(side.syn(5)));
  ended.push_back(waited(61 * kSecond));
  make.add("a server below its threshold again is used again", limited, ended, side.syn(6), forwarded(side.syn(6), 2));
  make.add("when all servers are at their thresholds, a SYN is answered by port unreachable",
           with_server(one_server(), 0, {.upper_threshold = 1}), {sent(side.syn(1))}, side.syn(2),
           answered(DropReason::kNoServer, side.port_unreachable(side.syn(2))));
}

}  // namespace

void add_server_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    const ServersRows make{rows, *side};
    add_quiesced(make);
    add_removed(make);
    add_none_left(make);
    add_addresses(make);
    add_thresholds(make);
  }
}

}  // namespace penstock::test
