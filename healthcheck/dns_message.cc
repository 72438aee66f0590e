#include "healthcheck/dns_message.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

namespace penstock::healthcheck {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kLongestLabel = 63;  // RFC 1035, section 2.3.4
constexpr std::size_t kLongestName = 255;  // with the bytes of its labels' lengths
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kClassInternet = 1;

void append16(std::vector<std::byte>& out, std::uint16_t value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value & 0xff));
}

// Precondition: at + 2 <= message.size().
std::uint16_t read16(std::span<const std::byte> message, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(message[at]) << 8 | std::to_integer<unsigned>(message[at + 1]));
}

std::byte lower(std::byte c) { return c >= std::byte{'A'} && c <= std::byte{'Z'} ? c | std::byte{0x20} : c; }

// A length byte is at most 63, below all letters: so the bytes of a name can be compared all alike.
bool is_same_question(std::span<const std::byte> a, std::span<const std::byte> b) {
  const auto name_bytes = a.size() - 4;  // type and class follow
  return std::ranges::equal(a.first(name_bytes), b.first(name_bytes), {}, lower, lower) &&
         std::ranges::equal(a.subspan(name_bytes), b.subspan(name_bytes));
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> encode_dns_query(std::uint16_t id, std::string_view name,
                                                                    DnsCheck::Type type) {
  std::vector<std::byte> out;
  for (const std::uint16_t word : std::initializer_list<std::uint16_t>{id, kRecursionDesired, 1, 0, 0, 0}) append16(out, word);
  if (name.ends_with('.')) name.remove_suffix(1);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty()) return std::unexpected{std::string{"an empty label in the name"}};
    if (label.size() > kLongestLabel) return std::unexpected{std::string{"a label of more than 63 bytes in the name"}};
    out.push_back(static_cast<std::byte>(label.size()));
    std::ranges::transform(label, std::back_inserter(out), [](char c) { return static_cast<std::byte>(c); });
    name.remove_prefix(label.size());
    if (name == ".") return std::unexpected{std::string{"an empty label in the name"}};
    if (!name.empty()) name.remove_prefix(1);
  }
  out.push_back(std::byte{0});
  if (out.size() - kHeaderBytes > kLongestName) return std::unexpected{std::string{"a name of more than 255 bytes"}};
  append16(out, static_cast<std::uint16_t>(type));
  append16(out, kClassInternet);
  return out;
}

DnsReply read_dns_reply(std::span<const std::byte> reply, std::span<const std::byte> query) {
  constexpr std::uint16_t kIsReply = 0x8000;
  constexpr std::uint16_t kOpcode = 0x7800;
  constexpr std::uint16_t kResponseCode = 0x000f;
  if (reply.size() < kHeaderBytes || read16(reply, 0) != read16(query, 0)) return {};
  const std::uint16_t flags = read16(reply, 2);
  if ((flags & kIsReply) == 0 || (flags & kOpcode) != 0) return {};
  const auto code = static_cast<std::uint8_t>(flags & kResponseCode);
  const std::uint16_t questions = read16(reply, 4);
  if (questions == 0 && code != 0) return {.is_ours = true, .response_code = code};
  const auto question = query.subspan(kHeaderBytes);
  if (questions != 1 || reply.size() < query.size()) return {};
  if (!is_same_question(question, reply.subspan(kHeaderBytes, question.size()))) return {};
  return {.is_ours = true, .response_code = code};
}

std::string dns_response_code_name(std::uint8_t code) {
  constexpr std::array<const char*, 6> kNames{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
  return code < kNames.size() ? kNames[code] : std::to_string(code);
}

}  // namespace penstock::healthcheck
