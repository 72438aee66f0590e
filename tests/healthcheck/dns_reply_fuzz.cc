// Fuzz target: any bytes as a server's answer to a DNS query. Rules:
//   - a query says its name as RFC 1035 writes it, within its limits, or is refused in words;
//   - the query itself is no reply; the query turned into a reply is ours, in any case of letters, with anything behind it;
//   - such a reply in which id, kind or question is another, or that is cut before its question ends, is none of ours;
//   - any other bytes: nothing is read outside, and what is ours repeats the id.
// The input: a length and a name, then changes to the right reply: which byte is XORed with what; then the bytes of an answer.
#include <algorithm>

#include "healthcheck/dns_message.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock::healthcheck;
using penstock::test::FuzzInput;
using penstock::test::require;

constexpr std::size_t kHeader = 12;
using Message = std::vector<std::byte>;

// The name in a query, read back.
std::string name_in(const Message& query) {
  std::string name;
  for (std::size_t at = kHeader; query.at(at) != std::byte{0};) {
    const auto size = std::to_integer<std::size_t>(query[at++]);
    for (std::size_t end = at + size; at < end; ++at) name += static_cast<char>(query.at(at));
    name += '.';
  }
  return name.empty() ? "." : name;
}

void check_query(const Message& query, std::string_view name) {
  require(query.size() <= kHeader + 255 + 4, "a query is within its limits");
  const std::string whole = name.ends_with('.') ? std::string{name} : std::string{name} + '.';
  require(name_in(query) == whole, "a query says its name");
  require(!read_dns_reply(query, query).is_ours, "a query is no reply");
}

Message reply_to(const Message& query, std::byte code) {
  Message reply = query;
  reply[2] |= std::byte{0x80};
  reply[3] |= code & std::byte{0x0f};
  return reply;
}

bool is_letter(std::byte c) {
  const std::byte low = c | std::byte{0x20};
  return low >= std::byte{'a'} && low <= std::byte{'z'};
}

// Whether a reply in which that byte was XORed with `bits` is another one: flags that say nothing to us, the counts of records
// and the case of letters don't matter.
bool matters(const Message& reply, std::size_t at, std::byte bits) {
  if (bits == std::byte{0}) return false;
  if (at < 2) return true;
  if (at == 2) return (bits & std::byte{0xf8}) != std::byte{0};
  if (at == 3 || (at >= 6 && at < kHeader)) return false;
  const bool in_name = at >= kHeader && at < reply.size() - 4;
  return !(in_name && is_letter(reply[at]) && bits == std::byte{0x20});
}

// One byte changed. A count of no questions is a server's that leaves the question out of an error.
void check_change(const Message& query, std::byte code, std::size_t at, std::byte bits) {
  Message reply = reply_to(query, code);
  at %= reply.size();
  const bool another = matters(reply, at, bits);
  reply[at] ^= bits;
  const bool leaves_out = reply[4] == std::byte{0} && reply[5] == std::byte{0} && (reply[3] & std::byte{0x0f}) != std::byte{0};
  if (leaves_out) return;
  require(read_dns_reply(reply, query).is_ours == !another, "a reply is ours exactly when it repeats id, kind and question");
}

void check_reply(const Message& query, std::byte code) {
  Message reply = reply_to(query, code);
  const DnsReply read = read_dns_reply(reply, query);
  require(read.is_ours && read.response_code == std::to_integer<unsigned>(code & std::byte{0x0f}), "the right reply is ours");
  Message longer = reply;
  longer.insert(longer.end(), 7, std::byte{0xff});
  require(read_dns_reply(longer, query).is_ours, "records behind the question don't matter");
  for (std::size_t size = 0; size < reply.size(); ++size) {
    const Message part{reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size)};
    require(!read_dns_reply(part, query).is_ours, "a part of the reply isn't ours");
  }
}

void check_any(const Message& bytes, const Message& query) {
  const DnsReply read = read_dns_reply(bytes, query);
  if (!read.is_ours) return;
  require(bytes.size() >= kHeader && std::equal(bytes.begin(), bytes.begin() + 2, query.begin()), "ours repeats the id");
  require(!dns_response_code_name(read.response_code).empty(), "a response code has a name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input{data, size};
  const std::uint16_t id = input.word();
  const auto code = std::byte{input.byte()};
  const std::size_t name_size = input.byte();
  const std::string_view name = input.text(name_size);
  auto query = encode_dns_query(id, name, DnsCheck::Type::kA);
  if (query) {
    check_query(*query, name);
    check_reply(*query, code);
    for (std::uint8_t changes = input.byte() % 32; changes > 0; --changes) {
      const std::size_t at = input.word();
      check_change(*query, code, at, std::byte{input.byte()});
    }
  } else {
    require(!query.error().empty(), "a refusal has words");
    query = encode_dns_query(id, "example.org", DnsCheck::Type::kA);
  }
  const std::string_view rest = input.rest();
  const auto* const begin = reinterpret_cast<const std::byte*>(rest.data());
  check_any({begin, begin + rest.size()}, *query);
  return 0;
}
