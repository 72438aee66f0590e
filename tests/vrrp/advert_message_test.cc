// Messages: each error by name, the limits, and that what we write is what we read.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/support/packet_builder.h"
#include "tests/vrrp/raw_advert.h"
#include "vrrp/advert_codec.h"

namespace penstock::vrrp {
namespace {

using test::Bytes;
using test::RawAdvert;

struct ErrorRow {
  std::string_view name;
  MessageError expected;
  RawAdvert advert;
};

std::vector<ErrorRow> error_rows() {
  const RawAdvert v2 = test::version2();
  const RawAdvert v3 = test::version3();
  const RawAdvert v6 = test::version3_ipv6();
  return {
      {"nothing", MessageError::kTooShort, test::changed(v2, [](RawAdvert& a) { a.cut = 20; })},
      {"a byte less than the header", MessageError::kTooShort, test::changed(v2, [](RawAdvert& a) { a.cut = 13; })},
      {"the header alone", MessageError::kLength, test::changed(v2, [](RawAdvert& a) { a.cut = 12; })},
      {"a byte less, v2", MessageError::kLength, test::changed(v2, [](RawAdvert& a) { a.cut = 1; })},
      {"a byte more, v2", MessageError::kLength, test::changed(v2, [](RawAdvert& a) { a.more = 1; })},
      {"a byte less, v3", MessageError::kLength, test::changed(v3, [](RawAdvert& a) { a.cut = 1; })},
      {"authentication in v3", MessageError::kLength, test::changed(v3, [](RawAdvert& a) { a.more = 8; })},
      {"a byte less, IPv6", MessageError::kLength, test::changed(v6, [](RawAdvert& a) { a.cut = 1; })},
      {"count 255 of one address", MessageError::kLength, test::changed(v2, [](RawAdvert& a) { a.count = 255; })},
      {"count 0 of one address", MessageError::kLength, test::changed(v3, [](RawAdvert& a) { a.count = 0; })},
      {"version 0", MessageError::kVersion, test::changed(v3, [](RawAdvert& a) { a.version = 0; })},
      {"version 1", MessageError::kVersion, test::changed(v3, [](RawAdvert& a) { a.version = 1; })},
      {"version 4", MessageError::kVersion, test::changed(v3, [](RawAdvert& a) { a.version = 4; })},
      {"version 15", MessageError::kVersion, test::changed(v3, [](RawAdvert& a) { a.version = 15; })},
      {"version 2 over IPv6", MessageError::kVersion,
       test::changed(v6,
                     [](RawAdvert& a) {
                       a.version = 2;
                       a.cut = 8;
                     })},
      {"type 0", MessageError::kType, test::changed(v2, [](RawAdvert& a) { a.type = 0; })},
      {"type 2", MessageError::kType, test::changed(v3, [](RawAdvert& a) { a.type = 2; })},
      {"one bit of the checksum, v2", MessageError::kChecksum, test::changed(v2, [](RawAdvert& a) { a.checksum_error = 1; })},
      {"one bit of the checksum, v3", MessageError::kChecksum,
       test::changed(v3, [](RawAdvert& a) { a.checksum_error = 0x8000; })},
      {"a pseudo header in v2", MessageError::kChecksum,
       test::changed(v2, [](RawAdvert& a) { a.counts_pseudo_header = true; })},
      {"no pseudo header in IPv6", MessageError::kChecksum,
       test::changed(v6, [](RawAdvert& a) { a.counts_pseudo_header = false; })},
  };
}

TEST(AdvertMessage, EachErrorHasItsName) {
  for (const ErrorRow& row : error_rows()) {
    const Bytes bytes = test::frame_of(row.advert);
    const auto frame = read_frame(bytes);
    ASSERT_TRUE(frame) << row.name;
    const auto advert = read_message(*frame);
    ASSERT_FALSE(advert) << row.name;
    EXPECT_EQ(advert.error(), row.expected) << row.name << ": " << to_string(advert.error());
  }
}

TEST(AdvertMessage, EachErrorHasARowAndWords) {
  std::set<MessageError> seen;
  std::set<std::string_view> words;
  for (const ErrorRow& row : error_rows()) seen.insert(row.expected);
  for (std::size_t i = 0; i < kMessageErrorCount; ++i) {
    const auto error = static_cast<MessageError>(i);
    EXPECT_TRUE(seen.contains(error)) << to_string(error);
    words.insert(to_string(error));
  }
  EXPECT_EQ(words.size(), kMessageErrorCount);
  EXPECT_EQ(to_string(static_cast<MessageError>(kMessageErrorCount)), "unknown") << "kMessageErrorCount is too small";
}

TEST(AdvertMessage, AMessageOfAnyShorterLengthIsRefused) {
  for (const RawAdvert& whole : {test::version2(), test::version3(), test::version3_ipv6()}) {
    const std::size_t size = test::message_of(whole).size();
    for (std::size_t cut = 1; cut <= size; ++cut) {
      const Bytes bytes = test::frame_of(test::changed(whole, [cut](RawAdvert& advert) { advert.cut = cut; }));
      const auto advert = read_message(read_frame(bytes).value());
      ASSERT_FALSE(advert) << cut;
      EXPECT_EQ(advert.error(), size - cut < 8 ? MessageError::kTooShort : MessageError::kLength) << cut;
    }
  }
}

TEST(AdvertMessage, BothFormsOfVersion3sChecksumAreTakenAndTold) {
  RawAdvert raw = test::version3();
  Bytes bytes = test::frame_of(raw);
  EXPECT_EQ(read_message(read_frame(bytes).value()).value().checksum, ChecksumForm::kPseudoHeader);
  raw.counts_pseudo_header = false;
  bytes = test::frame_of(raw);
  EXPECT_EQ(read_message(read_frame(bytes).value()).value().checksum, ChecksumForm::kMessage);
}

TEST(AdvertMessage, ReservedBitsOfVersion3AreIgnored) {
  RawAdvert raw = test::version3();
  raw.interval = 0xf00a;
  const Bytes bytes = test::frame_of(raw);
  EXPECT_EQ(read_message(read_frame(bytes).value()).value().interval, std::chrono::milliseconds{100});
}

TEST(AdvertMessage, TheVirtualRouterIsToldOfAnythingThatHasTwoBytes) {
  EXPECT_EQ(virtual_router_id_of(Bytes{}), std::nullopt);
  EXPECT_EQ(virtual_router_id_of(Bytes{std::byte{0x21}}), std::nullopt);
  EXPECT_EQ(virtual_router_id_of(Bytes{std::byte{0xff}, std::byte{51}}), 51);
}

Advert with_addresses(packet::Family family, std::uint8_t version, std::size_t count) {
  Advert advert{.family = family, .version = version, .virtual_router_id = 1, .priority = 100};
  if (version == 3) advert.checksum = ChecksumForm::kPseudoHeader;
  for (std::size_t i = 0; i < count; ++i) {
    packet::Ipv6Address v6 = test::v6("fd77::");
    v6.bytes[15] = static_cast<std::uint8_t>(i);
    const packet::Ipv4Address v4{0x0a4d'0000U + static_cast<std::uint32_t>(i)};
    advert.addresses.push_back(family == packet::Family::kIpv4 ? packet::IpAddress{v4} : packet::IpAddress{v6});
  }
  return advert;
}

Envelope envelope_of(packet::Family family) {
  Envelope envelope{
      .source_mac = test::mac("02:00:00:00:00:01"), .source = test::v4("10.77.0.1"), .destination = test::v4("224.0.0.18")};
  if (family == packet::Family::kIpv6) {
    envelope.source = test::v6("fe80::1");
    envelope.destination = test::v6("ff02::12");
  }
  envelope.destination_mac = multicast_mac_of(envelope.destination);
  return envelope;
}

TEST(AdvertMessage, AsManyAddressesAsMayBeFitAFrameOf1500Bytes) {
  struct Kind {
    packet::Family family;
    std::uint8_t version;
    std::size_t ip_bytes;
  };
  for (const auto& [family, version, ip_bytes] :
       {Kind{packet::Family::kIpv4, 2, 20 + 8 + 255 * 4 + 8}, Kind{packet::Family::kIpv4, 3, 20 + 8 + 255 * 4},
        Kind{packet::Family::kIpv6, 3, 40 + 8 + 89 * 16}}) {
    const Advert advert = with_addresses(family, version, most_addresses(family));
    const Bytes bytes = advert_frame(advert, envelope_of(family));
    EXPECT_EQ(bytes.size() - 14, ip_bytes);
    EXPECT_LE(bytes.size() - 14, 1500U);
    EXPECT_EQ(read_message(read_frame(bytes).value()).value(), advert);
  }
}

TEST(AdvertMessage, MoreIpv6AddressesThanAFrameHasRoomForAreReadAllTheSame) {
  const Advert advert = with_addresses(packet::Family::kIpv6, 3, 255);
  const Bytes bytes = advert_frame(advert, envelope_of(packet::Family::kIpv6));
  EXPECT_EQ(read_message(read_frame(bytes).value()).value(), advert);
}

TEST(AdvertMessage, IntervalsBeyondTheFieldAreItsGreatest) {
  Advert advert = with_addresses(packet::Family::kIpv4, 2, 1);
  advert.interval = std::chrono::seconds{300};
  Bytes bytes = advert_frame(advert, envelope_of(advert.family));
  EXPECT_EQ(read_message(read_frame(bytes).value()).value().interval, std::chrono::seconds{255});
  advert.version = 3;
  bytes = advert_frame(advert, envelope_of(advert.family));
  EXPECT_EQ(read_message(read_frame(bytes).value()).value().interval, std::chrono::milliseconds{40'950});
}

TEST(AdvertMessage, APasswordIsItsFirst8BytesFilledUpWithZeros) {
  const auto field = [](std::string_view password) { return test::to_hex(authentication_of(password)); };
  EXPECT_EQ(field(""), "0000000000000000");
  EXPECT_EQ(field("ab"), "6162000000000000");
  EXPECT_EQ(field("password"), "70617373776f7264");
  EXPECT_EQ(field("password1"), "70617373776f7264");
}

Advert any_advert() {
  const bool is_v6 = *rc::gen::arbitrary<bool>();
  const std::uint8_t version = is_v6 || *rc::gen::arbitrary<bool>() ? 3 : 2;
  const auto family = is_v6 ? packet::Family::kIpv6 : packet::Family::kIpv4;
  Advert advert = with_addresses(family, version, *rc::gen::inRange<std::size_t>(0, 256));
  advert.virtual_router_id = *rc::gen::arbitrary<std::uint8_t>();
  advert.priority = *rc::gen::arbitrary<std::uint8_t>();
  if (version == 2) {
    advert.interval = std::chrono::seconds{*rc::gen::inRange(0, 256)};
    advert.authentication_type = *rc::gen::arbitrary<std::uint8_t>();
    for (std::byte& byte : advert.authentication) byte = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  } else {
    advert.interval = std::chrono::milliseconds{10 * *rc::gen::inRange(0, 4096)};
    advert.checksum = is_v6 || *rc::gen::arbitrary<bool>() ? ChecksumForm::kPseudoHeader : ChecksumForm::kMessage;
  }
  return advert;
}

RC_GTEST_PROP(AdvertMessage, WhatIsWrittenIsRead, ()) {
  const Advert advert = any_advert();
  Envelope envelope = envelope_of(advert.family);
  envelope.ttl = *rc::gen::arbitrary<std::uint8_t>();
  envelope.identification = *rc::gen::arbitrary<std::uint16_t>();
  const Bytes bytes = advert_frame(advert, envelope);
  const auto frame = read_frame(bytes);
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->source_mac == envelope.source_mac);
  RC_ASSERT(frame->source == envelope.source);
  RC_ASSERT(frame->destination == envelope.destination);
  RC_ASSERT(frame->ttl == envelope.ttl);
  const auto read = read_message(*frame);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == advert);
}

}  // namespace
}  // namespace penstock::vrrp
