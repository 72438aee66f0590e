// Fuzz target: any bytes as a received frame, through all that the packet layer does with one. It must not read or write
// outside, and:
//   - the parser's inline path and parse_uncommon() agree, and say what a second reader says (tests/support/reference_frame.h);
//     offsets lie inside the frame;
//   - an ICMP error of ours is a frame that our own parser takes for an ICMP message, with right checksums, it names the flow
//   that it is
//     about, and it is never answered by another error;
//   - a claim to an address is one that a single machine can make.
// A broken rule throws. The unit tests call it too (frame_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "dataplane/packet/address_claim.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/icmp_error.h"
#include "dataplane/packet/icmp_quote.h"
#include "dataplane/packet/parse.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/reference_frame.h"

namespace {

using namespace penstock::packet;
using penstock::test::require;

bool is_same_kind(FrameKind kind, penstock::test::ReferenceFrame::Kind other) {
  using Other = penstock::test::ReferenceFrame::Kind;
  switch (kind) {
    case FrameKind::kTransport: return other == Other::kWhole;
    case FrameKind::kFirstFragment: return other == Other::kFirstFragment;
    case FrameKind::kLaterFragment: return other == Other::kLaterFragment;
    case FrameKind::kIcmp: return other == Other::kIcmp;
    case FrameKind::kVrrp: return other == Other::kAdvert;
    case FrameKind::kNeighbour: return other == Other::kNeighbour;
    case FrameKind::kMalformed: return other == Other::kBroken;
    case FrameKind::kOther: return other == Other::kOther || other == Other::kAdvert;  // behind AH, which has no kind here
  }
  return false;
}

// `frame`: what can be read of packet_length bytes, of which the reader looks at no more.
void compare_with_second_reader(std::span<const std::byte> frame, std::size_t packet_length, const ParsedFrame& parsed) {
  std::vector<std::byte> whole{frame.begin(), frame.end()};
  whole.resize(packet_length);
  const auto other = penstock::test::read_reference_frame(whole, frame.size());
  require(is_same_kind(parsed.kind, other.kind), "a second reader sees the same kind of frame");
  if (parsed.kind == FrameKind::kMalformed) {
    require(parsed.reason == other.reason, "and the same fault");
    return;
  }
  require((parsed.ip_length != 0) == other.has_ip, "and an IP packet where there is one");
  if (!other.has_ip) return;
  require(parsed.is_v4() == other.is_v4 && parsed.protocol == other.protocol && parsed.l3_offset == other.l3 &&
              parsed.l4_offset == other.l4 && parsed.ip_length == other.ip_length(),
          "and its parts in the same places");
  require(parsed.source_port == other.source_port && parsed.destination_port == other.destination_port &&
              parsed.tcp_flags == other.tcp_flags,
          "and the same ports and flags");
  const bool is_part = parsed.kind == FrameKind::kFirstFragment || parsed.kind == FrameKind::kLaterFragment;
  if (is_part) require(parsed.fragment_id == other.datagram, "and a fragment of the same datagram");
}

ParsedFrame parse(std::span<const std::byte> frame, std::size_t packet_length) {
  const ParsedFrame parsed = parse_frame(frame.data(), frame.size(), packet_length);
  const ParsedFrame uncommon = parse_uncommon(frame.data(), frame.size(), packet_length);
  require(parsed.kind == uncommon.kind && parsed.reason == uncommon.reason && parsed.l4_offset == uncommon.l4_offset &&
              parsed.source_port == uncommon.source_port && parsed.destination_port == uncommon.destination_port &&
              parsed.tcp_flags == uncommon.tcp_flags && parsed.ip_length == uncommon.ip_length,
          "the two paths of the parser agree");
  compare_with_second_reader(frame, packet_length, parsed);
  if (parsed.has_ports()) require(parsed.l4_offset + 4U <= frame.size(), "the ports lie inside the frame");
  require(parsed.ip_length <= packet_length, "the packet lies inside the frame");
  return parsed;
}

std::span<const std::byte> message_of(std::span<const std::byte> frame, const ParsedFrame& parsed) {
  const std::size_t end = std::min<std::size_t>(frame.size(), parsed.l3_offset + std::size_t{parsed.ip_length});
  return end < parsed.l4_offset ? std::span<const std::byte>{} : frame.subspan(parsed.l4_offset, end - parsed.l4_offset);
}

// A fuzzer doesn't guess checksums: an IPv4 header at the usual place gets its own right.
void repair_ipv4_checksum(std::span<std::byte> frame) {
  constexpr std::size_t kL3 = sizeof(EthernetHeader);
  if (frame.size() < kL3 + sizeof(Ipv4Header)) return;
  auto& ip = overlay<Ipv4Header>(frame.data() + kL3);
  if (ip.header_length() < sizeof(Ipv4Header) || frame.size() < kL3 + ip.header_length()) return;
  ip.header_checksum = ipv4_header_checksum(frame.subspan(kL3, ip.header_length()));
}

void check_error(std::span<std::byte> error, const ParsedFrame& offending) {
  const ParsedFrame parsed = parse(error, error.size());
  require(parsed.kind == FrameKind::kIcmp, "our error is an ICMP message");
  const auto message = message_of(error, parsed);
  if (parsed.is_v4()) {
    require(icmp_checksum_ok(message), "our error's checksum is right");
  } else {
    const auto& ip = overlay<Ipv6Header>(error.data() + parsed.l3_offset);
    require(icmpv6_checksum_ok(ip.source, ip.destination, message), "our error's checksum is right");
  }
  const auto quote = quoted_packet(parsed.family, message);
  if (offending.is_v4() && offending.kind == FrameKind::kTransport) {
    require(quote.has_value(), "our error names what it is about");
  }
  if (quote && offending.kind == FrameKind::kTransport) {
    require(
        quote->source_port.value() == offending.source_port && quote->destination_port.value() == offending.destination_port,
        "our error quotes the ports");
  }
  require(build_icmp_error(error, error.size(), parsed.l3_offset, {}) == 0, "an error is not answered by an error");
}

}  // namespace

// The first two bytes choose the kind of error, how much of the frame lies in later segments, the room behind it, and whether
// the IPv4 checksum is repaired.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<IcmpError::Kind>(data[0] % 3);
  const std::size_t later_segments = data[0] < 128 ? 0 : data[0] - 128U;
  const std::size_t room = data[1];
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(2);

  std::vector<std::byte> frame{bytes.begin(), bytes.end()};
  if (room % 2 == 1 && frame.size() > 13 && frame[12] == std::byte{8} && frame[13] == std::byte{0}) repair_ipv4_checksum(frame);
  const ParsedFrame parsed = parse(frame, frame.size() + later_segments);
  if (const auto claim = address_claim_of(frame)) {
    require(parsed.kind == FrameKind::kNeighbour || parsed.kind == FrameKind::kMalformed, "only discovery claims an address");
    require(!claim->mac.is_group() && !claim->mac.is_zero(), "a claim names one machine's address");
  }
  if (parsed.kind == FrameKind::kIcmp) static_cast<void>(quoted_packet(parsed.family, message_of(frame, parsed)));

  frame.resize(bytes.size() + room);
  frame.shrink_to_fit();  // so that a sanitizer sees a write past the room
  if (parsed.l3_offset == 0) {
    static_cast<void>(build_icmp_error(frame, bytes.size(), sizeof(EthernetHeader), {.kind = kind, .mtu = 1400}));
    return 0;
  }
  const std::size_t length = build_icmp_error(frame, bytes.size(), parsed.l3_offset, {.kind = kind, .mtu = 1400});
  require(length <= frame.size(), "our error fits its buffer");
  if (length > 0) check_error(std::span{frame}.first(length), parsed);
  return 0;
}
