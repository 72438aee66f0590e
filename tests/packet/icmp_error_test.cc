#include "dataplane/packet/icmp_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;
using test::to_hex;
using Kind = IcmpError::Kind;

constexpr std::size_t kRoom = 2048;
constexpr std::size_t kL3 = sizeof(EthernetHeader);
constexpr std::array kKinds{Kind::kPortUnreachable, Kind::kTimeExceeded, Kind::kPacketTooBig};

PacketBuilder request() { return PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200"); }
PacketBuilder request6() { return PacketBuilder{}.ipv6("fd77::1", "fd77::100"); }

// The error's frame; empty: none. Checks that a refusal leaves the buffer alone and that nothing behind the error changes.
Bytes error_for(const Bytes& frame, const IcmpError& error, std::size_t room = kRoom) {
  Bytes buffer(std::max(room, frame.size()), std::byte{0xee});
  std::ranges::copy(frame, buffer.begin());
  const Bytes before = buffer;
  const std::size_t length =
      build_icmp_error(std::span{buffer}.first(std::max(room, frame.size())), frame.size(), test::layer3_offset(frame), error);
  EXPECT_LE(length, buffer.size());
  EXPECT_TRUE(std::equal(buffer.begin() + static_cast<std::ptrdiff_t>(length), buffer.end(),
                         before.begin() + static_cast<std::ptrdiff_t>(length)));
  buffer.resize(length);
  return buffer;
}

// As error_for, in a buffer of exactly `room` bytes, of which the frame's first ones are filled.
std::size_t length_in_room(const Bytes& frame, std::size_t room) {
  Bytes buffer{frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(std::min(room, frame.size()))};
  const std::size_t valid = buffer.size();
  buffer.resize(room);
  return build_icmp_error(buffer, valid, kL3, {});
}

bool is_answered(const PacketBuilder& builder) { return !error_for(builder.build(), {}).empty(); }

// ---- What it looks like: frames of scapy 2.5.0, with E = Ether(src=director, dst=client)

TEST(IcmpError, TimeExceededGoesBackIntoTheVlanWithTheQuote) {
  // E/Dot1Q(vlan=5)/IP(src="192.168.1.200", dst="10.0.0.1", ttl=64, tos=0xde, id=0x77)/ICMP(type=11,
  // code=0)/Raw(bytes(OFFENDING)) OFFENDING: IP(src="10.0.0.1", dst="192.168.1.200", ttl=1, tos=0xff, id=0x1234, flags="DF")
  //  /TCP(sport=1234, dport=80, flags="S", seq=0x10000001, window=65535)
  const Bytes offending =
      request().vlan(5).ttl(1).tos(0xff).identification(0x1234).dont_fragment().tcp(1234, 80, tcp_flag::kSyn).build();
  EXPECT_EQ(
      to_hex(error_for(offending, {.kind = Kind::kTimeExceeded, .identification = 0x77})),
      "02000000000c02000000000d81000005080045de0044007700004001acf3c0a801c80a0000010b00c18b0000000045ff00281234400001069a2c"
      "0a000001c0a801c804d2005010000001000000005002ffffce4e0000");
}

TEST(IcmpError, FragmentationNeededQuotes548Bytes) {
  // E/IP(src="192.168.1.200", dst="10.0.0.1", ttl=64, tos=0xc0, id=0x77)/ICMP(type=3, code=4, nexthopmtu=1400)
  //  /Raw(bytes(OFFENDING)[:548]); the ICMP checksum c2a1 covers the quote.
  const Bytes offending = request().identification(0x1234).dont_fragment().udp(1234, 80).payload(1472).build();
  const Bytes error = error_for(offending, {.kind = Kind::kPacketTooBig, .mtu = 1400, .identification = 0x77});
  ASSERT_EQ(error.size(), kL3 + 576);
  EXPECT_EQ(to_hex(std::span{error}.first(42)),
            "02000000000c02000000000d080045c00240007700004001ab15c0a801c80a0000010304c2a100000578");
  EXPECT_EQ(to_hex(std::span{error}.subspan(42)), to_hex(std::span{offending}.subspan(kL3, 548)));
}

TEST(IcmpError, Ipv6PortUnreachable) {
  // E/IPv6(src="fd77::100", dst="fd77::1", hlim=64)/ICMPv6DestUnreach(code=4)/Raw(bytes(OFFENDING))
  // OFFENDING: IPv6(src="fd77::1", dst="fd77::100")/UDP(sport=1234, dport=80)/b"penstock"
  const Bytes offending = request6().udp(1234, 80).payload(test::from_hex("70656e73746f636b")).build();
  EXPECT_EQ(
      to_hex(error_for(offending, {.kind = Kind::kPortUnreachable})),
      "02000000000c02000000000d86dd6000000000403a40fd770000000000000000000000000100fd77000000000000000000000000000101049161"
      "000000006000000000101140fd770000000000000000000000000001fd77000000000000000000000000010004d200500010480870656e7374"
      "6f636b");
}

TEST(IcmpError, Ipv6PacketTooBigFillsTheMinimumMtu) {
  // E/IPv6(src="fd77::100", dst="fd77::1", hlim=64)/ICMPv6PacketTooBig(mtu=1400)/Raw(bytes(OFFENDING)[:1232])
  const Bytes offending = request6().udp(1234, 80).payload(1452).build();
  const Bytes error = error_for(offending, {.kind = Kind::kPacketTooBig, .mtu = 1400});
  ASSERT_EQ(error.size(), kL3 + 1280);
  EXPECT_EQ(to_hex(std::span{error}.first(62)),
            "02000000000c02000000000d86dd6000000004d83a40fd770000000000000000000000000100fd770000000000000000000000000001"
            "0200287d00000578");
  EXPECT_EQ(to_hex(std::span{error}.subspan(62)), to_hex(std::span{offending}.subspan(kL3, 1232)));
}

// ---- What the kernel answers, captured on a veth pair (Linux 6.18, a closed UDP port; sent with scapy)

TEST(IcmpError, IsTheKernelsForIpv4ButForTheIdentification) {
  const Bytes offending =
      test::from_hex("02000000000d02000000000c080045ff002412344000071194250a000001c0a801c804d200510010778670656e73746f636b");
  EXPECT_EQ(to_hex(error_for(offending, {.kind = Kind::kPortUnreachable, .identification = 0x0f95})),
            "02000000000c02000000000d080045de00400f95000040019dd9c0a801c80a0000010303c98f"
            "0000000045ff002412344000071194250a000001c0a801c804d200510010778670656e73746f636b");
}

TEST(IcmpError, IsTheKernelsForIpv6ButForTheFlowLabel) {
  const Bytes offending = test::from_hex(
      "02000000000d02000000000c86dd6281234500101140fd770000000000000000000000000001fd77000000000000000000000000010004d2"
      "00510010480770656e73746f636b");
  // The kernel's first word of the IPv6 header was 60085d95: a flow label of its own choice, which no checksum covers.
  EXPECT_EQ(to_hex(error_for(offending, {.kind = Kind::kPortUnreachable})),
            "02000000000c02000000000d86dd6000000000403a40fd770000000000000000000000000100fd770000000000000000000000000001"
            "01046b9b000000006281234500101140fd770000000000000000000000000001fd77000000000000000000000000010004d2005100104807"
            "70656e73746f636b");
}

struct TypeRow {
  Kind kind;
  std::uint8_t type4, code4, type6, code6;
};

TEST(IcmpError, EachKindHasItsTypeAndCode) {
  for (const TypeRow& row : {TypeRow{Kind::kPortUnreachable, 3, 3, 1, 4}, TypeRow{Kind::kTimeExceeded, 11, 0, 3, 0},
                             TypeRow{Kind::kPacketTooBig, 3, 4, 2, 0}}) {
    const Bytes v4 = error_for(request().udp(1, 2).build(), {.kind = row.kind});
    const auto& icmp4 = overlay<IcmpHeader>(v4.data() + kL3 + sizeof(Ipv4Header));
    EXPECT_EQ(icmp4.type, row.type4);
    EXPECT_EQ(icmp4.code, row.code4);
    const Bytes v6 = error_for(request6().udp(1, 2).build(), {.kind = row.kind});
    const auto& icmp6 = overlay<IcmpHeader>(v6.data() + kL3 + sizeof(Ipv6Header));
    EXPECT_EQ(icmp6.type, row.type6);
    EXPECT_EQ(icmp6.code, row.code6);
  }
}

TEST(IcmpError, AnMtuBeyond16BitsIsTheMostThatIpv4CanSay) {
  const Bytes error = error_for(request().udp(1, 2).build(), {.kind = Kind::kPacketTooBig, .mtu = 100'000});
  EXPECT_EQ(overlay<IcmpHeader>(error.data() + kL3 + sizeof(Ipv4Header)).rest.value(), 65535U);
}

TEST(IcmpError, DoesNotQuoteEthernetPadding) {
  EXPECT_EQ(error_for(request().udp(1, 2).pad_to(60).build(), {}).size(), kL3 + 20 + 8 + 28);
}

TEST(IcmpError, QuotesIpv4OptionsAndDoesNotEchoThem) {
  const Bytes offending = request().ipv4_options(Bytes(40, std::byte{1})).udp(1, 2).payload(1000).build();
  const Bytes error = error_for(offending, {});
  EXPECT_EQ(error.size(), kL3 + 576);
  EXPECT_EQ(error[kL3], std::byte{0x45});
  EXPECT_EQ(error[kL3 + 28], std::byte{0x4f});
}

TEST(IcmpError, OfAFrameInSeveralSegmentsQuotesTheFirst) {
  Bytes offending = request().udp(1, 2).payload(1000).build();
  offending.resize(128);  // the IP header still says 1028
  EXPECT_EQ(error_for(offending, {}).size(), kL3 + 28 + (128 - kL3));
}

// ---- Room

TEST(IcmpError, ShortensTheQuoteToTheRoomDownToWhatRfc792Asks) {
  const Bytes frame = request().udp(1, 2).payload(400).build();
  constexpr std::size_t kLeast = kL3 + 20 + 8 + 28;
  EXPECT_EQ(length_in_room(frame, kLeast - 1), 0U);
  for (const std::size_t room : {kLeast, kLeast + 1, std::size_t{200}, std::size_t{590}}) {
    EXPECT_EQ(length_in_room(frame, room), std::min(room, kL3 + 20 + 8 + std::min(room, frame.size()) - kL3)) << room;
  }
  const Bytes frame6 = request6().udp(1, 2).payload(400).build();
  constexpr std::size_t kLeast6 = kL3 + 40 + 8 + 48;
  EXPECT_EQ(length_in_room(frame6, kLeast6 - 1), 0U);
  EXPECT_EQ(length_in_room(frame6, kLeast6), kLeast6);
}

TEST(IcmpError, NoneWhenTheFirstSegmentEndsBeforeWhatRfc792Asks) {
  const Bytes frame = request().udp(1, 2).payload(400).build();
  EXPECT_EQ(error_for({frame.begin(), frame.begin() + kL3 + 27}, {}).size(), 0U);
  EXPECT_EQ(error_for({frame.begin(), frame.begin() + kL3 + 28}, {}).size(), kL3 + 28 + 28);
}

TEST(IcmpError, ADatagramShorterThan8BytesIsQuotedWhole) {
  const Bytes frame = request().protocol(ip_protocol::kUdp).payload(3).build();
  EXPECT_EQ(error_for(frame, {}).size(), kL3 + 28 + 23);
  EXPECT_EQ(length_in_room(frame, kL3 + 28 + 22), 0U);
}

// ---- When there must be none

TEST(IcmpError, NoneToAnIcmpErrorOrAnUnknownType) {
  for (unsigned type = 0; type < 256; ++type) {
    const bool is_information = type == 0 || type == 8 || (type >= 13 && type <= 18);
    EXPECT_EQ(is_answered(request().icmp(static_cast<std::uint8_t>(type), 0).payload(28)), is_information)
        << "ICMP type " << type;
    const bool is_information6 = type >= 128 && type != icmpv6_type::kRedirect;
    EXPECT_EQ(is_answered(request6().icmp(static_cast<std::uint8_t>(type), 0).payload(48)), is_information6)
        << "ICMPv6 type " << type;
  }
}

TEST(IcmpError, NoneToAnIcmpv6ErrorBehindExtensionHeaders) {
  EXPECT_FALSE(is_answered(request6().hop_by_hop().destination_options().icmp(1, 4).payload(48)));
  EXPECT_TRUE(is_answered(request6().hop_by_hop().destination_options().icmp_echo_request(1, 1)));
}

TEST(IcmpError, NoneWhenItCannotBeSeenWhetherThePacketIsAnIcmpError) {
  EXPECT_FALSE(is_answered(request().protocol(ip_protocol::kIcmp)));
  EXPECT_FALSE(is_answered(request6().protocol(ip_protocol::kIcmpv6)));
  EXPECT_FALSE(is_answered(request6().hop_by_hop(16).icmp_echo_request(1, 1).truncate(kL3 + 48)));
}

TEST(IcmpError, NoneToALaterIpv4FragmentButToAnIpv6One) {
  EXPECT_TRUE(is_answered(request().fragment(0, true, 7).udp(1, 2).payload(16)));
  EXPECT_FALSE(is_answered(request().fragment(8, true, 7).protocol(ip_protocol::kUdp).payload(16)));
  EXPECT_TRUE(is_answered(request6().fragment(8, true, 7).protocol(ip_protocol::kUdp).payload(16)));
}

TEST(IcmpError, NoneToASourceThatIsNotOneHost) {
  for (const char* source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.18", "239.1.1.1", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_FALSE(is_answered(PacketBuilder{}.ipv4(source, "192.168.1.200").udp(1, 2))) << source;
  }
  for (const char* source : {"::", "::1", "ff02::1"}) {
    EXPECT_FALSE(is_answered(PacketBuilder{}.ipv6(source, "fd77::100").udp(1, 2))) << source;
  }
  EXPECT_TRUE(is_answered(PacketBuilder{}.ipv4("223.255.255.255", "192.168.1.200").udp(1, 2)));
  EXPECT_TRUE(is_answered(PacketBuilder{}.ipv6("fe80::1", "fe80::2").udp(1, 2)));
}

TEST(IcmpError, NoneToAPacketForAGroup) {
  EXPECT_FALSE(is_answered(PacketBuilder{}.ipv4("10.0.0.1", "224.0.0.18").udp(1, 2)));
  EXPECT_FALSE(is_answered(PacketBuilder{}.ipv4("10.0.0.1", "255.255.255.255").udp(1, 2)));
  EXPECT_FALSE(is_answered(PacketBuilder{}.ipv6("fd77::1", "ff02::1").udp(1, 2)));
  EXPECT_FALSE(is_answered(request().ethernet(test::kClientMac, kBroadcastMac).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().ethernet(test::kClientMac, test::mac("01:00:5e:00:00:12")).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().ethernet(test::mac("03:00:00:00:00:01"), test::kDirectorMac).udp(1, 2)));
}

TEST(IcmpError, NoneToWhatIsNotAPacket) {
  EXPECT_FALSE(is_answered(request().version(5).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().ihl(4).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().ihl(15).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().total_length(19).udp(1, 2)));
  EXPECT_FALSE(is_answered(request().udp(1, 2).truncate(kL3 + 19)));
  EXPECT_FALSE(is_answered(request6().udp(1, 2).truncate(kL3 + 39)));
  EXPECT_FALSE(is_answered(request().truncate(kL3)));
}

TEST(IcmpError, NoneForOffsetsAndLengthsThatDoNotFit) {
  Bytes buffer = request().udp(1, 2).build();
  const Bytes before = buffer;
  EXPECT_EQ(build_icmp_error(buffer, buffer.size() + 1, kL3, {}), 0U);
  EXPECT_EQ(build_icmp_error(buffer, buffer.size(), kL3 - 1, {}), 0U);
  EXPECT_EQ(build_icmp_error(buffer, buffer.size(), buffer.size(), {}), 0U);
  EXPECT_EQ(build_icmp_error({}, 0, 0, {}), 0U);
  EXPECT_EQ(buffer, before);
}

// ---- For any packet, kind and room

RC_GTEST_PROP(IcmpErrorProperty, IsIntactAndQuotesThePacketForAnyRoom, ()) {
  const bool is_v4 = *rc::gen::arbitrary<bool>();
  const auto payload = *rc::gen::inRange<std::size_t>(0, 1600);
  const auto room = *rc::gen::inRange<std::size_t>(0, 2000);
  PacketBuilder builder = is_v4 ? request() : request6();
  if (*rc::gen::arbitrary<bool>()) builder.vlan(5);
  const Bytes frame = builder.udp(1234, 80).payload(payload).build();
  const std::size_t l3 = test::layer3_offset(frame);
  const std::size_t ip_header = is_v4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);

  const Bytes error = error_for(frame, {.kind = *rc::gen::elementOf(kKinds), .mtu = 1400, .identification = 9}, room);
  RC_ASSERT(!error.empty() == (std::max(room, frame.size()) >= l3 + 2 * ip_header + 16));
  if (error.empty()) return;
  const std::span<const std::byte> packet = std::span{error}.subspan(l3);
  const std::span<const std::byte> message = packet.subspan(ip_header);
  const std::span<const std::byte> quote = message.subspan(sizeof(IcmpHeader));
  RC_ASSERT(std::ranges::equal(quote, std::span{frame}.subspan(l3, quote.size())));
  RC_ASSERT(packet.size() <= (is_v4 ? 576U : 1280U));
  if (is_v4) {
    RC_ASSERT(overlay<Ipv4Header>(packet.data()).total_length.value() == packet.size());
    RC_ASSERT(ipv4_header_checksum_ok(packet.first(ip_header)));
    RC_ASSERT(test::reference_checksum(message) == 0);
  } else {
    const auto& ip = overlay<Ipv6Header>(packet.data());
    RC_ASSERT(ip.payload_length.value() == message.size());
    RC_ASSERT(icmpv6_checksum_ok(ip.source, ip.destination, message));
  }
}

RC_GTEST_PROP(IcmpErrorProperty, StaysInsideAnyBytes, (const std::vector<std::uint8_t>& values)) {
  Bytes frame(12);
  test::append(frame, test::from_hex("0800"));
  if (*rc::gen::arbitrary<bool>()) frame.push_back(*rc::gen::element(std::byte{0x45}, std::byte{0x4f}, std::byte{0x60}));
  for (const std::uint8_t value : values) frame.push_back(std::byte{value});
  const std::size_t valid = frame.size();
  frame.resize(valid + *rc::gen::inRange<std::size_t>(0, 100));
  frame.shrink_to_fit();
  const std::size_t length = build_icmp_error(frame, valid, kL3, {.kind = *rc::gen::elementOf(kKinds)});
  RC_ASSERT(length <= frame.size());
}

}  // namespace
}  // namespace penstock::packet
