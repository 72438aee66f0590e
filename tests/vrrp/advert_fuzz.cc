// Fuzz target: any bytes as a frame, through the codec and the checks of instances of each kind. Nothing is read outside, and:
//   - a message that is read is written again as it was, but for version 3's reserved bits;
//   - an instance believes only what can be read, and its refusals have a line;
//   - what it believes says what the message says.
// A broken rule throws. The unit tests call it too (advert_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "tests/support/fuzz_target.h"
#include "vrrp/advert_check.h"

namespace {

using namespace penstock;
using namespace penstock::vrrp;
using penstock::test::require;

InstanceSpec spec_of(std::uint8_t kind) {
  InstanceSpec spec;
  spec.name = "VI_1";
  spec.virtual_router_id = 51;
  spec.version = kind % 2 == 0 ? 2 : 3;
  if ((kind & 2) != 0) spec.auth_pass = "password";
  if ((kind & 4) != 0) {
    spec.unicast_peers = {{.address = packet::Ipv4Address{0x0a4d'0003}, .least_ttl = 1, .most_ttl = 254}};
    spec.check_unicast_source = (kind & 8) != 0;
  }
  if ((kind & 16) != 0) {
    spec.priority = InstanceSpec::kOwnerPriority;
    spec.owner_ignores_adverts = true;
  }
  for (std::uint32_t i = 0; i < kind / 32U; ++i) spec.addresses.push_back({.address = packet::Ipv4Address{0x0a4d'000aU + i}});
  return spec;
}

void require_same_message(const HeardFrame& frame, const Advert& advert) {
  Envelope envelope{.source = frame.source, .destination = frame.destination};
  const std::vector<std::byte> again = advert_frame(advert, envelope);
  const auto written = read_frame(again);
  require(written.has_value(), "a frame of ours can be read");
  require(read_message(*written) == advert, "what we write says the same");
  require(written->message.size() == frame.message.size(), "what we write is as long");
  for (std::size_t i = 0; i < frame.message.size(); ++i) {
    if (i == 6 || i == 7) continue;  // the checksum may be 0 or 0xffff, and counts the reserved bits
    const std::byte mask = advert.version == 3 && i == 4 ? std::byte{0x0f} : std::byte{0xff};
    require(written->message[i] == (frame.message[i] & mask), "what we write has the same bytes");
  }
}

void check_frame(std::span<const std::byte> bytes, const InstanceSpec& spec) {
  const auto frame = read_frame(bytes);
  if (!frame) return;
  require(frame->message.size() <= bytes.size(), "the message lies in the frame");
  static_cast<void>(virtual_router_id_of(frame->message));
  const auto advert = read_message(*frame);
  if (advert) require_same_message(*frame, *advert);

  const auto verdict = judge(*frame, spec, {}, false);
  if (!verdict) {
    require(to_string(verdict.error().why) != "unknown", "a refusal has a name");
    require(line_of(verdict.error(), *frame, spec).size() > spec.name.size() + 3, "a refusal has a line");
    return;
  }
  require(advert.has_value(), "what is believed can be read");
  require(verdict->advert == *advert, "what is believed is what was read");
  require(verdict->remarks.empty() == !(verdict->addresses_differ || verdict->interval_differs), "a difference has a remark");
}

// A fuzzer doesn't guess checksums: those of the IPv4 header and of the message behind the plain header become right.
void repair_checksums(std::span<std::byte> frame, bool counts_pseudo_header) {
  constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);
  constexpr std::size_t kMessage = kL3 + sizeof(packet::Ipv4Header);
  if (frame.size() < kMessage) return;
  auto& ip = packet::overlay<packet::Ipv4Header>(frame.data() + kL3);
  if (ip.version_ihl != 0x45) return;
  ip.header_checksum = packet::ipv4_header_checksum(frame.subspan(kL3, sizeof(ip)));
  const std::size_t end = kL3 + ip.total_length.value();
  if (end > frame.size() || end < kMessage + 8) return;
  const auto message = frame.subspan(kMessage, end - kMessage);
  auto& checksum = packet::overlay<packet::Be16>(message.data() + 6);
  checksum.set(0);
  packet::OnesComplementSum sum;
  if (counts_pseudo_header) {
    sum = packet::pseudo_header(ip.source, ip.destination, ip.protocol, static_cast<std::uint16_t>(message.size()));
  }
  sum.add(message);
  checksum = sum.checksum();
}

}  // namespace

// The first byte chooses the instance, the second whether and how checksums are repaired.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(2);
  std::vector<std::byte> frame{bytes.begin(), bytes.end()};
  if (data[1] % 3 != 0) repair_checksums(frame, data[1] % 3 == 1);
  check_frame(frame, spec_of(data[0]));
  return 0;
}
