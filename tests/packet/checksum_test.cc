#include "dataplane/packet/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/overlay.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::from_hex;
using test::PacketBuilder;
using test::reference_checksum;

Be16 checksum_of(std::span<const std::byte> bytes) {
  OnesComplementSum sum;
  sum.add(bytes);
  return sum.checksum();
}

Bytes to_bytes(const std::vector<std::uint8_t>& values) {
  const auto bytes = std::as_bytes(std::span{values});
  return {bytes.begin(), bytes.end()};
}

// A header with `id` in it and its right checksum.
Ipv4Header header_with(std::uint16_t id, std::uint8_t ttl, std::uint8_t protocol) {
  Ipv4Header header{.version_ihl = 0x45,
                    .type_of_service = 0,
                    .total_length = Be16{40},
                    .identification = Be16{id},
                    .flags_fragment_offset = {},
                    .time_to_live = ttl,
                    .protocol = protocol,
                    .header_checksum = {},
                    .source = test::v4("10.0.0.1"),
                    .destination = test::v4("192.168.1.200")};
  header.header_checksum.set(reference_checksum(test::bytes_of(header)));
  return header;
}

TEST(Checksum, OfTheExampleInRfc1071Section3) {
  const Bytes bytes = from_hex("0001 f203 f4f5 f6f7");
  OnesComplementSum sum;
  sum.add(bytes);
  EXPECT_EQ(std::bit_cast<Be16>(sum.folded()).value(), 0xddf2);
  EXPECT_EQ(sum.checksum().value(), 0x220d);
}

TEST(Checksum, OfNothingIsMinusZero) {
  EXPECT_EQ(checksum_of({}).value(), 0xffff);
  EXPECT_FALSE(OnesComplementSum{}.is_intact());
}

TEST(Checksum, CarriesThroughTheLongestPacketOfOnes) {
  const Bytes bytes(65535, std::byte{0xff});
  EXPECT_EQ(checksum_of(bytes).value(), reference_checksum(bytes));
}

RC_GTEST_PROP(ChecksumProperty, EqualsThePlainLoopAtAnyLengthAndAlignment, (const std::vector<std::uint8_t>& values)) {
  const auto shift = *rc::gen::inRange<std::size_t>(0, 8);
  Bytes shifted(shift);
  test::append(shifted, to_bytes(values));
  const std::span<const std::byte> bytes = std::span{shifted}.subspan(shift);
  RC_ASSERT(checksum_of(bytes).value() == reference_checksum(bytes));
}

RC_GTEST_PROP(ChecksumProperty, OfPiecesOfEvenLengthIsThatOfTheWhole, (const std::vector<std::uint8_t>& values)) {
  const Bytes bytes = to_bytes(values);
  const std::size_t cut = *rc::gen::inRange<std::size_t>(0, bytes.size() / 2 + 1) * 2;
  OnesComplementSum sum;
  sum.add(std::span{bytes}.first(cut));
  sum.add(std::span{bytes}.subspan(cut));
  RC_ASSERT(sum.checksum() == checksum_of(bytes));
}

TEST(Ipv4HeaderChecksum, AcceptsAKnownHeader) {
  // The header of RFC 791's form that textbooks compute: checksum b861.
  const Bytes header = from_hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7");
  EXPECT_TRUE(ipv4_header_checksum_ok(header));
  EXPECT_EQ(ipv4_header_checksum(header).value(), 0xb861);
}

TEST(Ipv4HeaderChecksum, CountsOptions) {
  for (std::size_t options = 0; options <= 40; options += 4) {
    const Bytes frame =
        PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").ipv4_options(Bytes(options, std::byte{1})).udp(1, 2).build();
    const std::span<const std::byte> header = std::span{frame}.subspan(sizeof(EthernetHeader), sizeof(Ipv4Header) + options);
    EXPECT_TRUE(ipv4_header_checksum_ok(header)) << options;
    EXPECT_EQ(ipv4_header_checksum(header), overlay<Ipv4Header>(header.data()).header_checksum) << options;
  }
}

TEST(Ipv4HeaderChecksum, NoticesEachSingleBit) {
  for (const std::size_t options : {0U, 4U, 40U}) {
    const Bytes frame =
        PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").ipv4_options(Bytes(options, std::byte{1})).udp(1, 2).build();
    Bytes header;
    test::append(header, std::span{frame}.subspan(sizeof(EthernetHeader), sizeof(Ipv4Header) + options));
    for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
      header[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      EXPECT_FALSE(ipv4_header_checksum_ok(header)) << "bit " << bit << " of a header with " << options << " bytes of options";
      header[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    }
  }
}

// Half of the headers are intact.
RC_GTEST_PROP(Ipv4BaseHeaderProperty, IsIntactWhenTheSumOfItsWordsSaysSo, (bool repaired)) {
  auto values = *rc::gen::container<std::vector<std::uint8_t>>(sizeof(Ipv4Header), rc::gen::arbitrary<std::uint8_t>());
  Bytes header = to_bytes(values);
  header[0] = std::byte{0x45};
  auto& ip = overlay<Ipv4Header>(header.data());
  if (repaired) ip.header_checksum = ipv4_header_checksum(header);
  OnesComplementSum sum;
  sum.add(header);
  RC_ASSERT(is_ipv4_base_header_intact(header.data()) == sum.is_intact());
  RC_ASSERT(!repaired || is_ipv4_base_header_intact(header.data()));
}

TEST(Ipv4BaseHeader, OfOnesIsIntactAndOfZerosIsNot) {
  EXPECT_TRUE(is_ipv4_base_header_intact(Bytes(20, std::byte{0xff}).data()));
  EXPECT_FALSE(is_ipv4_base_header_intact(Bytes(20, std::byte{0}).data()));
}

TEST(UpdatedChecksum, OfTheExampleInRfc1624Section4) {
  // Equation 2 of RFC 1141 gives 0xffff here.
  EXPECT_EQ(updated_checksum(Be16{0xdd2f}, Be16{0x5555}, Be16{0x3285}).value(), 0x0000);
}

RC_GTEST_PROP(UpdatedChecksumProperty, EqualsAFullComputation, (std::uint16_t id, std::uint16_t other, std::uint8_t ttl)) {
  Ipv4Header header = header_with(id, ttl, ip_protocol::kTcp);
  header.header_checksum = updated_checksum(header.header_checksum, header.identification, Be16{other});
  header.identification = Be16{other};
  RC_ASSERT(header.header_checksum == header_with(other, ttl, ip_protocol::kTcp).header_checksum);
}

TEST(DecrementTtl, EqualsAFullComputationForEachChecksum) {
  // All identifications: so all checksums, those at the carry included.
  for (unsigned id = 0; id <= 0xffff; ++id) {
    Ipv4Header header = header_with(static_cast<std::uint16_t>(id), 64, ip_protocol::kTcp);
    decrement_ttl(header);
    const Ipv4Header expected = header_with(static_cast<std::uint16_t>(id), 63, ip_protocol::kTcp);
    ASSERT_EQ(header.time_to_live, 63);
    ASSERT_EQ(header.header_checksum, expected.header_checksum) << "identification " << id;
  }
}

RC_GTEST_PROP(DecrementTtlProperty, EqualsAFullComputationForEachTtlAndProtocol, (std::uint16_t id, std::uint8_t protocol)) {
  for (unsigned ttl = 255; ttl > 0; --ttl) {
    Ipv4Header header = header_with(id, static_cast<std::uint8_t>(ttl), protocol);
    decrement_ttl(header);
    RC_ASSERT(header.header_checksum == header_with(id, static_cast<std::uint8_t>(ttl - 1), protocol).header_checksum);
  }
}

TEST(DecrementTtl, KeepsAHeaderIntactWhoseSenderWroteMinusZero) {
  // Some senders write 0xffff where 0 is meant; the sum accepts both.
  for (unsigned id = 0; id <= 0xffff; ++id) {
    Ipv4Header header = header_with(static_cast<std::uint16_t>(id), 64, ip_protocol::kUdp);
    if (header.header_checksum.value() != 0) continue;
    header.header_checksum.set(0xffff);
    ASSERT_TRUE(ipv4_header_checksum_ok(test::bytes_of(header)));
    decrement_ttl(header);
    EXPECT_TRUE(ipv4_header_checksum_ok(test::bytes_of(header)));
    return;
  }
  FAIL() << "no identification gives checksum 0";
}

// Frames of scapy 2.5.0, see packet_builder_test.cc.
TEST(PseudoHeader, OfTcpOverIpv4) {
  const Bytes frame = from_hex(
      "02000000000d02000000000c08004500002c12344000070695270a000001c0a801c804d2005010000001000000006002ffffb6920000020405b4");
  OnesComplementSum sum = pseudo_header(test::v4("10.0.0.1"), test::v4("192.168.1.200"), ip_protocol::kTcp, 24);
  sum.add(std::span{frame}.subspan(34));
  EXPECT_TRUE(sum.is_intact());
}

TEST(PseudoHeader, OfUdpOverIpv6OfOddLength) {
  const Bytes udp = from_hex("14e900350011170a70656e73746f636b21");
  OnesComplementSum sum = pseudo_header(test::v6("fd77::1"), test::v6("fd77::100"), ip_protocol::kUdp, 17);
  sum.add(udp);
  EXPECT_TRUE(sum.is_intact());
}

TEST(IcmpChecksum, IsPlainForIpv4AndHasAPseudoHeaderForIpv6) {
  Bytes echo = from_hex("0800 06f4 1234 0007 70696e67");
  EXPECT_TRUE(icmp_checksum_ok(echo));
  echo[8] ^= std::byte{1};
  EXPECT_FALSE(icmp_checksum_ok(echo));

  Bytes echo6 = from_hex("8000 92bc 1234 0007 70696e67");
  EXPECT_TRUE(icmpv6_checksum_ok(test::v6("fd77::1"), test::v6("fd77::100"), echo6));
  EXPECT_FALSE(icmpv6_checksum_ok(test::v6("fd77::1"), test::v6("fd77::101"), echo6));
  EXPECT_FALSE(icmp_checksum_ok(echo6));
}

}  // namespace
}  // namespace penstock::packet
