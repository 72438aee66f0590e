// What an instance believes, and what it remarks on. What it refuses is in advert_rejection_test.cc.
#include "vrrp/advert_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"
#include "tests/vrrp/raw_advert.h"

namespace penstock::vrrp {
namespace {

using test::Bytes;
using test::RawAdvert;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<packet::IpAddress> kOwn{test::v4("10.77.0.1"), test::v6("fe80::1")};

std::expected<Accepted, Rejected> judge_bytes(const Bytes& bytes, const InstanceSpec& spec, bool known_master = false) {
  return judge(read_frame(bytes).value(), spec, kOwn, known_master);
}

void expect_believed(const Bytes& frame, const InstanceSpec& spec) {
  const auto verdict = judge_bytes(frame, spec);
  ASSERT_TRUE(verdict) << to_string(verdict.error().why);
  EXPECT_EQ(verdict->advert, read_message(read_frame(frame).value()).value());
  EXPECT_EQ(verdict->source, read_frame(frame)->source);
  EXPECT_THAT(verdict->remarks, IsEmpty());
  EXPECT_FALSE(verdict->addresses_differ || verdict->interval_differs);
}

TEST(AdvertCheck, WhatIsRightIsBelievedWithoutARemark) {
  expect_believed(test::frame_of(test::version2()), test::instance());
  expect_believed(test::frame_of(test::version3()), test::instance3());
  expect_believed(test::frame_of(test::version3_ipv6()), test::instance3_ipv6());
}

TEST(AdvertCheck, OnlyThePasswordsFirst8BytesCount) {
  const InstanceSpec longer = test::changed(test::instance(), [](InstanceSpec& spec) { spec.auth_pass = "password-and-more"; });
  expect_believed(test::frame_of(test::version2()), longer);
}

TEST(AdvertCheck, WithoutAPasswordTheAuthenticationBytesDoNotMatter) {
  const InstanceSpec open = test::changed(test::instance(), [](InstanceSpec& spec) { spec.auth_pass.clear(); });
  for (const char* bytes : {"", "anything"}) {
    expect_believed(test::frame_of(test::changed(test::version2(),
                                                 [bytes](RawAdvert& a) {
                                                   a.authentication_type = 0;
                                                   a.password = bytes;
                                                 })),
                    open);
  }
}

TEST(AdvertCheck, EitherFormOfTheChecksumIsBelievedWhicheverWeSend) {
  for (const bool theirs : {false, true}) {
    for (const bool ours : {false, true}) {
      const RawAdvert advert = test::changed(test::version3(), [theirs](RawAdvert& a) { a.counts_pseudo_header = theirs; });
      const auto verdict = judge_bytes(
          test::frame_of(advert), test::changed(test::instance3(), [ours](InstanceSpec& spec) { spec.pseudo_header = ours; }));
      ASSERT_TRUE(verdict);
      EXPECT_EQ(verdict->advert.checksum, theirs ? ChecksumForm::kPseudoHeader : ChecksumForm::kMessage);
    }
  }
}

TEST(AdvertCheck, APriorityOf0And255IsBelieved) {
  for (const std::uint8_t priority : std::initializer_list<std::uint8_t>{0, 1, 255}) {
    expect_believed(test::frame_of(test::changed(test::version2(), [priority](RawAdvert& a) { a.priority = priority; })),
                    test::instance());
  }
}

TEST(AdvertCheck, AnOwnerThatDoesNotIgnoreAdvertsBelievesThem) {
  expect_believed(test::frame_of(test::version2()),
                  test::changed(test::instance(), [](InstanceSpec& spec) { spec.priority = InstanceSpec::kOwnerPriority; }));
  expect_believed(test::frame_of(test::version2()),
                  test::changed(test::instance(), [](InstanceSpec& spec) { spec.owner_ignores_adverts = true; }));
}

TEST(AdvertCheck, UnicastMayHaveAnyTtlThatItsPeerMayHave) {
  const auto with_ttl = [](std::string source, std::uint8_t ttl) {
    return test::frame_of(test::changed(test::unicast(std::move(source)), [ttl](RawAdvert& a) { a.ttl = ttl; }));
  };
  expect_believed(with_ttl("10.77.0.3", 254), test::instance_with_peers());
  expect_believed(with_ttl("10.77.0.4", 1), test::instance_with_peers());
  expect_believed(with_ttl("10.77.0.5", 64), test::instance_with_peers());  // no peer, which only check_unicast_src minds
}

TEST(AdvertCheck, ANumberOfAddressesThatDiffersIsRemarkedOn) {
  const RawAdvert more = test::changed(test::version2(), [](RawAdvert& a) { a.addresses = {"10.77.0.11", "10.77.0.10"}; });
  const auto verdict = judge_bytes(test::frame_of(more), test::instance());
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->addresses_differ);
  EXPECT_THAT(verdict->remarks, ElementsAre("(VI_1) expected 1 VIPs but received 2"));
}

TEST(AdvertCheck, TheFirstAddressOfOursThatIsMissingIsNamed) {
  const RawAdvert other = test::changed(test::version2(), [](RawAdvert& a) { a.addresses = {"10.77.0.99"}; });
  const auto verdict = judge_bytes(test::frame_of(other), test::instance());
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->addresses_differ);
  EXPECT_THAT(verdict->remarks,
              ElementsAre("(VI_1) ip address associated with VRID 51 not present in advert from 10.77.0.3: 10.77.0.10"));
}

TEST(AdvertCheck, TheOrderOfTheAddressesDoesNotMatter) {
  expect_believed(
      test::frame_of(test::changed(test::version3_ipv6(), [](RawAdvert& a) { a.addresses = {"fd77::10", "fe80::10"}; })),
      test::instance3_ipv6());
}

TEST(AdvertCheck, AKnownMastersAddressesAreSkippedOnlyWithSkipCheckAdvAddr) {
  const Bytes other = test::frame_of(test::changed(test::version2(), [](RawAdvert& a) { a.addresses = {"10.77.0.99"}; }));
  const InstanceSpec skips = test::changed(test::instance(), [](InstanceSpec& spec) { spec.skips_known_address_lists = true; });
  EXPECT_FALSE(judge_bytes(other, skips, true)->addresses_differ);
  EXPECT_TRUE(judge_bytes(other, skips, false)->addresses_differ);
  EXPECT_TRUE(judge_bytes(other, test::instance(), true)->addresses_differ);
}

TEST(AdvertCheck, AnotherIntervalInVersion3IsRemarkedOn) {
  const auto verdict =
      judge_bytes(test::frame_of(test::changed(test::version3(), [](RawAdvert& a) { a.interval = 10; })), test::instance3());
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->interval_differs);
  EXPECT_EQ(verdict->advert.interval, std::chrono::milliseconds{100});
  EXPECT_THAT(verdict->remarks,
              ElementsAre("(VI_1) advertisement interval mismatch with 10.77.0.3 mine=1000 milli-sec rcv'd=100 milli-sec"));
}

}  // namespace
}  // namespace penstock::vrrp
