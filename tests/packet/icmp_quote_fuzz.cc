// Fuzz target: any bytes as an ICMP or ICMPv6 message (the first byte: which, and whether its type is made an error's). Reading
// the packet that it quotes stays inside, and:
//   - a second reader (tests/support/reference_frame.h) finds the same flow, or none for the same reason;
//   - a message that is cut anywhere says the same flow, or that it is cut: never another one;
//   - what stands behind the ports doesn't matter.
// A broken rule throws. The unit tests call it too (icmp_quote_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet/icmp_quote.h"
#include "dataplane/packet/ip_protocol.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/reference_frame.h"

namespace {

using namespace penstock::packet;
using penstock::test::ReferenceQuote;
using penstock::test::require;

bool is_same(const IcmpQuote& a, const IcmpQuote& b) {
  return a.protocol == b.protocol && a.source == b.source && a.destination == b.destination &&
         a.fragment_offset == b.fragment_offset && a.source_port == b.source_port && a.destination_port == b.destination_port;
}

// In memory of just its size, so that a sanitizer sees a read past its end.
auto read(Family family, std::span<const std::byte> message) {
  std::vector<std::byte> own{message.begin(), message.end()};
  own.shrink_to_fit();
  return quoted_packet(family, own);
}

void compare_with_second_reader(Family family, std::span<const std::byte> message) {
  const auto quote = read(family, message);
  const ReferenceQuote other = penstock::test::read_reference_quote(family == Family::kIpv4, message);
  if (!quote) {
    const bool is_no_error = quote.error() == NoIcmpQuote::kNotAnError;
    require(other.kind == (is_no_error ? ReferenceQuote::Kind::kNoError : ReferenceQuote::Kind::kUnreadable),
            "a second reader finds no flow either, for the same reason");
    return;
  }
  require(other.kind == ReferenceQuote::Kind::kFlow || other.kind == ReferenceQuote::Kind::kNoFlow,
          "a second reader can read it as well");
  const bool is_flow =
      quote->fragment_offset == 0 && (quote->protocol == ip_protocol::kTcp || quote->protocol == ip_protocol::kUdp);
  require(is_flow == (other.kind == ReferenceQuote::Kind::kFlow), "and whether it is a flow's");
  require(quote->protocol == other.protocol && quote->source == other.source && quote->destination == other.destination &&
              quote->source_port.value() == other.source_port && quote->destination_port.value() == other.destination_port,
          "and which");
}

void cut_everywhere(Family family, std::span<const std::byte> message) {
  const auto whole = read(family, message);
  bool was_whole = false;
  for (std::size_t size = 0; size < std::min<std::size_t>(message.size(), 200); ++size) {
    const auto part = read(family, message.first(size));
    const bool is_cut = !part && part.error() == NoIcmpQuote::kTruncated;
    if (is_cut) {
      require(!was_whole, "more bytes don't make a message cut");
      continue;
    }
    was_whole = true;
    require(part.has_value() == whole.has_value(), "a part says no other than the whole");
    require(part ? is_same(*part, *whole) : part.error() == whole.error(), "a part says no other than the whole");
  }
  if (!was_whole || !whole) return;
  std::vector<std::byte> longer{message.begin(), message.end()};
  longer.resize(longer.size() + 40, std::byte{0x2c});
  const auto with_more = read(family, longer);
  require(with_more && is_same(*with_more, *whole), "what stands behind the ports doesn't matter");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  const Family family = (data[0] & 1) != 0 ? Family::kIpv6 : Family::kIpv4;
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(1);
  std::vector<std::byte> message{bytes.begin(), bytes.end()};
  if ((data[0] & 2) != 0 && !message.empty()) message[0] = family == Family::kIpv4 ? std::byte{3} : std::byte{1};
  compare_with_second_reader(family, message);
  cut_everywhere(family, message);
  return 0;
}
