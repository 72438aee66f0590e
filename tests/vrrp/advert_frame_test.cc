// Frames: those that others have sent, ours, and those that are none.
#include <gtest/gtest.h>

#include "dataplane/packet/ip_protocol.h"
#include "tests/support/packet_builder.h"
#include "tests/vrrp/raw_advert.h"
#include "tests/vrrp/recorded_adverts.h"
#include "vrrp/advert_codec.h"

namespace penstock::vrrp {
namespace {

namespace ip_protocol = packet::ip_protocol;
using test::Bytes;
using test::PacketBuilder;
using test::to_hex;

void expect_read(const test::RecordedAdvert& recorded) {
  SCOPED_TRACE(recorded.name);
  const auto frame = read_frame(recorded.frame);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->source_mac, recorded.envelope.source_mac);
  EXPECT_EQ(frame->source, recorded.envelope.source);
  EXPECT_EQ(frame->destination, recorded.envelope.destination);
  EXPECT_EQ(frame->ttl, recorded.envelope.ttl);
  EXPECT_TRUE(frame->authentication.empty());
  const auto advert = read_message(*frame);
  ASSERT_TRUE(advert) << to_string(advert.error());
  EXPECT_EQ(*advert, recorded.advert);
}

TEST(AdvertFrame, KeepalivedsAdvertsAreRead) {
  for (const auto& recorded : test::keepalived_adverts()) expect_read(recorded);
}

TEST(AdvertFrame, FrrsAdvertsAreRead) {
  for (const auto& recorded : test::frr_adverts()) expect_read(recorded);
}

TEST(AdvertFrame, OursAreKeepalivedsByteForByte) {
  for (const auto& recorded : test::keepalived_adverts()) {
    EXPECT_EQ(to_hex(advert_frame(recorded.advert, recorded.envelope)), to_hex(recorded.frame)) << recorded.name;
  }
}

TEST(AdvertFrame, OurMessagesAreFrrsByteForByte) {
  for (const auto& recorded : test::frr_adverts()) {
    const Bytes ours = advert_frame(recorded.advert, recorded.envelope);
    EXPECT_EQ(to_hex(read_frame(ours)->message), to_hex(read_frame(recorded.frame)->message)) << recorded.name;
  }
}

TEST(AdvertFrame, KeepalivedsAhAdvertShowsItsHeaderAndItsMessage) {
  const Bytes bytes = test::keepalived_ah_advert();
  const auto frame = read_frame(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(to_hex(frame->authentication), "700400000a4d0001000000013f4f6842359a64a57b8c011b");
  EXPECT_EQ(virtual_router_id_of(frame->message), 59);
  EXPECT_EQ(read_message(*frame).value().authentication_type, 2);
}

TEST(AdvertFrame, AhInFrontOfAnIpv6AdvertIsShown) {
  const Bytes bytes = test::frame_with_ah(test::version3_ipv6());
  const auto frame = read_frame(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->authentication.size(), 24U);
  EXPECT_TRUE(read_message(*frame));
}

TEST(AdvertFrame, GroupsHaveTheirMulticastMac) {
  EXPECT_EQ(multicast_mac_of(test::v4("224.0.0.18")).to_string(), "01:00:5e:00:00:12");
  EXPECT_EQ(multicast_mac_of(test::v4("239.255.1.2")).to_string(), "01:00:5e:7f:01:02");  // the upper 9 bits are lost
  EXPECT_EQ(multicast_mac_of(test::v6("ff02::12")).to_string(), "33:33:00:00:00:12");
  EXPECT_EQ(multicast_mac_of(test::v6("ff02::1:ff00:beef")).to_string(), "33:33:ff:00:be:ef");
}

TEST(AdvertFrame, EthernetsPaddingIsNoPartOfTheMessage) {
  for (const auto& recorded : test::keepalived_adverts()) {
    Bytes padded = recorded.frame;
    padded.resize(padded.size() + 26, std::byte{0xa5});
    const auto frame = read_frame(padded);
    ASSERT_TRUE(frame) << recorded.name;
    EXPECT_EQ(read_message(*frame).value(), recorded.advert) << recorded.name;
  }
}

TEST(AdvertFrame, NothingIsReadOfATruncatedFrame) {
  auto all = test::keepalived_adverts();
  for (const auto& recorded : test::frr_adverts()) all.push_back(recorded);
  all.push_back({.name = "AH", .frame = test::keepalived_ah_advert(), .advert = {}, .envelope = {}});
  for (const auto& recorded : all) {
    for (std::size_t length = 0; length < recorded.frame.size(); ++length) {
      const Bytes cut{recorded.frame.begin(), recorded.frame.begin() + static_cast<std::ptrdiff_t>(length)};
      EXPECT_FALSE(read_frame(cut)) << recorded.name << " at " << length;
    }
  }
}

PacketBuilder ipv4() { return PacketBuilder{}.ipv4("10.77.0.3", "224.0.0.18").ttl(255).protocol(ip_protocol::kVrrp); }
PacketBuilder ipv6() { return PacketBuilder{}.ipv6("fe80::3", "ff02::12").ttl(255).protocol(ip_protocol::kVrrp); }

TEST(AdvertFrame, Ipv4OptionsAreSkipped) {
  const Bytes message = test::message_of(test::version2());
  const Bytes bytes = ipv4().ipv4_options(Bytes(8, std::byte{1})).payload(message).build();
  const auto frame = read_frame(bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(to_hex(frame->message), to_hex(message));
}

TEST(AdvertFrame, APriorityTagIsReadOver) {
  EXPECT_TRUE(read_frame(ipv4().vlan(0).payload(test::message_of(test::version2())).build()));
}

struct NoAdvert {
  std::string_view name;
  Bytes frame;
};

std::vector<NoAdvert> frames_that_are_none() {
  const Bytes message = test::message_of(test::version2());
  const Bytes message6 = test::message_of(test::version3_ipv6());
  Bytes ah_of_tcp(24);
  ah_of_tcp[0] = std::byte{ip_protocol::kTcp};
  ah_of_tcp[1] = std::byte{4};
  Bytes long_ah = ah_of_tcp;
  long_ah[0] = std::byte{ip_protocol::kVrrp};
  long_ah[1] = std::byte{5};
  Bytes short_ah = long_ah;
  short_ah[1] = std::byte{0};
  const auto ah = [](const Bytes& payload) { return ipv4().protocol(ip_protocol::kAuthentication).payload(payload).build(); };
  return {
      {"no bytes", {}},
      {"another EtherType", ipv4().ether_type(0x88cc).payload(message).build()},
      {"another protocol", ipv4().protocol(ip_protocol::kSctp).payload(message).build()},
      {"TCP", PacketBuilder{}.ipv4("10.77.0.3", "10.77.0.1").tcp(1, 2).build()},
      {"a VLAN's", ipv4().vlan(7).payload(message).build()},
      {"the first fragment", ipv4().fragment(0, true, 1).payload(Bytes(24)).build()},
      {"a later fragment", ipv4().fragment(24, false, 1).payload(Bytes(24)).build()},
      {"an IPv6 fragment", ipv6().fragment(0, true, 1).payload(message6).build()},
      {"IPv6 with another extension header", ipv6().hop_by_hop().payload(message6).build()},
      {"a wrong IPv4 checksum", ipv4().bad_ip_checksum().payload(message).build()},
      {"another IP version", ipv4().version(5).payload(message).build()},
      {"a total length beyond the frame", ipv4().total_length(200).payload(message).build()},
      {"a payload length beyond the frame", ipv6().total_length(200).payload(message6).build()},
      {"a header length beyond the packet", ipv4().ihl(15).payload(Bytes(8)).build()},
      {"a source route", ipv4().ipv4_options(test::from_hex("8303040a")).payload(message).build()},
      {"AH in front of something else", ah(ah_of_tcp)},
      {"AH that is longer than the packet", ah(long_ah)},
      {"AH that is shorter than its fields", ah(short_ah)},
      {"AH cut short", ah(Bytes(11))},
  };
}

TEST(AdvertFrame, OtherFramesAreNoAdverts) {
  for (const NoAdvert& row : frames_that_are_none()) EXPECT_FALSE(read_frame(row.frame)) << row.name;
}

}  // namespace
}  // namespace penstock::vrrp
