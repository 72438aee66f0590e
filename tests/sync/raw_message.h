// Sync messages with anything wrong in them: each field is what the test says, and what it doesn't say is right.
//
// The wire is written here without the codec, so that the codec is tested against it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/entry.h"
#include "tests/support/hex.h"

namespace penstock::test {

// An option as hexadecimal text: "0102abcd" is type 1, length 2. Or too little of one.
struct RawEntry {
  std::uint8_t type = 0;  // of the addresses: 1 has addresses of 16 bytes
  std::uint8_t protocol = 6;
  std::uint8_t version = 0;
  std::optional<std::uint16_t> size{};  // else the true one
  std::uint32_t flags = 0x83;
  std::uint16_t state = 1;
  std::uint16_t client_port = 40001;
  std::string addresses = "0a4d000a0a4d00640a4d0016";  // 10.77.0.10, 10.77.0.100, 10.77.0.22
  std::vector<std::string> options{};
};
[[nodiscard]] RawEntry raw_ipv6();
// What the first is: port 80 of the other two, a timeout of 900 s. With other fields the test says so.
[[nodiscard]] sync::Entry plain_entry();
[[nodiscard]] sync::Entry plain_entry_ipv6();  // raw_ipv6()

struct RawEntry0 {
  std::uint8_t protocol = 6;
  std::uint16_t flags = 0x83;
  std::uint16_t state = 1;
  std::string shifts{};  // hexadecimal
};

struct RawMessage {
  std::uint8_t reserved = 0;
  std::uint8_t syncid = 50;
  std::optional<std::uint16_t> size{};
  std::optional<std::uint8_t> count{};  // else that of `entries`
  std::uint8_t version = 1;
  std::uint16_t spare = 0;
  std::vector<RawEntry> entries{{}};
  std::size_t cut = 0;    // bytes missing at the end
  std::string more = "";  // bytes too many there, hexadecimal
};
struct RawMessage0 {
  std::uint8_t syncid = 50;
  std::optional<std::uint8_t> count{};
  std::vector<RawEntry0> entries{{}};
  std::size_t cut = 0;
  std::string more = "";
};

[[nodiscard]] Bytes bytes_of(const RawMessage& message);
[[nodiscard]] Bytes bytes_of(const RawMessage0& message);

// 24 bytes of an option of sequence numbers, in network order: 1, 2, 3 and 4, 5, 6.
inline const std::string kShiftsHex = "000000010000000200000003000000040000000500000006";
inline constexpr sync::SequenceShifts kShifts{{1, 2, 3}, {4, 5, 6}};

}  // namespace penstock::test
