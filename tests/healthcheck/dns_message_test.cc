#include "healthcheck/dns_message.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::healthcheck {
namespace {

using Type = DnsCheck::Type;

std::string text(const std::vector<std::byte>& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(DnsMessage, AQueryHasTheBytesOfRfc1035) {
  const auto query = encode_dns_query(0x1234, "example.org", Type::kAaaa);
  ASSERT_TRUE(query);
  EXPECT_EQ(text(*query), std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\7example\3org\0\x00\x1c\x00\x01", 29));
  EXPECT_EQ(*encode_dns_query(0x1234, "example.org.", Type::kAaaa), *query);
}

TEST(DnsMessage, TheRootIsANameWithoutLabels) {
  EXPECT_EQ(text(encode_dns_query(1, ".", Type::kSoa).value()).substr(12), std::string("\0\0\6\0\1", 5));
  EXPECT_EQ(encode_dns_query(1, "", Type::kSoa), encode_dns_query(1, ".", Type::kSoa));
}

TEST(DnsMessage, NamesOutsideTheLimitsAreRefused) {
  const std::string longest(63, 'a');
  EXPECT_TRUE(encode_dns_query(1, longest, Type::kA));
  EXPECT_FALSE(encode_dns_query(1, longest + "a", Type::kA));
  const std::string three = longest + "." + longest + "." + longest + ".";
  EXPECT_TRUE(encode_dns_query(1, three + std::string(61, 'a'), Type::kA));  // 255 bytes with the lengths and the root
  EXPECT_FALSE(encode_dns_query(1, three + std::string(62, 'a'), Type::kA));
  for (const char* name : {"..", ".a", "a..b", "a.."}) EXPECT_FALSE(encode_dns_query(1, name, Type::kA)) << name;
}

TEST(DnsMessage, AReplyRepeatsTheQuestionInAnyCaseOfLetters) {
  const auto query = encode_dns_query(7, "ab.c", Type::kA).value();
  auto reply = query;
  EXPECT_FALSE(read_dns_reply(reply, query).is_ours) << "a query is no reply";
  reply[2] = std::byte{0x80};
  reply[13] = std::byte{'A'};
  EXPECT_TRUE(read_dns_reply(reply, query).is_ours);
  reply[3] = std::byte{0x02};
  EXPECT_EQ(read_dns_reply(reply, query).response_code, 2);
  reply[2] = std::byte{0x90};
  EXPECT_FALSE(read_dns_reply(reply, query).is_ours) << "another opcode";
}

TEST(DnsMessage, NoShorterReplyIsReadBeyondItsEnd) {
  const auto query = encode_dns_query(7, "example.org", Type::kA).value();
  auto reply = query;
  reply[2] = std::byte{0x80};
  for (std::size_t length = 0; length < reply.size(); ++length) {
    const std::vector<std::byte> cut{reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(length)};
    EXPECT_FALSE(read_dns_reply(cut, query).is_ours) << length;
  }
}

}  // namespace
}  // namespace penstock::healthcheck
