// What isn't a virtual service's goes to the kernel, each kind in its class.
#include "dataplane/core/advert_gate.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::PuntClass;
using packet::DropReason;

constexpr packet::MacAddress kOtherHost{{0x02, 0, 0, 0, 0, 0x99}};

void add_link(std::vector<Row>& rows) {
  const auto add = [&](std::string name, PacketBuilder builder, PuntClass punt) {
    const Bytes in = builder.build();
    rows.push_back({.name = std::move(name), .situation = three_servers(), .in = in, .expected = punted_as(in, punt)});
  };
  const auto arp = [](std::uint16_t operation) {
    return PacketBuilder{}.arp(operation, kClientMac, "10.0.0.1", {}, "192.168.1.200");
  };
  add("a broadcast ARP request for the VIP goes to the kernel as a neighbour's",
      arp(1).ethernet(kClientMac, packet::kBroadcastMac).pad_to(60), PuntClass::kNeighbour);
  add("an ARP reply to us goes to the kernel as a neighbour's", arp(2).pad_to(60), PuntClass::kNeighbour);
  add("ARP with a priority tag is a neighbour's", arp(1).vlan(0), PuntClass::kNeighbour);
  add("ARP in a VLAN is other traffic", arp(1).vlan(5), PuntClass::kOther);
  add("a packet to the VIP in a VLAN goes to the kernel", ipv4_side().packet().vlan(5).udp(1000, kDomain), PuntClass::kOther);
  add("an IPv6 packet to the VIP in a VLAN goes to the kernel", ipv6_side().packet().vlan(4095).udp(1000, kDomain),
      PuntClass::kOther);
  add("a packet to the VIP behind two VLAN tags goes to the kernel",
      ipv4_side().packet().vlan(7, packet::ether_type::kServiceVlan).vlan(5).udp(1000, kDomain), PuntClass::kOther);
  add("a priority tag in front of a VLAN tag goes to the kernel", ipv4_side().packet().vlan(0).vlan(5).udp(1000, kDomain),
      PuntClass::kOther);
  add("LLDP goes to the kernel", PacketBuilder{}.ethernet(kClientMac, mac("01:80:c2:00:00:0e")).ether_type(0x88cc).payload(60),
      PuntClass::kOther);
  add("a spanning tree frame (a length in place of the type) goes to the kernel",
      PacketBuilder{}.ethernet(kClientMac, mac("01:80:c2:00:00:00")).ether_type(38).payload(46), PuntClass::kOther);
  add("an unknown protocol over Ethernet goes to the kernel", PacketBuilder{}.payload(46), PuntClass::kOther);
  add("a frame of an Ethernet header alone goes to the kernel", PacketBuilder{}, PuntClass::kOther);

  const Bytes stray = ipv4_side().packet().ethernet(kClientMac, kOtherHost).udp(1000, kDomain).build();
  rows.push_back({.name = "a packet to the VIP by another host's MAC address is dropped",
                  .situation = three_servers(),
                  .in = stray,
                  .expected = dropped_by(DropReason::kFrameForOtherHost)});
  rows.push_back({.name = "a packet to the second port's MAC address by the first port is dropped",
                  .situation = three_servers(),
                  .in = ipv4_side().packet().ethernet(kClientMac, kInsideMac).udp(1000, kDomain).build(),
                  .expected = dropped_by(DropReason::kFrameForOtherHost)});
  rows.push_back({.name = "ARP for another host is dropped",
                  .situation = three_servers(),
                  .in = arp(2).ethernet(kClientMac, kOtherHost).build(),
                  .expected = dropped_by(DropReason::kFrameForOtherHost)});
}

void add_network(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, PacketBuilder builder, PuntClass punt) {
    const Bytes in = builder.build();
    rows.push_back({.name = side.name + ": " + name, .situation = three_servers(), .in = in, .expected = punted_as(in, punt)});
  };
  const auto to = [&](const char* destination) {
    PacketBuilder builder;
    return side.is_v4 ? builder.ipv4(side.router, destination) : builder.ipv6(side.router, destination);
  };
  const packet::MacAddress group = side.is_v4 ? mac("01:00:5e:00:00:12") : mac("33:33:00:00:00:12");
  add("a packet to the VIP in a group's frame goes to the kernel", side.packet().ethernet(kClientMac, group).udp(1000, kDomain),
      PuntClass::kOther);
  add("a packet to the VIP in a broadcast frame goes to the kernel",
      side.packet().ethernet(kClientMac, packet::kBroadcastMac).tcp(1000, kHttp, packet::tcp_flag::kSyn), PuntClass::kOther);
  add("an advert for no virtual router of ours is a doubtful one",
      to(side.is_v4 ? "224.0.0.18" : "ff02::12")
          .ethernet(kClientMac, group)
          .ttl(255)
          .protocol(packet::ip_protocol::kVrrp)
          .payload(20),
      PuntClass::kDoubtfulAdvert);
  add("an advert to us alone is a doubtful one", to(side.director).ttl(255).protocol(packet::ip_protocol::kVrrp).payload(20),
      PuntClass::kDoubtfulAdvert);
  add("an advert with a priority tag is a doubtful one",
      to(side.director).vlan(0xe000).protocol(packet::ip_protocol::kVrrp).payload(20), PuntClass::kDoubtfulAdvert);
  add("OSPF goes to the kernel", to(side.is_v4 ? "224.0.0.5" : "ff02::5").ethernet(kClientMac, group).protocol(89).payload(44),
      PuntClass::kOther);
  add("ssh to the director's own address goes to the kernel", to(side.director).tcp(5000, 22, packet::tcp_flag::kSyn),
      PuntClass::kOther);
  add("a UDP datagram to the director's own address goes to the kernel", to(side.director).udp(5000, kDomain),
      PuntClass::kOther);
  add("a closed TCP port of the VIP is the kernel's", side.packet().tcp(1000, kUnserved, packet::tcp_flag::kSyn),
      PuntClass::kOther);
  add("a closed UDP port of the VIP is the kernel's", side.packet().udp(1000, kUnserved), PuntClass::kOther);
  add("UDP to a TCP service's port is the kernel's", side.packet().udp(1000, kHttp), PuntClass::kOther);
  add("SCTP to the VIP is the kernel's", side.packet().protocol(packet::ip_protocol::kSctp).payload(32), PuntClass::kOther);
  add("an unknown protocol to the VIP is the kernel's", side.packet().protocol(253).payload(32), PuntClass::kOther);
  add("ESP to the VIP is the kernel's", side.packet().protocol(packet::ip_protocol::kEsp).payload(32), PuntClass::kOther);
  if (side.is_v4) {
    add("an advert behind an AH header is a doubtful one",
        to("224.0.0.18")
            .ethernet(kClientMac, group)
            .protocol(packet::ip_protocol::kAuthentication)
            .payload(from_hex("70 04 00 00")),
        PuntClass::kDoubtfulAdvert);
    Bytes empty = to("224.0.0.18").ethernet(kClientMac, group).protocol(packet::ip_protocol::kAuthentication).build();
    empty.push_back(std::byte{packet::ip_protocol::kVrrp});
    rows.push_back({.name = "padding behind an empty AH packet makes no advert of it",
                    .situation = three_servers(),
                    .in = empty,
                    .expected = punted_as(empty, PuntClass::kOther)});
    const packet::MacAddress sync_group = mac("01:00:5e:00:00:51");
    add("the other director's connections go to the kernel apart",
        to("224.0.0.81").ethernet(kClientMac, sync_group).udp(41000, 8848), PuntClass::kSync);
    add("another port of connection sync's group is other traffic",
        to("224.0.0.81").ethernet(kClientMac, sync_group).udp(41000, 8849), PuntClass::kOther);
    add("another group at connection sync's port is other traffic",
        to("224.0.0.82").ethernet(kClientMac, sync_group).udp(41000, 8848), PuntClass::kOther);
    add("connection sync's port in TCP is other traffic",
        to("224.0.0.81").ethernet(kClientMac, sync_group).tcp(41000, 8848, packet::tcp_flag::kSyn), PuntClass::kOther);
    add("IGMP goes to the kernel",
        to("224.0.0.22").ethernet(kClientMac, group).ipv4_options(from_hex("94040000")).protocol(2).payload(16),
        PuntClass::kOther);
    return;
  }
  for (const std::uint8_t type :
       {std::uint8_t{133}, std::uint8_t{134}, std::uint8_t{135}, std::uint8_t{136}, std::uint8_t{137}}) {
    add("ICMPv6 type " + std::to_string(type) + " is a neighbour's", to(side.director).ttl(255).icmp(type, 0).payload(16),
        PuntClass::kNeighbour);
  }
  add("a neighbour solicitation for the VIP to its group is a neighbour's",
      to("ff02::1:ff00:100").ethernet(kClientMac, mac("33:33:ff:00:01:00")).neighbour_solicitation("fd77::100", kClientMac),
      PuntClass::kNeighbour);
  add("a multicast listener report is other traffic",
      to("ff02::16").ethernet(kClientMac, mac("33:33:00:00:00:16")).hop_by_hop().icmp(143, 0).payload(20), PuntClass::kOther);
  add("a packet without an upper layer goes to the kernel", side.packet().protocol(packet::ip_protocol::kNoNextHeader),
      PuntClass::kOther);
}

void add_checks(std::vector<Row>& rows, const Side& side) {
  Situation checked = three_servers();
  checked.check_targets = {side.server, side.server};  // a server of two services is checked twice
  const auto add = [&](std::string name, PacketBuilder builder, PuntClass punt) {
    const Bytes in = builder.build();
    rows.push_back({.name = side.name + ": " + name, .situation = checked, .in = in, .expected = punted_as(in, punt)});
  };
  const auto from_to = [&](const char* source, const char* destination) {
    PacketBuilder builder;
    return side.is_v4 ? builder.ipv4(source, destination) : builder.ipv6(source, destination);
  };
  add("a checked server's TCP answer goes to the kernel as a check's", from_to(side.server, side.director).tcp(kHttp, 40000),
      PuntClass::kCheck);
  add("a checked server's ping answer goes to the kernel as a check's",
      from_to(side.server, side.director).icmp(side.is_v4 ? 0 : 129, 0).payload(56), PuntClass::kCheck);
  add("a checked server's port unreachable is a check's",
      from_to(side.server, side.director)
          .icmp_error(side.icmp_unreachable, side.icmp_port_unreachable, 0,
                      from_to(side.director, side.server).udp(40000, kDomain).build()),
      PuntClass::kCheck);
  add("another host's answer is other traffic", from_to(side.router, side.director).tcp(kHttp, 40000), PuntClass::kOther);
  const Bytes as_client = side.from(side.server).tcp(1000, kHttp, packet::tcp_flag::kSyn).build();
  rows.push_back({.name = side.name + ": a checked server may be a client of the service",
                  .situation = checked,
                  .in = as_client,
                  .expected = forwarded(as_client, 2)});
}

// Protocol 112 of a virtual router of ours: 51, of version 3, by IPv4.
void add_adverts(std::vector<Row>& rows) {
  Situation situation = three_servers();
  situation.adverts = {{.router = core::OwnerId{7}, .virtual_router_id = 51, .version = 3}};
  const Bytes right = PacketBuilder{}
                          .ipv4("10.77.0.3", "224.0.0.18")
                          .ethernet(kClientMac, mac("01:00:5e:00:00:12"))
                          .ttl(255)
                          .protocol(packet::ip_protocol::kVrrp)
                          .payload(from_hex("31 33 64 01 00 64 60 10 0a 4d 00 0a"))
                          .build();
  Bytes wrong = right;
  wrong.back() ^= std::byte{1};
  const auto add = [&](std::string name, std::vector<Event> before, core::Tick wait, const Bytes& in, Outcome expected) {
    rows.push_back({.name = std::move(name),
                    .situation = situation,
                    .before = std::move(before),
                    .wait = wait,
                    .in = in,
                    .expected = std::move(expected)});
  };
  const std::vector<Event> burst(core::AdvertGate::kDoubtfulBurst, sent(wrong));
  add("an advert that our virtual router may believe is VRRP's", {}, 0, right, punted_as(right, PuntClass::kVrrp));
  add("an advert with a wrong checksum is a doubtful one", {}, 0, wrong, punted_as(wrong, PuntClass::kDoubtfulAdvert));
  add("more wrong adverts of one sender are dropped", burst, 0, wrong, dropped_by(DropReason::kAdvertLimited));
  add("of a flood of wrong adverts some are looked at each second", burst, core::kTicksPerSecond, wrong,
      punted_as(wrong, PuntClass::kDoubtfulAdvert));
  add("a flood of wrong adverts is not in a right one's way", burst, 0, right, punted_as(right, PuntClass::kVrrp));
}

}  // namespace

void add_kernel_rows(std::vector<Row>& rows) {
  add_link(rows);
  add_adverts(rows);
  for (const Side* side : both_sides()) {
    add_network(rows, *side);
    add_checks(rows, *side);
  }
}

}  // namespace penstock::test
