#include "dataplane/packet/icmp_quote.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "tests/support/packet_builder.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;

constexpr std::uint8_t kUnreachable = icmp_type::kDestinationUnreachable;
constexpr std::uint8_t kUnreachable6 = icmpv6_type::kDestinationUnreachable;

// What a real server sent to the client: from the VIP.
PacketBuilder answer() { return PacketBuilder{}.ipv4("192.168.1.200", "10.0.0.1"); }
PacketBuilder answer6() { return PacketBuilder{}.ipv6("fd77::100", "fd77::1"); }

// The ICMP message in memory of just its size, so that a sanitizer sees a read past its end.
Bytes message_of(const PacketBuilder& builder, std::size_t l4) {
  const Bytes frame = builder.build();
  return {frame.begin() + static_cast<std::ptrdiff_t>(l4), frame.end()};
}

Bytes error4(const PacketBuilder& quoted, std::size_t quote = SIZE_MAX, std::uint8_t type = kUnreachable) {
  return message_of(PacketBuilder{}.ipv4("10.9.9.9", "192.168.1.200").icmp_error(type, 3, 0, quoted.build(), quote),
                    sizeof(EthernetHeader) + sizeof(Ipv4Header));
}

Bytes error6(const PacketBuilder& quoted, std::size_t quote = SIZE_MAX, std::uint8_t type = kUnreachable6) {
  return message_of(PacketBuilder{}.ipv6("fd99::9", "fd77::100").icmp_error(type, 0, 0, quoted.build(), quote),
                    sizeof(EthernetHeader) + sizeof(Ipv6Header));
}

TEST(IcmpQuote, NamesTheFlowOfAnIpv4Packet) {
  const auto quote = quoted_packet(Family::kIpv4, error4(answer().tcp(80, 1234).payload(100)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->protocol, ip_protocol::kTcp);
  EXPECT_EQ(quote->source, test::v4("192.168.1.200"));
  EXPECT_EQ(quote->destination, test::v4("10.0.0.1"));
  EXPECT_EQ(quote->source_port.value(), 80);
  EXPECT_EQ(quote->destination_port.value(), 1234);
  EXPECT_EQ(quote->fragment_offset, 0);
}

TEST(IcmpQuote, NamesTheFlowOfAnIpv6PacketBehindExtensionHeaders) {
  const auto quote =
      quoted_packet(Family::kIpv6, error6(answer6().hop_by_hop().destination_options(16).udp(53, 5353).payload(10)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->protocol, ip_protocol::kUdp);
  EXPECT_EQ(quote->source, test::v6("fd77::100"));
  EXPECT_EQ(quote->destination, test::v6("fd77::1"));
  EXPECT_EQ(quote->source_port.value(), 53);
  EXPECT_EQ(quote->destination_port.value(), 5353);
}

TEST(IcmpQuote, LooksBehindIpv4Options) {
  const auto quote = quoted_packet(Family::kIpv4, error4(answer().ipv4_options(Bytes(40, std::byte{1})).udp(53, 5353)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->source_port.value(), 53);
}

TEST(IcmpQuote, TakesTheTypesThatIpvsTakes) {
  for (unsigned type = 0; type < 256; ++type) {
    const bool v4 =
        quoted_packet(Family::kIpv4, error4(answer().udp(53, 5353), SIZE_MAX, static_cast<std::uint8_t>(type))).has_value();
    EXPECT_EQ(v4, type == 3 || type == 4 || type == 11) << "ICMP type " << type;
    const auto v6 = quoted_packet(Family::kIpv6, error6(answer6().udp(53, 5353), SIZE_MAX, static_cast<std::uint8_t>(type)));
    EXPECT_EQ(v6.has_value(), type < 128) << "ICMPv6 type " << type;
    if (!v6) {
      EXPECT_EQ(v6.error(), NoIcmpQuote::kNotAnError);
    }
  }
}

TEST(IcmpQuote, NeedsNoMoreThanRfc792Quotes) {
  const Bytes message = error4(answer().tcp(80, 1234).payload(100), 28);
  ASSERT_EQ(message.size(), 36U);
  const auto quote = quoted_packet(Family::kIpv4, message);
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->destination_port.value(), 1234);
}

TEST(IcmpQuote, IsTruncatedWhenAHeaderOrThePortsAreCut) {
  const Bytes whole = error4(answer().ipv4_options(Bytes(8, std::byte{1})).tcp(80, 1234));
  constexpr std::size_t kNeeded = 8 + 28 + 4;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Bytes message{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    const auto quote = quoted_packet(Family::kIpv4, message);
    EXPECT_EQ(quote.has_value(), size >= kNeeded) << size;
    if (!quote) {
      EXPECT_EQ(quote.error(), NoIcmpQuote::kTruncated) << size;
    }
  }
}

TEST(IcmpQuote, IsTruncatedWhenAnIpv6HeaderOrThePortsAreCut) {
  const Bytes whole = error6(answer6().hop_by_hop().udp(53, 5353));
  constexpr std::size_t kNeeded = 8 + 40 + 8 + 4;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Bytes message{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    const auto quote = quoted_packet(Family::kIpv6, message);
    EXPECT_EQ(quote.has_value(), size >= kNeeded) << size;
    if (!quote) {
      EXPECT_EQ(quote.error(), NoIcmpQuote::kTruncated) << size;
    }
  }
}

TEST(IcmpQuote, OfALaterFragmentHasNoPorts) {
  const auto quote =
      quoted_packet(Family::kIpv4, error4(answer().fragment(1480, false, 7).protocol(ip_protocol::kUdp).payload(100)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->fragment_offset, 1480);
  EXPECT_EQ(quote->source_port.value(), 0);
  EXPECT_EQ(quote->destination_port.value(), 0);

  const auto quote6 =
      quoted_packet(Family::kIpv6, error6(answer6().fragment(1448, true, 7).protocol(ip_protocol::kUdp).payload(100)));
  ASSERT_TRUE(quote6.has_value());
  EXPECT_EQ(quote6->fragment_offset, 1448);
  EXPECT_EQ(quote6->source_port.value(), 0);
}

TEST(IcmpQuote, OfAFirstFragmentHasPorts) {
  const auto quote = quoted_packet(Family::kIpv6, error6(answer6().fragment(0, true, 7).udp(53, 5353)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->source_port.value(), 53);
}

TEST(IcmpQuote, OfAProtocolWithoutPortsHasNone) {
  const auto quote = quoted_packet(Family::kIpv4, error4(answer().icmp_echo_request(0x1234, 7)));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->protocol, ip_protocol::kIcmp);
  EXPECT_EQ(quote->source_port.value(), 0);
}

TEST(IcmpQuote, IsMalformedWhenItIsNotAPacketOfThisVersion) {
  const auto error_of = [](Family family, const Bytes& message) { return quoted_packet(family, message).error(); };
  EXPECT_EQ(error_of(Family::kIpv4, error4(answer().version(6).udp(53, 5353))), NoIcmpQuote::kMalformed);
  EXPECT_EQ(error_of(Family::kIpv4, error4(answer().ihl(4).udp(53, 5353))), NoIcmpQuote::kMalformed);
  EXPECT_EQ(error_of(Family::kIpv6, error6(answer6().version(4).udp(53, 5353))), NoIcmpQuote::kMalformed);
  PacketBuilder many = answer6();
  for (int i = 0; i < 9; ++i) many.destination_options();
  EXPECT_EQ(error_of(Family::kIpv6, error6(many.udp(53, 5353))), NoIcmpQuote::kMalformed);
}

TEST(IcmpQuote, DoesNotTrustTheQuotedLengthAndChecksum) {
  // A quote is cut, and the router that made it has changed the TTL.
  EXPECT_TRUE(quoted_packet(Family::kIpv4, error4(answer().total_length(1500).bad_ip_checksum().udp(53, 5353))).has_value());
}

RC_GTEST_PROP(IcmpQuoteProperty, StaysInsideAnyBytes, (const std::vector<std::uint8_t>& values)) {
  const auto family = *rc::gen::element(Family::kIpv4, Family::kIpv6);
  Bytes message(8);
  message[0] = std::byte{kUnreachable};
  message.push_back(std::byte{family == Family::kIpv4 ? std::uint8_t{0x46} : std::uint8_t{0x60}});
  for (const std::uint8_t value : values) message.push_back(std::byte{value});
  message.shrink_to_fit();
  const auto quote = quoted_packet(family, message);
  RC_ASSERT(quote.has_value() || quote.error() != NoIcmpQuote::kNotAnError);
}

}  // namespace
}  // namespace penstock::packet
