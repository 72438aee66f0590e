// What ARP and neighbour advertisements claim, and which frames claim nothing.
#include "dataplane/packet/address_claim.h"

#include <gtest/gtest.h>

#include "dataplane/packet/checksum.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;

const MacAddress kOther{{0x02, 0, 0, 0, 0, 0x66}};
const AddressClaim kClaim4{IpAddress::parse("192.168.1.200").value(), kOther};
const AddressClaim kClaim6{IpAddress::parse("fd77::200").value(), kOther};

Bytes arp(std::uint16_t operation, std::string_view sender, std::string_view target) {
  return PacketBuilder{}.arp(operation, kOther, sender, kBroadcastMac, target).pad_to(60).build();
}

// A neighbour advertisement for fd77::200 by kOther; `options` as they stand.
PacketBuilder advertisement(const Bytes& options, std::string_view target = "fd77::200") {
  Bytes rest;
  for (const std::uint8_t byte : test::v6(target).bytes) rest.push_back(std::byte{byte});
  test::append(rest, options);
  return PacketBuilder{}
      .ethernet(test::kClientMac, kBroadcastMac)
      .ipv6(target, "ff02::1")
      .ttl(255)
      .icmp(icmpv6_type::kNeighbourAdvertisement, 0, NeighbourMessage::kOverride)
      .payload(rest);
}

Bytes target_option() {
  return {std::byte{2}, std::byte{1}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0x66}};
}

TEST(AddressClaim, arp_requests_replies_and_gratuitous_ones_claim_their_senders_address) {
  EXPECT_EQ(address_claim_of(arp(arp_operation::kRequest, "192.168.1.200", "192.168.1.200")), kClaim4);
  EXPECT_EQ(address_claim_of(arp(arp_operation::kRequest, "192.168.1.200", "192.168.1.1")), kClaim4);
  EXPECT_EQ(address_claim_of(arp(arp_operation::kReply, "192.168.1.200", "192.168.1.1")), kClaim4);
}

TEST(AddressClaim, a_question_for_an_address_and_a_probe_claim_nothing) {
  EXPECT_NE(address_claim_of(arp(arp_operation::kRequest, "192.168.1.1", "192.168.1.200")), kClaim4);
  EXPECT_EQ(address_claim_of(arp(arp_operation::kRequest, "0.0.0.0", "192.168.1.200")), std::nullopt);
}

TEST(AddressClaim, arp_of_another_kind_or_cut_short_claims_nothing) {
  const Bytes whole = PacketBuilder{}.arp(1, kOther, "192.168.1.200", kBroadcastMac, "192.168.1.200").build();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(address_claim_of(std::span{whole}.first(length)), std::nullopt) << length;
  }
  for (const std::size_t at : {15U, 16U, 18U, 19U, 21U}) {  // types, lengths and the operation
    Bytes changed = whole;
    changed[at] ^= std::byte{8};
    EXPECT_EQ(address_claim_of(changed), std::nullopt) << at;
  }
  EXPECT_EQ(address_claim_of(PacketBuilder{}.arp(2, kBroadcastMac, "192.168.1.200", kOther, "192.168.1.1").build()),
            std::nullopt);
}

TEST(AddressClaim, a_neighbour_advertisement_claims_its_target_for_the_address_that_it_names) {
  EXPECT_EQ(address_claim_of(advertisement(target_option()).build()), kClaim6);
  const AddressClaim by_sender{kClaim6.address, test::kClientMac};
  EXPECT_EQ(address_claim_of(advertisement({}).build()), by_sender);
}

TEST(AddressClaim, an_advertisement_that_rfc_4861_refuses_claims_nothing) {
  EXPECT_EQ(address_claim_of(advertisement({}).ttl(254).build()), std::nullopt);
  EXPECT_EQ(address_claim_of(advertisement({}).bad_checksum().build()), std::nullopt);
  EXPECT_EQ(address_claim_of(advertisement(Bytes(8)).build()), std::nullopt);  // an option of no length
  EXPECT_EQ(address_claim_of(advertisement({std::byte{2}, std::byte{9}}).build()), std::nullopt);
  EXPECT_EQ(address_claim_of(advertisement(target_option(), "ff02::5").build()), std::nullopt);
  const Bytes whole = advertisement(target_option()).build();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(address_claim_of(std::span{whole}.first(length)), std::nullopt) << length;
  }
  EXPECT_EQ(address_claim_of(PacketBuilder{}.ipv6("fd77::1", "fd77::2").ttl(255).udp(1, 2).payload(40).build()), std::nullopt);
}

// It would be an answer to nobody's question.
TEST(AddressClaim, a_solicited_advertisement_to_a_group_claims_nothing) {
  const auto solicited = [](const char* destination) {
    PacketBuilder builder = advertisement(target_option());
    builder.ipv6("fd77::200", destination).ttl(255);
    return builder.icmp(icmpv6_type::kNeighbourAdvertisement, 0, NeighbourMessage::kSolicited).build();
  };
  EXPECT_EQ(address_claim_of(solicited("ff02::1")), std::nullopt);
  EXPECT_EQ(address_claim_of(solicited("fd77::9")), kClaim6);
}

}  // namespace
}  // namespace penstock::packet
