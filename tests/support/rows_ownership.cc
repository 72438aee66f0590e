// What a director that isn't the MASTER does with packets to a VIP (VRRP): nothing, by name; and what it does once it is.
#include "tests/support/fragments.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

struct OwnershipRows {
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

void add_backup(const OwnershipRows& make) {
  const Side& side = make.side;
  const Situation backup = in_backup(three_servers());
  const Outcome not_ours = dropped_by(DropReason::kVipNotOurs);
  make.add("in BACKUP a SYN to the VIP is dropped by name", backup, {}, side.syn(), not_ours);
  make.add("in BACKUP a UDP datagram to the VIP is dropped by name", backup, {}, side.udp(), not_ours);
  const auto fragments = fragments_of(side.packet().udp(1000, kDomain).payload(203).build(), 64, 7);
  make.add("in BACKUP a first fragment to the VIP is dropped by name", backup, {}, fragments[0], not_ours);
  make.add("in BACKUP a later fragment to the VIP is dropped by name", backup, {}, fragments[1], not_ours);
  const Bytes error = side.from(side.router).icmp_error(side.icmp_unreachable, 1, 0, side.answer()).build();
  make.add("in BACKUP an ICMP error about a server's answer is dropped by name", backup, {}, error, not_ours);
  const Bytes ping = side.packet().icmp_echo_request(7, 1).payload(56).build();
  make.add("in BACKUP a ping of the VIP is the kernel's, who has no such address", backup, {}, ping, to_kernel(ping));
}

void add_changes(const OwnershipRows& make) {
  const Side& side = make.side;
  const std::vector<Event> established{sent(side.syn()), sent(side.ack())};
  std::vector<Event> lost = established;
  lost.push_back(changed(in_backup(three_servers())));
  make.add("a connection of a director that became BACKUP is dropped by name", three_servers(), lost, side.ack(),
           dropped_by(DropReason::kVipNotOurs));
  std::vector<Event> regained = lost;
  regained.push_back(sent(side.ack()));
  regained.push_back(changed(three_servers()));
  make.add("a connection goes on when its director is MASTER again", three_servers(), regained, side.ack(),
           forwarded(side.ack(), 2));
  make.add("packets that came in BACKUP have begun no connection", in_backup(three_servers()),
           {sent(side.syn()), changed(three_servers())}, side.ack(), to_kernel(side.ack()));
  make.add("a director that became MASTER forwards", in_backup(three_servers()), {changed(three_servers())}, side.syn(),
           forwarded(side.syn(), 2));
}

void add_virtual_mac(const OwnershipRows& make) {
  const Side& side = make.side;
  const auto to = [&](const packet::MacAddress& mac) { return side.packet().ethernet(kClientMac, mac); };
  const Situation backup = in_backup(three_servers());
  const Bytes datagram = to(kVirtualMac).udp(1000, kDomain).build();
  const Bytes ping = to(kVirtualMac).icmp_echo_request(7, 1).payload(56).build();
  make.add("a packet to the VIP by the virtual router's MAC address is forwarded", three_servers(), {}, datagram,
           forwarded(datagram, 2));
  make.add("a ping by the virtual router's MAC address is the kernel's", three_servers(), {}, ping, to_kernel(ping));
  make.add("in BACKUP a packet by the virtual router's MAC address is another host's", backup, {}, datagram,
           dropped_by(DropReason::kFrameForOtherHost));
  make.add("in BACKUP a ping by the virtual router's MAC address is another host's", backup, {}, ping,
           dropped_by(DropReason::kFrameForOtherHost));
  const packet::MacAddress neighbour{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}};
  make.add("a packet by another virtual router's MAC address is another host's", three_servers(), {},
           to(neighbour).udp(1000, kDomain).build(), dropped_by(DropReason::kFrameForOtherHost));
}

}  // namespace

void add_ownership_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    const OwnershipRows make{rows, *side};
    add_backup(make);
    add_changes(make);
    add_virtual_mac(make);
  }
}

}  // namespace penstock::test
