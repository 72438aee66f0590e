// The builder of test frames against frames of another maker: else a fault of the builder and one of the code under test could
// agree.
//
// Expected bytes: scapy 2.5.0, bytes(FRAME).hex(), with E = Ether(src="02:00:00:00:00:0c", dst="02:00:00:00:00:0d").
#include "tests/support/packet_builder.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "dataplane/packet/overlay.h"
#include "tests/support/fragments.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

namespace tcp_flag = packet::tcp_flag;

Bytes text(std::string_view characters) {
  const auto bytes = std::as_bytes(std::span{characters});
  return {bytes.begin(), bytes.end()};
}

TEST(PacketBuilder, TcpSynWithOptions) {
  // E/IP(src="10.0.0.1", dst="192.168.1.200", ttl=7, id=0x1234, flags="DF")
  //  /TCP(sport=1234, dport=80, flags="S", seq=0x10000001, window=65535, options=[("MSS", 1460)])
  EXPECT_EQ(
      to_hex(PacketBuilder{}
                 .ipv4("10.0.0.1", "192.168.1.200")
                 .ttl(7)
                 .identification(0x1234)
                 .dont_fragment()
                 .tcp(1234, 80, tcp_flag::kSyn)
                 .tcp_options(from_hex("020405b4"))
                 .build()),
      "02000000000d02000000000c08004500002c12344000070695270a000001c0a801c804d2005010000001000000006002ffffb6920000020405b4");
}

TEST(PacketBuilder, UdpInAVlan) {
  // E/Dot1Q(vlan=5)/IP(src="10.0.0.1", dst="192.168.1.200", tos=0x28, id=0)/UDP(sport=5353, dport=53)/b"penstock"
  EXPECT_EQ(
      to_hex(
          PacketBuilder{}.vlan(5).ipv4("10.0.0.1", "192.168.1.200").tos(0x28).udp(5353, 53).payload(text("penstock")).build()),
      "02000000000d02000000000c81000005080045280024000000004011ae300a000001c0a801c814e900350010678b70656e73746f636b");
}

TEST(PacketBuilder, Ipv4Options) {
  // E/IP(src="10.0.0.1", dst="192.168.1.200", id=1, options=[IPOption_RR(routers=["0.0.0.0"])])
  //  /TCP(sport=1, dport=2, flags="A", seq=0x10000001, ack=0x20000001, window=65535)/b"abc"
  EXPECT_EQ(
      to_hex(PacketBuilder{}
                 .ipv4("10.0.0.1", "192.168.1.200")
                 .identification(1)
                 .ipv4_options(from_hex("0707040000000000"))
                 .tcp(1, 2, tcp_flag::kAck)
                 .payload(text("abc"))
                 .build()),
      "02000000000d02000000000c080047000033000100004006a14c0a000001c0a801c807070400000000000001000210000001200000015010ffff"
      "eef80000616263");
}

TEST(PacketBuilder, Ipv6ExtensionHeaders) {
  // E/IPv6(src="fd77::1", dst="fd77::100", hlim=64, tc=0x28, fl=0xabcde)/IPv6ExtHdrHopByHop(options=[Pad1()]*6)
  //  /IPv6ExtHdrDestOpt(options=[Pad1()]*6)/UDP(sport=5353, dport=53)/b"penstock!"
  EXPECT_EQ(
      to_hex(PacketBuilder{}
                 .ipv6("fd77::1", "fd77::100")
                 .tos(0x28)
                 .flow_label(0xabcde)
                 .hop_by_hop()
                 .destination_options()
                 .udp(5353, 53)
                 .payload(text("penstock!"))
                 .build()),
      "02000000000d02000000000c86dd628abcde00210040fd770000000000000000000000000001fd7700000000000000000000000001003c000000"
      "00000000110000000000000014e900350011170a70656e73746f636b21");
}

TEST(PacketBuilder, Ipv6LaterFragment) {
  // E/IPv6(src="fd77::1", dst="fd77::100")/IPv6ExtHdrFragment(offset=185, m=1, id=0xdeadbeef, nh=17)/b"12345678"
  EXPECT_EQ(
      to_hex(PacketBuilder{}
                 .ipv6("fd77::1", "fd77::100")
                 .fragment(1480, true, 0xdead'beef)
                 .protocol(17)
                 .payload(text("12345678"))
                 .build()),
      "02000000000d02000000000c86dd6000000000102c40fd770000000000000000000000000001fd770000000000000000000000000100110005c9"
      "deadbeef3132333435363738");
}

TEST(PacketBuilder, EchoRequests) {
  // E/IP(src="10.0.0.1", dst="192.168.1.200", id=0)/ICMP(type=8, id=0x1234, seq=7)/b"ping"
  EXPECT_EQ(
      to_hex(PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200").icmp_echo_request(0x1234, 7).payload(text("ping")).build()),
      "02000000000d02000000000c080045000020000000004001ae6c0a000001c0a801c8080006f41234000770696e67");
  // E/IPv6(src="fd77::1", dst="fd77::100")/ICMPv6EchoRequest(id=0x1234, seq=7, data=b"ping")
  EXPECT_EQ(to_hex(PacketBuilder{}.ipv6("fd77::1", "fd77::100").icmp_echo_request(0x1234, 7).payload(text("ping")).build()),
            "02000000000d02000000000c86dd60000000000c3a40fd770000000000000000000000000001fd77000000000000000000000000010080"
            "0092bc1234000770696e67");
}

TEST(PacketBuilder, ArpAndNeighbourSolicitation) {
  // E/ARP(op=1, hwsrc="02:00:00:00:00:0c", psrc="10.0.0.1", hwdst="00:00:00:00:00:00", pdst="10.0.0.2")
  EXPECT_EQ(to_hex(PacketBuilder{}.arp(1, kClientMac, "10.0.0.1", {}, "10.0.0.2").build()),
            "02000000000d02000000000c0806000108000604000102000000000c0a0000010000000000000a000002");
  // E/IPv6(src="fd77::1", dst="ff02::1:ff00:100", hlim=255)/ICMPv6ND_NS(tgt="fd77::100")
  //  /ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:0c")
  EXPECT_EQ(
      to_hex(PacketBuilder{}.ipv6("fd77::1", "ff02::1:ff00:100").neighbour_solicitation("fd77::100", kClientMac).build()),
      "02000000000d02000000000c86dd6000000000203afffd770000000000000000000000000001ff0200000000000000000001ff00010087007aa2"
      "00000000fd770000000000000000000000000100010102000000000c");
}

TEST(PacketBuilder, BreaksOneFieldAtATime) {
  const auto base = [] { return PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(4); };
  const Bytes good = base().build();
  const auto differing_bytes = [&good](const Bytes& frame) {
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (frame[i] != good[i]) at.push_back(i);
    }
    return at;
  };
  using At = std::vector<std::size_t>;
  EXPECT_EQ(differing_bytes(base().bad_ip_checksum().build()), (At{24, 25}));
  EXPECT_EQ(differing_bytes(base().bad_checksum().build()), (At{40, 41}));
  EXPECT_EQ(differing_bytes(base().total_length(33).build()), (At{17, 25}));  // and the IP checksum that covers it
  EXPECT_EQ(differing_bytes(base().version(5).build()), (At{14, 24}));
  EXPECT_EQ(differing_bytes(base().ihl(4).build()).front(), 14U);
  EXPECT_EQ(differing_bytes(base().udp_without_checksum().build()), (At{40, 41}));
  EXPECT_EQ(base().truncate(20).build().size(), 20U);
  EXPECT_EQ(base().pad_to(60).build().size(), 60U);
}

TEST(PacketBuilder, RefusesACallOnALayerThatIsNotThere) {
  EXPECT_THROW(PacketBuilder{}.ttl(1), std::logic_error);
  EXPECT_THROW(PacketBuilder{}.ipv6("fd77::1", "fd77::2").dont_fragment(), std::logic_error);
  EXPECT_THROW(PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").hop_by_hop(), std::logic_error);
  EXPECT_THROW(PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).data_offset(4), std::logic_error);
  EXPECT_THROW(PacketBuilder{}.ipv4("10.0.0.1", "fd77::2"), std::invalid_argument);
}

TEST(FragmentsOf, AnIpv4DatagramPutTogetherAgainIsTheDatagram) {
  const Bytes frame = PacketBuilder{}.vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(3000).build();
  const auto fragments = fragments_of(frame, 1480, 77);
  ASSERT_EQ(fragments.size(), 3U);
  Bytes data;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const auto& ip = packet::overlay<packet::Ipv4Header>(fragments[i].data() + 18);
    EXPECT_EQ(ip.fragment_offset(), data.size());
    EXPECT_EQ(ip.more_fragments(), i + 1 < fragments.size());
    EXPECT_EQ(ip.identification.value(), 77);
    EXPECT_EQ(ip.total_length.value(), fragments[i].size() - 18);
    EXPECT_EQ(reference_checksum(std::span{fragments[i]}.subspan(18, 20)), 0);
    append(data, std::span{fragments[i]}.subspan(38));
  }
  EXPECT_EQ(to_hex(data), to_hex(std::span{frame}.subspan(38)));
}

TEST(FragmentsOf, AnIpv6DatagramPutTogetherAgainIsTheDatagram) {
  const Bytes frame = PacketBuilder{}.ipv6("fd77::1", "fd77::2").udp(1, 2).payload(3000).build();
  const auto fragments = fragments_of(frame, 1448, 77);
  ASSERT_EQ(fragments.size(), 3U);
  Bytes data;
  for (const Bytes& fragment : fragments) {
    const auto& ip = packet::overlay<packet::Ipv6Header>(fragment.data() + 14);
    EXPECT_EQ(ip.next_header, packet::ip_protocol::kFragment);
    EXPECT_EQ(ip.payload_length.value(), fragment.size() - 54);
    const auto& header = packet::overlay<packet::Ipv6FragmentHeader>(fragment.data() + 54);
    EXPECT_EQ(header.next_header, packet::ip_protocol::kUdp);
    EXPECT_EQ(header.fragment_offset(), data.size());
    append(data, std::span{fragment}.subspan(62));
  }
  EXPECT_EQ(to_hex(data), to_hex(std::span{frame}.subspan(54)));
}

}  // namespace
}  // namespace penstock::test
