// The packet validation table: what an instance refuses, by which name and with which line.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/support/packet_builder.h"
#include "tests/vrrp/raw_advert.h"
#include "vrrp/advert_check.h"

namespace penstock::vrrp {
namespace {

using test::Bytes;
using test::RawAdvert;

const std::vector<packet::IpAddress> kOwnAddresses{test::v4("10.77.0.1"), test::v6("fe80::1")};

std::expected<Accepted, Rejected> judge_frame(const Bytes& bytes, const InstanceSpec& spec, bool known_master = false) {
  return judge(read_frame(bytes).value(), spec, kOwnAddresses, known_master);
}

using Change = std::function<void(RawAdvert&)>;

struct Row {
  std::string_view name;
  Rejection expected;
  Bytes frame;
  InstanceSpec spec;
  std::string_view line;  // behind "(VI_1) "
};

Row v2(std::string_view name, Rejection expected, const Change& change, std::string_view line) {
  return {name, expected, test::frame_of(test::changed(test::version2(), change)), test::instance(), line};
}
Row v3(std::string_view name, Rejection expected, const Change& change, std::string_view line) {
  return {name, expected, test::frame_of(test::changed(test::version3(), change)), test::instance3(), line};
}
Row v6(std::string_view name, Rejection expected, const Change& change, std::string_view line) {
  return {name, expected, test::frame_of(test::changed(test::version3_ipv6(), change)), test::instance3_ipv6(), line};
}

std::vector<Row> rows_of_lengths_and_versions() {
  return {
      v2(
          "nothing", Rejection::kLength, [](RawAdvert& a) { a.cut = 20; }, "vrrp packet too short, length 20 and expect 28"),
      v2(
          "a byte less than the header", Rejection::kLength, [](RawAdvert& a) { a.cut = 13; },
          "vrrp packet too short, length 27 and expect 40"),
      v2(
          "an address less", Rejection::kLength, [](RawAdvert& a) { a.cut = 4; },
          "vrrp packet too short, length 36 and expect 40"),
      v2(
          "a byte more", Rejection::kLength, [](RawAdvert& a) { a.more = 1; }, "vrrp packet too long, length 41 and expect 40"),
      v2(
          "count 255 of one address", Rejection::kLength, [](RawAdvert& a) { a.count = 255; },
          "vrrp packet too short, length 40 and expect 1056"),
      v6(
          "a byte less, IPv6", Rejection::kLength, [](RawAdvert& a) { a.cut = 1; },
          "vrrp packet too short, length 39 and expect 40"),
      v2(
          "version 3 for 2", Rejection::kVersion, [](RawAdvert& a) { a = test::version3(); },
          "wrong VRRP version from 10.77.0.3. Received 3 and expect 2"),
      v3(
          "version 2 for 3", Rejection::kVersion, [](RawAdvert& a) { a = test::version2(); },
          "wrong VRRP version from 10.77.0.3. Received 2 and expect 3"),
      v3(
          "version 4", Rejection::kVersion, [](RawAdvert& a) { a.version = 4; },
          "wrong VRRP version from 10.77.0.3. Received 4 and expect 3"),
      v2(
          "type 2", Rejection::kType, [](RawAdvert& a) { a.type = 2; }, "Invalid packet type from 10.77.0.3. 2 and expect 1"),
      v3(
          "type 0", Rejection::kType, [](RawAdvert& a) { a.type = 0; }, "Invalid packet type from 10.77.0.3. 0 and expect 1"),
      v2(
          "a wrong checksum, v2", Rejection::kChecksum, [](RawAdvert& a) { a.checksum_error = 0x5555; },
          "Invalid VRRPv2 checksum from 10.77.0.3"),
      v3(
          "a wrong checksum, v3", Rejection::kChecksum, [](RawAdvert& a) { a.checksum_error = 0x5555; },
          "Invalid VRRPv3 checksum from 10.77.0.3"),
      v6(
          "no pseudo header, IPv6", Rejection::kChecksum, [](RawAdvert& a) { a.counts_pseudo_header = false; },
          "Invalid VRRPv3 checksum from fe80::3"),
  };
}

std::vector<Row> rows_of_authentication() {
  const InstanceSpec open = test::changed(test::instance(), [](InstanceSpec& spec) { spec.auth_pass.clear(); });
  const InstanceSpec short_password = test::changed(test::instance(), [](InstanceSpec& spec) { spec.auth_pass = "pass"; });
  const RawAdvert none = test::changed(test::version2(), [](RawAdvert& a) {
    a.authentication_type = 0;
    a.password = "";
  });
  return {
      v2(
          "another password", Rejection::kPassword, [](RawAdvert& a) { a.password = "passw0rd"; },
          "received an invalid passwd from 10.77.0.3!"),
      v2(
          "a shorter password", Rejection::kPassword, [](RawAdvert& a) { a.password = "passwor"; },
          "received an invalid passwd from 10.77.0.3!"),
      v2(
          "an empty password", Rejection::kPassword, [](RawAdvert& a) { a.password = ""; },
          "received an invalid passwd from 10.77.0.3!"),
      {"a longer password", Rejection::kPassword, test::frame_of(test::version2()), short_password,
       "received an invalid passwd from 10.77.0.3!"},
      v2(
          "no authentication", Rejection::kAuthenticationType, [&](RawAdvert& a) { a = none; },
          "received a 0 auth from 10.77.0.3, expecting 1!"),
      {"a password for none", Rejection::kAuthenticationType, test::frame_of(test::version2()), open,
       "received a 1 auth from 10.77.0.3, expecting 0!"},
      v2(
          "type 2 without AH", Rejection::kAuthenticationType, [](RawAdvert& a) { a.authentication_type = 2; },
          "received a 2 auth from 10.77.0.3, expecting 1!"),
      v2(
          "an unknown type", Rejection::kAuthenticationType, [](RawAdvert& a) { a.authentication_type = 3; },
          "Invalid auth type from 10.77.0.3: 3"),
      {"AH, v2", Rejection::kAuthenticationType, test::frame_with_ah(test::version2()), test::instance(),
       "Received AH header but auth type not AH"},
      {"AH, IPv6", Rejection::kAuthenticationType, test::frame_with_ah(test::version3_ipv6()), test::instance3_ipv6(),
       "Received AH header but auth type not AH"},
  };
}

std::vector<Row> rows_of_delivery() {
  const InstanceSpec checked =
      test::changed(test::instance_with_peers(), [](InstanceSpec& spec) { spec.check_unicast_source = true; });
  const InstanceSpec owner = test::changed(test::instance(), [](InstanceSpec& spec) {
    spec.priority = InstanceSpec::kOwnerPriority;
    spec.owner_ignores_adverts = true;
  });
  const RawAdvert beyond = test::changed(test::unicast("10.77.0.3"), [](RawAdvert& a) { a.ttl = 255; });
  const RawAdvert below = test::changed(test::unicast("10.77.0.3"), [](RawAdvert& a) { a.ttl = 253; });
  return {
      v2(
          "TTL 64", Rejection::kTtl, [](RawAdvert& a) { a.ttl = 64; },
          "invalid TTL/HL from 10.77.0.3. Received 64 and expect 255"),
      v2(
          "TTL 254", Rejection::kTtl, [](RawAdvert& a) { a.ttl = 254; },
          "invalid TTL/HL from 10.77.0.3. Received 254 and expect 255"),
      v6(
          "hop limit 254", Rejection::kTtl, [](RawAdvert& a) { a.ttl = 254; },
          "invalid TTL/HL from fe80::3. Received 254 and expect 255"),
      {"a peer's TTL over its most", Rejection::kTtl, test::frame_of(beyond), test::instance_with_peers(),
       "TTL/HL 255 from 10.77.0.3 not in range 254 - 254"},
      {"a peer's TTL under its least", Rejection::kTtl, test::frame_of(below), test::instance_with_peers(),
       "TTL/HL 253 from 10.77.0.3 not in range 254 - 254"},
      v2(
          "another interval", Rejection::kInterval, [](RawAdvert& a) { a.interval = 2; },
          "advertisement interval mismatch with 10.77.0.3 mine=1 sec rcv'd=2 sec"),
      {"unicast without peers", Rejection::kDelivery, test::frame_of(test::unicast("10.77.0.3")), test::instance(),
       "Expected multicast packet but received unicast packet"},
      {"multicast with peers", Rejection::kDelivery, test::frame_of(test::version2()), test::instance_with_peers(),
       "Expected unicast packet but received multicast packet"},
      {"no peer of ours", Rejection::kUnknownPeer, test::frame_of(test::unicast("10.77.0.5")), checked,
       "unicast source address 10.77.0.5 not a unicast peer"},
      v2(
          "our own", Rejection::kOwnAddress, [](RawAdvert& a) { a.source = "10.77.0.1"; },
          "ignoring an advert from our own address 10.77.0.1"),
      v6(
          "our own, IPv6", Rejection::kOwnAddress, [](RawAdvert& a) { a.source = "fe80::1"; },
          "ignoring an advert from our own address fe80::1"),
      {"any for an owner that ignores them", Rejection::kPriority, test::frame_of(test::version2()), owner,
       "Dropping packet(s) from 10.77.0.3 since we are address owner"},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = rows_of_lengths_and_versions();
  for (Row& row : rows_of_authentication()) rows.push_back(std::move(row));
  for (Row& row : rows_of_delivery()) rows.push_back(std::move(row));
  return rows;
}

TEST(AdvertCheck, EachFaultIsRejectedByItsNameWithItsLine) {
  for (const Row& row : all_rows()) {
    const auto verdict = judge_frame(row.frame, row.spec);
    ASSERT_FALSE(verdict) << row.name;
    EXPECT_EQ(verdict.error().why, row.expected) << row.name << ": " << to_string(verdict.error().why);
    EXPECT_EQ(line_of(verdict.error(), read_frame(row.frame).value(), row.spec), "(VI_1) " + std::string{row.line}) << row.name;
  }
}

TEST(AdvertCheck, EachRejectionHasARowAndWords) {
  std::set<Rejection> seen;
  std::set<std::string_view> words;
  for (const Row& row : all_rows()) seen.insert(row.expected);
  for (std::size_t i = 0; i < kRejectionCount; ++i) {
    const auto rejection = static_cast<Rejection>(i);
    EXPECT_TRUE(seen.contains(rejection)) << to_string(rejection);
    words.insert(to_string(rejection));
  }
  EXPECT_EQ(words.size(), kRejectionCount);
  EXPECT_EQ(to_string(static_cast<Rejection>(kRejectionCount)), "unknown") << "kRejectionCount is too small";
}

// Frames with two faults: the one that keepalived sees first counts.
TEST(AdvertCheck, FaultsAreFoundInKeepalivedsOrder) {
  using Break = void (*)(RawAdvert&);
  struct Step {
    Rejection why;
    Break make;
  };
  const std::vector<Step> order{
      {Rejection::kLength, [](RawAdvert& a) { a.more = 4; }},
      {Rejection::kTtl, [](RawAdvert& a) { a.ttl = 64; }},
      {Rejection::kVersion,
       [](RawAdvert& a) {
         a.version = 3;
         a.cut = 0;
       }},
      {Rejection::kAuthenticationType, [](RawAdvert& a) { a.authentication_type = 0; }},
      {Rejection::kPassword, [](RawAdvert& a) { a.password = "passw0rd"; }},
      {Rejection::kInterval, [](RawAdvert& a) { a.interval = 2; }},
      {Rejection::kType, [](RawAdvert& a) { a.type = 2; }},
      {Rejection::kChecksum, [](RawAdvert& a) { a.checksum_error = 1; }},
      {Rejection::kOwnAddress, [](RawAdvert& a) { a.source = "10.77.0.1"; }},
      {Rejection::kDelivery, [](RawAdvert& a) { a.destination = "10.77.0.1"; }},
  };
  const InstanceSpec spec = test::changed(test::instance(), [](InstanceSpec& s) {
    s.priority = InstanceSpec::kOwnerPriority;
    s.owner_ignores_adverts = true;
  });
  for (std::size_t first = 0; first < order.size(); ++first) {
    RawAdvert advert;
    for (std::size_t i = order.size(); i-- > first;) order[i].make(advert);
    const auto verdict = judge_frame(test::frame_of(advert), spec);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().why, order[first].why) << to_string(verdict.error().why);
  }
}

// The fifteen of the comparison with keepalived (its inj.py by its options), which a master of 10.77.0.10 got.
TEST(AdvertCheck, TheFifteenMalformedAdvertsOfTheComparisonHaveTheirNames) {
  struct Malformed {
    std::string_view options;
    std::optional<Rejection> expected;  // nothing: believed
    RawAdvert advert;
  };
  const auto of = [](auto change) { return test::changed(test::version2(), change); };
  const std::vector<Malformed> fifteen{
      {"--auth wrongpwd", Rejection::kPassword, of([](RawAdvert& a) { a.password = "wrongpwd"; })},
      {"--auth pass", Rejection::kPassword, of([](RawAdvert& a) { a.password = "pass"; })},
      {"--auth ''", Rejection::kPassword, of([](RawAdvert& a) { a.password = ""; })},
      {"--atype 0", Rejection::kAuthenticationType, of([](RawAdvert& a) { a.authentication_type = 0; })},
      {"--atype 2", Rejection::kAuthenticationType, of([](RawAdvert& a) { a.authentication_type = 2; })},
      {"--atype 7", Rejection::kAuthenticationType, of([](RawAdvert& a) { a.authentication_type = 7; })},
      {"--int 2", Rejection::kInterval, of([](RawAdvert& a) { a.interval = 2; })},
      {"--ver 3", Rejection::kVersion, test::version3()},
      {"--ver 3 --nophdr", Rejection::kVersion,
       test::changed(test::version3(), [](RawAdvert& a) { a.counts_pseudo_header = false; })},
      {"--ttl 64", Rejection::kTtl, of([](RawAdvert& a) { a.ttl = 64; })},
      {"--ttl 254", Rejection::kTtl, of([](RawAdvert& a) { a.ttl = 254; })},
      {"--badsum", Rejection::kChecksum, of([](RawAdvert& a) { a.checksum_error = 0x5555; })},
      {"--type 2", Rejection::kType, of([](RawAdvert& a) { a.type = 2; })},
      {"--vips 10.77.0.10,10.77.0.11 --prio 200", std::nullopt, of([](RawAdvert& a) {
         a.addresses = {"10.77.0.10", "10.77.0.11"};
         a.priority = 200;
       })},
      {"--vips 10.77.0.99 --prio 200", std::nullopt, of([](RawAdvert& a) {
         a.addresses = {"10.77.0.99"};
         a.priority = 200;
       })},
  };
  ASSERT_EQ(fifteen.size(), 15U);
  for (const Malformed& row : fifteen) {
    const auto verdict = judge_frame(test::frame_of(row.advert), test::instance());
    const auto why = verdict ? std::optional<Rejection>{} : verdict.error().why;
    EXPECT_EQ(why, row.expected) << row.options;
    EXPECT_EQ(verdict && verdict->addresses_differ, !row.expected) << row.options;
  }
}

}  // namespace
}  // namespace penstock::vrrp
