#include "healthcheck/icmp_echo.h"

#include <gtest/gtest.h>

#include "dataplane/packet/checksum.h"

namespace penstock::healthcheck {
namespace {

constexpr Echo kEcho{.identifier = 0x1234, .sequence = 1, .nonce = 0x1122334455667788};

EchoRequest reply(bool is_v6) {
  EchoRequest out = encode_echo_request(kEcho, is_v6);
  out[0] = std::byte{is_v6 ? std::uint8_t{129} : std::uint8_t{0}};
  return out;
}

TEST(IcmpEcho, ARequestHasARightChecksum) {
  EXPECT_TRUE(packet::icmp_checksum_ok(encode_echo_request(kEcho, false)));
  EXPECT_EQ(encode_echo_request(kEcho, false)[0], std::byte{8});
  EXPECT_EQ(encode_echo_request(kEcho, true)[0], std::byte{128});
}

TEST(IcmpEcho, OnlyTheReplyToTheRequestIsTaken) {
  for (const bool is_v6 : {false, true}) {
    EXPECT_TRUE(is_echo_reply(reply(is_v6), kEcho, is_v6, true));
    EXPECT_FALSE(is_echo_reply(encode_echo_request(kEcho, is_v6), kEcho, is_v6, true)) << "a request";
    EXPECT_FALSE(is_echo_reply(reply(is_v6), {0x1234, 2, kEcho.nonce}, is_v6, true)) << "another sequence number";
    EXPECT_FALSE(is_echo_reply(reply(is_v6), {0x1234, 1, 0}, is_v6, true)) << "other data";
    EXPECT_FALSE(is_echo_reply(reply(is_v6), {0x1235, 1, kEcho.nonce}, is_v6, true)) << "another identifier";
    EXPECT_TRUE(is_echo_reply(reply(is_v6), {0x1235, 1, kEcho.nonce}, is_v6, false));
    const EchoRequest whole = reply(is_v6);
    EXPECT_FALSE(is_echo_reply(std::span{whole}.first(15), kEcho, is_v6, true)) << "cut short";
  }
}

TEST(IcmpEcho, AnIpv4HeaderIsSkippedOnlyIfItIsWhole) {
  std::array<std::byte, 28> packet{std::byte{0x45}};
  EXPECT_EQ(after_ipv4_header(packet).size(), 8U);
  EXPECT_TRUE(after_ipv4_header(std::span{packet}.first(19)).empty());
  packet[0] = std::byte{0x48};  // 32 bytes
  EXPECT_TRUE(after_ipv4_header(packet).empty());
  packet[0] = std::byte{0x44};
  EXPECT_TRUE(after_ipv4_header(packet).empty());
}

}  // namespace
}  // namespace penstock::healthcheck
