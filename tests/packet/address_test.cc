#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"
#include "tests/support/packet_builder.h"

namespace penstock::packet {
namespace {

TEST(BigEndian, HoldsTheBytesInWireOrder) {
  const Be32 value{0x0102'0304};
  std::uint8_t bytes[4];
  std::memcpy(bytes, &value, 4);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[3], 4);
  EXPECT_EQ(value.value(), 0x0102'0304U);
  EXPECT_LT(Be16{0x00ff}, Be16{0x0100});  // by value, not by the bytes in memory
}

TEST(IpAddress, ParsesExactlyAnAddress) {
  EXPECT_EQ(IpAddress::parse("192.168.1.200")->v4().value(), 0xc0a8'01c8U);
  EXPECT_TRUE(IpAddress::parse("fd77::100")->is_v6());
  for (const char* text : {"", "192.168.1", "192.168.1.256", "192.168.1.200/24", " 10.0.0.1", "10.0.0.1 ", "[fd77::1]",
                           "fe80::1%eth0", "fd77:::1", "1234567890123456789012345678901234567890123456"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(IpAddress, PrintsCanonicalText) {
  EXPECT_EQ(IpAddress{test::v4("10.0.0.1")}.to_string(), "10.0.0.1");
  EXPECT_EQ(IpAddress::parse("FD77:0:0:0:0:0:0:0100")->to_string(), "fd77::100");
  EXPECT_EQ(IpAddress{}.to_string(), "0.0.0.0");
}

TEST(IpAddress, SortsIpv4FirstAndThenByValue) {
  std::vector<IpAddress> addresses{*IpAddress::parse("fd77::2"), *IpAddress::parse("10.0.0.10"), *IpAddress::parse("fd77::1"),
                                   *IpAddress::parse("10.0.0.9"), *IpAddress::parse("9.255.255.255")};
  std::ranges::sort(addresses);
  std::vector<std::string> texts;
  for (const IpAddress& address : addresses) texts.push_back(address.to_string());
  EXPECT_EQ(texts, (std::vector<std::string>{"9.255.255.255", "10.0.0.9", "10.0.0.10", "fd77::1", "fd77::2"}));
}

TEST(IpAddress, AnIpv4AddressIsNotTheIpv6AddressThatBeginsWithItsBytes) {
  const IpAddress v4 = *IpAddress::parse("10.0.0.1");
  const IpAddress v6 = *IpAddress::parse("a00:1::");
  EXPECT_NE(v4, v6);
  EXPECT_NE(std::hash<IpAddress>{}(v4), std::hash<IpAddress>{}(v6));
}

TEST(Endpoint, PrintsAnIpv6AddressInBrackets) {
  EXPECT_EQ((Endpoint{*IpAddress::parse("192.168.1.200"), 80}).to_string(), "192.168.1.200:80");
  EXPECT_EQ((Endpoint{*IpAddress::parse("fd77::100"), 80}).to_string(), "[fd77::100]:80");
}

TEST(MacAddress, ParsesExactlyAnAddress) {
  const auto address = MacAddress::parse("02:00:5E:00:01:fe");
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->to_string(), "02:00:5e:00:01:fe");
  for (const char* text : {"", "02:00:5e:00:01", "02:00:5e:00:01:fe:", "02-00-5e-00-01-fe", "02:00:5e:00:01:fg",
                           "2:0:5e:0:1:fe", "+2:00:5e:00:01:fe", "02:00:5e:00:01:f "}) {
    EXPECT_FALSE(MacAddress::parse(text).has_value()) << text;
  }
}

TEST(MacAddress, KnowsGroups) {
  EXPECT_TRUE(kBroadcastMac.is_group());
  EXPECT_TRUE(test::mac("33:33:00:00:00:01").is_group());
  EXPECT_FALSE(test::mac("02:00:00:00:00:01").is_group());
  EXPECT_TRUE(MacAddress{}.is_zero());
}

}  // namespace
}  // namespace penstock::packet
