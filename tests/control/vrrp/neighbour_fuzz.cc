// Fuzz target: any bytes as frames of ARP and IPv6 neighbour discovery that come in one after the other, through what we learn
// of them: who says that one of our virtual addresses is elsewhere. Each frame: a byte (its interface, whether the checksum of
// an advertisement is made right, the time until it comes, whether we are master), its length, its bytes. Nothing is read
// outside, and:
//   - what a frame claims is what a second reader, by the RFCs' pictures, finds in it;
//   - a conflict is one: our address, while we are master, at a MAC address that isn't ours;
//   - at most kMost are remembered, the last heard first, and a line is written at most once in its time for each of them.
// A broken rule throws. The unit tests call it too (neighbour_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "control/vrrp/vip_conflicts.h"
#include "dataplane/packet/address_claim.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/packet_bytes.h"

namespace {

using namespace penstock;
using packet::AddressClaim;
using test::Bytes;
using View = std::span<const std::byte>;
using penstock::test::require;

constexpr packet::MacAddress kOurs{{0x02, 0, 0, 0, 0, 0x0d}};
constexpr std::size_t kAdvertisement = 14 + 40;  // where its ICMPv6 message begins

unsigned be16(View bytes, std::size_t at) {
  return (std::to_integer<unsigned>(bytes[at]) << 8) | std::to_integer<unsigned>(bytes[at + 1]);
}
unsigned be8(View bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }

packet::MacAddress mac_at(View bytes, std::size_t at) {
  packet::MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) mac.bytes[i] = std::to_integer<std::uint8_t>(bytes[at + i]);
  return mac;
}

bool is_one_machines(const packet::MacAddress& mac) { return (mac.bytes[0] & 1) == 0 && mac != packet::MacAddress{}; }

Bytes pseudo_header_and_message(View frame) {
  const std::size_t length = be16(frame, 18);
  Bytes summed{frame.begin() + 22, frame.begin() + 54};
  summed.resize(40);
  test::write_be16(summed, 34, static_cast<std::uint16_t>(length));
  summed[39] = std::byte{58};
  test::append(summed, frame.subspan(kAdvertisement, length));
  return summed;
}

// RFC 826.
std::optional<AddressClaim> claim_of_arp(View frame) {
  if (frame.size() < 14 + 28) return {};
  const bool is_ethernet = be16(frame, 14) == 1 && be16(frame, 16) == 0x0800 && be8(frame, 18) == 6 && be8(frame, 19) == 4;
  if (!is_ethernet || be16(frame, 20) < 1 || be16(frame, 20) > 2) return {};
  const packet::Ipv4Address sender{(be16(frame, 28) << 16) | be16(frame, 30)};
  const packet::MacAddress mac = mac_at(frame, 22);
  if (sender.value() == 0 || !is_one_machines(mac)) return {};
  return AddressClaim{sender, mac};
}

// RFC 4861 section 7.1.2, line by line.
std::optional<AddressClaim> claim_of_advertisement(View frame) {
  if (frame.size() < kAdvertisement + 24 || be8(frame, 14) >> 4 != 6 || be8(frame, 20) != 58) return {};
  const std::size_t length = be16(frame, 18);
  if (length > frame.size() - kAdvertisement) return {};
  if (be8(frame, 21) != 255 || length < 24 || be8(frame, kAdvertisement) != 136 || be8(frame, kAdvertisement + 1) != 0)
    return {};
  if (test::reference_checksum(pseudo_header_and_message(frame)) != 0) return {};
  const bool is_solicited = (be8(frame, kAdvertisement + 4) & 0x40) != 0;
  if (be8(frame, kAdvertisement + 8) == 0xff || (be8(frame, 38) == 0xff && is_solicited)) return {};
  packet::MacAddress mac = mac_at(frame, 6);
  for (std::size_t at = kAdvertisement + 24; at < kAdvertisement + length;) {
    const std::size_t left = kAdvertisement + length - at;
    const std::size_t size = left < 2 ? 0 : be8(frame, at + 1) * std::size_t{8};
    if (size == 0 || size > left) return {};
    if (be8(frame, at) == 2) mac = mac_at(frame, at + 2);
    at += size;
  }
  if (!is_one_machines(mac)) return {};
  packet::Ipv6Address target;
  for (std::size_t i = 0; i < 16; ++i) target.bytes[i] = std::to_integer<std::uint8_t>(frame[kAdvertisement + 8 + i]);
  return AddressClaim{target, mac};
}

std::optional<AddressClaim> second_reading(View frame) {
  if (frame.size() < 14) return {};
  if (be16(frame, 12) == 0x0806) return claim_of_arp(frame);
  if (be16(frame, 12) == 0x86dd) return claim_of_advertisement(frame);
  return {};
}

void repair_checksum(Bytes& frame) {
  if (frame.size() < kAdvertisement + 24 || be16(frame, 12) != 0x86dd) return;
  if (be16(frame, 18) < 4 || be16(frame, 18) > frame.size() - kAdvertisement) return;
  test::write_be16(frame, kAdvertisement + 2, 0);
  test::write_be16(frame, kAdvertisement + 2, test::reference_checksum(pseudo_header_and_message(frame)));
}

std::vector<vrrp::InstanceSpec> instances() {
  vrrp::InstanceSpec spec{.name = "VI_1", .interface = "eth0"};
  for (const char* const vip : {"192.168.1.200", "fd77::100"}) {
    spec.addresses.push_back({.address = packet::IpAddress::parse(vip).value()});
  }
  return {spec};
}

// A day on two interfaces.
class Neighbourhood {
 public:
  Neighbourhood() {
    conflicts_.set_own_macs(std::span{&kOurs, 1});
    conflicts_.apply(instances());
  }

  void hear(std::uint8_t how, const Bytes& frame) {
    static constexpr std::array<int, 8> kSeconds{0, 0, 1, 1, 30, 59, 60, 61};
    now_ += std::chrono::seconds{kSeconds.at((how >> 2) & 7)};
    is_master_ = (how & 0xe0) != 0xe0;
    const auto claim = packet::address_claim_of(frame);
    require(claim == second_reading(frame), "a second reader finds the same claim");
    if (!claim) return;
    const std::string interface = (how & 2) != 0 ? "eth1" : "eth0";
    const std::size_t before = conflicts_.list().size();
    const control::VipConflict* const line = conflicts_.note(interface, *claim, now_);
    const auto list = conflicts_.list();
    const bool is_ours = claim->address.to_string() == "192.168.1.200" || claim->address.to_string() == "fd77::100";
    if (!is_ours || !is_master_ || claim->mac == kOurs) {
      require(line == nullptr && list.size() == before, "what is no conflict isn't noted");
      return;
    }
    require(!list.empty() && list.size() <= control::VipConflicts::kMost, "conflicts are remembered, and not too many");
    require(std::ranges::is_sorted(list, std::greater{}, &control::VipConflict::last), "the last heard first");
    require(list.front().last == now_, "this one was heard now");
    if (line == nullptr) return;
    require(line->address == claim->address && line->mac == claim->mac && line->interface == interface, "a line is about it");
    check_line({interface, claim->address, claim->mac}, line->count == 1);
  }

 private:
  using Who = std::tuple<std::string, packet::IpAddress, packet::MacAddress>;

  // `is_first`: also of one that was forgotten meanwhile.
  void check_line(const Who& who, bool is_first) {
    const auto known = lines_.find(who);
    require(known == lines_.end() || is_first || now_ - known->second >= control::VipConflicts::kLinePeriod,
            "a line comes once in its time");
    lines_[who] = now_;
  }

  bool is_master_ = true;
  control::VipConflicts conflicts_{[this](const std::string&) { return is_master_; }};
  vrrp::TimePoint now_{std::chrono::hours{1}};
  std::map<Who, vrrp::TimePoint> lines_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Neighbourhood neighbourhood;
  View rest = std::as_bytes(std::span{data, size});
  while (rest.size() >= 2) {
    const auto how = std::to_integer<std::uint8_t>(rest[0]);
    const std::size_t length = std::min<std::size_t>(be8(rest, 1), rest.size() - 2);
    Bytes frame{rest.begin() + 2, rest.begin() + 2 + static_cast<std::ptrdiff_t>(length)};
    frame.shrink_to_fit();  // so that a sanitizer sees a read past the end
    rest = rest.subspan(2 + length);
    if ((how & 1) != 0) repair_checksum(frame);
    neighbourhood.hear(how, frame);
  }
  return 0;
}
