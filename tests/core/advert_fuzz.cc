// Fuzz target: any bytes as a frame of protocol 112, through the workers' filter of adverts and their gate. The filter must not
// read outside, a frame that it finds no fault with is the expected router's, and the gate goes by what the filter says.
// The first byte: the port and how much of the frame is in the first buffer. A broken rule throws.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "dataplane/core/advert_gate.h"
#include "dataplane/packet/checksum.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock;
using penstock::test::require;

constexpr core::OwnerId kVersion2{1};
constexpr core::OwnerId kVersion3{2};
constexpr core::OwnerId kIpv6{3};
constexpr core::OwnerId kUnicast{4};

core::AdvertFilter make_filter() {
  return core::AdvertFilter{{{.router = kVersion2, .virtual_router_id = 51, .has_password = true},
                             {.router = kVersion3, .virtual_router_id = 52, .version = 3},
                             {.router = kIpv6, .family = packet::Family::kIpv6, .virtual_router_id = 51, .version = 3},
                             {.router = kUnicast, .virtual_router_id = 53, .unicast = true}}};
}

// A fuzzer doesn't guess checksums: an IPv4 header at the usual place gets its own right.
void repair_ipv4_checksum(std::vector<std::byte>& frame) {
  constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);
  if (frame.size() < kL3 + sizeof(packet::Ipv4Header)) return;
  auto& ip = packet::overlay<packet::Ipv4Header>(frame.data() + kL3);
  if (ip.header_length() < sizeof(packet::Ipv4Header) || frame.size() < kL3 + ip.header_length()) return;
  ip.header_checksum = packet::ipv4_header_checksum(std::span{frame}.subspan(kL3, ip.header_length()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const core::AdvertFilter kFilter = make_filter();
  if (size < 1 || size > 2000) return 0;
  std::vector<std::byte> whole(size - 1);
  if (!whole.empty()) std::memcpy(whole.data(), data + 1, whole.size());
  repair_ipv4_checksum(whole);
  // A buffer that ends where the frame's first segment ends.
  std::vector<std::byte> first(whole.begin(),
                               whole.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(data[0] >> 1, whole.size())));
  first.shrink_to_fit();
  const packet::ParsedFrame parsed = packet::parse_frame(first.data(), first.size(), whole.size());
  if (parsed.kind == packet::FrameKind::kMalformed) return 0;
  core::Frame frame;
  frame.data = first.data();
  frame.length = static_cast<std::uint16_t>(first.size());
  frame.packet_length = static_cast<std::uint32_t>(whole.size());
  frame.port = data[0] & 1U;
  if (parsed.kind != packet::FrameKind::kVrrp && !core::is_authenticated_advert(frame, parsed)) return 0;

  const core::AdvertFilter::Opinion opinion = kFilter.look(frame, parsed);
  const bool nobodys = opinion.fault == core::AdvertFault::kUnreadable || opinion.fault == core::AdvertFault::kUnknownRouter;
  require(nobodys == (opinion.router == core::kAlwaysOurs), "what is for a router of ours names it, and nothing else does");
  require(nobodys || frame.port == 0, "no router listens on the other port");
  require(nobodys || (opinion.router == kIpv6) == !parsed.is_v4(), "a router hears its own family");

  static core::CounterBoard board{1};
  core::AdvertGate gate{board.adverts(0)};
  const core::Verdict verdict = gate.pass(kFilter, frame, parsed, 0);
  const bool credible = opinion.fault == core::AdvertFault::kNone;
  require(verdict.action == core::Action::kPunt, "the first frame of each kind is let through");
  require(verdict.punt == (credible ? core::PuntClass::kVrrp : core::PuntClass::kDoubtfulAdvert), "by the ring for its kind");
  return 0;
}
