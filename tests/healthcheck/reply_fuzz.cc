// Fuzz target: any bytes as what a checked server answers, through the readers of DNS, ICMP echo and SMTP. None may read
// outside; results have no control characters; SMTP's result and what it sends don't depend on how the bytes are cut. A broken
// rule aborts. The first byte says whose reader, the second where SMTP's bytes are cut.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "healthcheck/dns_message.h"
#include "healthcheck/icmp_echo.h"
#include "healthcheck/smtp_dialogue.h"

namespace {

using namespace penstock::healthcheck;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

void read_dns(std::span<const std::byte> bytes) {
  const auto query = encode_dns_query(0x3132, "example.org", DnsCheck::Type::kA);
  const DnsReply reply = read_dns_reply(bytes, *query);
  require(reply.response_code < 16, "a response code has four bits");
  require(!reply.is_ours || bytes.size() >= 12, "a reply has a header");
  const std::string_view name{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  const auto encoded = encode_dns_query(1, name, DnsCheck::Type::kA);
  require(!encoded || encoded->size() <= 12 + 255 + 4, "a query is within its limits");
}

void read_echo(std::span<const std::byte> bytes) {
  for (const bool is_v6 : {false, true}) static_cast<void>(is_echo_reply(bytes, {}, is_v6, true));
  static_cast<void>(is_echo_reply(after_ipv4_header(bytes), {}, false, false));
}

struct Outcome {
  std::string sent;
  std::optional<ProbeResult> end;
};

Outcome talk(std::string_view bytes, std::size_t piece) {
  SmtpDialogue dialogue{"me"};
  Outcome out;
  while (!bytes.empty() && !out.end) {
    auto step = dialogue.on_bytes(bytes.substr(0, piece));
    out.sent += step.send;
    out.end = std::move(step.end);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (out.end) out.sent.clear();  // what went before an end may have gone out or not
  return out;
}

void read_smtp(std::string_view bytes, std::size_t piece) {
  const Outcome whole = talk(bytes, bytes.size());
  const Outcome cut = talk(bytes, piece);
  require(whole.sent == cut.sent && whole.end == cut.end, "the cuts don't matter");
  if (whole.end) {
    require(std::ranges::all_of(whole.end->detail, [](char c) { return c >= ' ' && c <= '~'; }), "a result is printable");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<std::byte> bytes{reinterpret_cast<const std::byte*>(data + 2),
                                     reinterpret_cast<const std::byte*>(data + size)};
  switch (data[0] % 3) {
    case 0: read_dns(bytes); break;
    case 1: read_echo(bytes); break;
    default: read_smtp({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, data[1] % 32U + 1); break;
  }
  return 0;
}
