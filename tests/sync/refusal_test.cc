// Each way to be wrong, by name; and what is used of a message that is wrong.
#include "sync/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sync/message.h"
#include "tests/sync/raw_message.h"

namespace penstock::sync {
namespace {

using test::Bytes;
using test::bytes_of;
using test::RawEntry;
using test::RawMessage;
using test::RawMessage0;

struct Case {
  Refusal refusal;
  std::string what;
  Bytes datagram;
};

template <class Change>
RawEntry entry_with(const Change& change) {
  RawEntry entry;
  change(entry);
  return entry;
}
template <class Change>
Bytes message_with(const Change& change) {
  RawMessage message;
  change(message);
  return bytes_of(message);
}
template <class Change>
Bytes message0_with(const Change& change) {
  RawMessage0 message;
  change(message);
  return bytes_of(message);
}
// A good entry, the changed one, and a good one.
template <class Change>
Bytes second_with(const Change& change) {
  return message_with([&](RawMessage& m) { m.entries = {RawEntry{}, entry_with(change), RawEntry{}}; });
}
Bytes second_with_options(std::vector<std::string> options) {
  return second_with([&](RawEntry& e) { e.options = std::move(options); });
}
// The changed one is the last.
template <class Change>
Bytes last_with(const Change& change) {
  return message_with([&](RawMessage& m) { m.entries = {RawEntry{}, entry_with(change)}; });
}

std::vector<Case> header_cases() {
  using enum Refusal;
  return {
      {kHeaderTruncated, "no byte", {}},
      {kHeaderTruncated, "3 bytes", test::from_hex("003200")},
      {kHeaderTruncated, "4 bytes of version 1", test::from_hex("00320004")},
      {kHeaderTruncated, "7 bytes of version 1", test::from_hex("00320007000100")},
      {kSizeMismatch, "size one too little", message_with([](RawMessage& m) { m.size = 43; })},
      {kSizeMismatch, "size one too much", message_with([](RawMessage& m) { m.size = 45; })},
      {kSizeMismatch, "size 0", message_with([](RawMessage& m) { m.size = 0; })},
      {kUnknownVersion, "version 2", message_with([](RawMessage& m) { m.version = 2; })},
      {kUnknownVersion, "version 0 of no entries", test::from_hex("0032000800000000")},
      {kUnknownVersion, "version 255", message_with([](RawMessage& m) { m.version = 255; })},
      {kUnknownNote, "reserved bits beside entries", message_with([](RawMessage& m) { m.spare = 1; })},
      {kUnknownNote, "a note beside entries", message_with([](RawMessage& m) { m.spare = 0x5001; })},
      {kUnknownNote, "a note that isn't known", test::from_hex("0032000800015063")},
  };
}

std::vector<Case> entry_cases() {
  using enum Refusal;
  return {
      {kEntryTruncated, "more entries than there are", message_with([](RawMessage& m) { m.count = 2; })},
      {kEntryTruncated, "35 bytes of an entry", message_with([](RawMessage& m) {
         m.entries = {{}, {}};
         m.cut = 1;
       })},
      {kEntryTruncated, "version 0: more entries than there are", message0_with([](RawMessage0& m) { m.count = 2; })},
      {kEntryTruncated, "version 0: 23 bytes of an entry", message0_with([](RawMessage0& m) {
         m.entries = {{}, {}};
         m.cut = 1;
       })},
      {kEntryTruncated, "version 0: no room for the shifts",
       message0_with([](RawMessage0& m) { m.entries = {{}, {.flags = 0x483, .shifts = std::string(46, '0')}}; })},
      {kEntryPastEnd, "an entry larger than the message", last_with([](RawEntry& e) { e.size = 37; })},
      {kEntryPastEnd, "the largest size", second_with([](RawEntry& e) { e.size = 0xfff; })},
      {kEntryTooShort, "an entry of size 0", second_with([](RawEntry& e) { e.size = 0; })},
      {kEntryTooShort, "an IPv4 entry of 35 bytes", second_with([](RawEntry& e) { e.size = 35; })},
      {kEntryTooShort, "an IPv6 entry of 71 bytes", second_with([](RawEntry& e) {
         e = test::raw_ipv6();
         e.size = 71;
       })},
      {kEntryTooShort, "an IPv6 entry with IPv4 addresses", second_with([](RawEntry& e) { e.type = 1; })},
      {kEntryVersion, "version 1 of an entry", second_with([](RawEntry& e) { e.version = 1; })},
      {kEntryVersion, "version 15 of an entry", second_with([](RawEntry& e) { e.version = 15; })},
      {kEntryType, "type 2", second_with([](RawEntry& e) { e.type = 2; })},
      {kEntryType, "type 3: an IPv6 entry to the kernel", second_with([](RawEntry& e) {
         e = test::raw_ipv6();
         e.type = 3;
       })},
      {kEntryType, "type 128", second_with([](RawEntry& e) { e.type = 128; })},
      {kTrailingBytes, "4 bytes behind the last entry", message_with([](RawMessage& m) { m.more = "00000000"; })},
      {kTrailingBytes, "an entry that isn't counted", message_with([](RawMessage& m) {
         m.entries = {{}, {}};
         m.count = 1;
       })},
      {kTrailingBytes, "version 0: 1 byte behind the last entry", message0_with([](RawMessage0& m) { m.more = "00"; })},
  };
}

std::vector<Case> option_cases() {
  using enum Refusal;
  const std::string shifts = "0118" + test::kShiftsHex;
  const std::string name17 = "0311" + std::string(34, '6');
  return {
      {kOptionTruncated, "1 byte of an option", second_with_options({"01"})},
      {kOptionTruncated, "1 byte behind an option", second_with_options({shifts, "01"})},
      {kOptionLength, "a length of 0", second_with_options({"0200"})},
      {kOptionLength, "a length of 0 of an unknown option", second_with_options({"7f00"})},
      {kOptionLength, "an option past its entry", second_with_options({"0203aaaa"})},
      {kOptionLength, "shifts of 23 bytes", second_with_options({"0117" + test::kShiftsHex.substr(2)})},
      {kOptionLength, "shifts of 25 bytes", second_with_options({"0119" + test::kShiftsHex + "00"})},
      {kOptionLength, "a name of 17 bytes", second_with_options({"0201aa", name17})},
      {kOptionRepeated, "two shifts", second_with_options({shifts, shifts})},
      {kOptionRepeated, "two data", second_with_options({"0201aa", "0201aa", "0303736970"})},
      {kOptionRepeated, "two names", second_with_options({"0201aa", "0303736970", "4303736970"})},
      {kOptionUnknown, "type 4", second_with_options({"0401aa"})},
      {kOptionUnknown, "type 0", second_with_options({"0001aa"})},
      {kOptionUnknown, "type 0x81: another bit than that of skipping", second_with_options({"8118" + test::kShiftsHex})},
      {kEngineUnnamed, "data without a name", second_with_options({"0201aa"})},
  };
}

std::vector<Case> meaning_cases() {
  using enum Refusal;
  const auto protocol = [](std::uint8_t number) { return second_with([=](RawEntry& e) { e.protocol = number; }); };
  const auto state = [](std::uint8_t number, std::uint16_t is) {
    return second_with([=](RawEntry& e) {
      e.protocol = number;
      e.state = is;
    });
  };
  const auto flags = [](std::uint32_t bits) { return second_with([=](RawEntry& e) { e.flags = bits; }); };
  return {
      {kProtocolUnsupported, "protocol 0", protocol(0)},
      {kProtocolUnsupported, "ICMP", protocol(1)},
      {kProtocolUnsupported, "ESP, which the kernel knows", protocol(50)},
      {kProtocolUnsupported, "version 0: GRE", message0_with([](RawMessage0& m) { m.entries = {{}, {.protocol = 47}, {}}; })},
      {kStateOutOfRange, "TCP's 11", state(6, 11)},
      {kStateOutOfRange, "TCP's 65535", state(6, 65535)},
      {kStateOutOfRange, "UDP's 1", state(17, 1)},
      {kStateOutOfRange, "SCTP's 14", state(132, 14)},
      {kStateOutOfRange, "version 0: TCP's 11", message0_with([](RawMessage0& m) { m.entries = {{}, {.state = 11}, {}}; })},
      {kForwardingMethod, "masquerading", flags(0x100)},
      {kForwardingMethod, "tunnel", flags(0x182)},
      {kForwardingMethod, "bypass", flags(0x184)},
      {kForwardingMethod, "none of the kernel's", flags(0x187)},
      {kEngineUnsupported, "data of SIP", second_with_options({"0201aa", "0303736970"})},
  };
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& part : {header_cases(), entry_cases(), option_cases(), meaning_cases()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

struct Outcome {
  std::vector<Refusal> refusals;
  std::size_t used = 0;
};

// As a receiver does it.
Outcome outcome_of(const Bytes& datagram) {
  auto message = read_message(datagram);
  if (!message) return {{message.error()}, 0};
  Outcome outcome;
  while (auto entry = message->next()) {
    if (const auto refusal = *entry ? refusal_of(**entry) : entry->error()) {
      outcome.refusals.push_back(*refusal);
    } else {
      ++outcome.used;
    }
  }
  return outcome;
}

std::size_t expected_use(const Case& wrong) {
  using enum Refusal;
  if (wrong.refusal <= kUnknownNote) return 0;
  return scope_of(wrong.refusal) == RefusalScope::kEntry ? 2 : 1;
}

TEST(Refusal, EachHasItsName) {
  for (const Case& wrong : cases()) {
    EXPECT_THAT(outcome_of(wrong.datagram).refusals, testing::ElementsAre(wrong.refusal)) << wrong.what;
  }
}

TEST(Refusal, NothingBehindABadPointIsUsedAndWhatIsBeforeItIs) {
  for (const Case& wrong : cases()) EXPECT_EQ(outcome_of(wrong.datagram).used, expected_use(wrong)) << wrong.what;
}

TEST(Refusal, EachHasACase) {
  std::set<Refusal> seen;
  for (const Case& wrong : cases()) seen.insert(wrong.refusal);
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    EXPECT_TRUE(seen.contains(static_cast<Refusal>(i))) << name_of(static_cast<Refusal>(i));
  }
}

TEST(Refusal, AnEndedMessageStaysEnded) {
  const Bytes datagram = message_with([](RawMessage& m) { m.entries = {entry_with([](RawEntry& e) { e.type = 2; }), {}}; });
  auto message = read_message(datagram);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->next()->error(), Refusal::kEntryType);
  EXPECT_FALSE(message->next().has_value());
  EXPECT_FALSE(message->next().has_value());
}

// Up to Linux 2.6.36 a director that is a real server itself sends that.
TEST(Refusal, AServerThatIsTheDirectorItselfIsDirectRouting) {
  EXPECT_TRUE(outcome_of(second_with([](RawEntry& e) { e.flags = 0x81; })).refusals.empty());
}

TEST(Refusal, EachHasAUniqueNameInSnakeCaseAndASentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRefusalCount; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    EXPECT_TRUE(names.insert(name_of(refusal)).second) << name_of(refusal);
    EXPECT_TRUE(std::ranges::all_of(name_of(refusal), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << name_of(refusal);
    EXPECT_FALSE(describe(refusal).empty()) << name_of(refusal);
  }
}

}  // namespace
}  // namespace penstock::sync
