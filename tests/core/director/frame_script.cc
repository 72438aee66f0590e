#include "tests/core/director/frame_script.h"

#include <algorithm>
#include <array>

#include "tests/support/packet_bytes.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

// A step's first byte: from here on it is that kind; below the first, a frame of the small world.
constexpr std::uint8_t kRaw = 204;
constexpr std::uint8_t kTime = 206;
constexpr std::uint8_t kServer = 228;
constexpr std::uint8_t kDirector = 248;

constexpr std::size_t kLongestRaw = 1599;
constexpr std::uint8_t kSecondPort = 0x01;  // of a raw frame's second byte
constexpr std::uint8_t kRepaired = 0x02;    // its IPv4 header gets its checksum
constexpr std::uint8_t kInTwoParts = 0x04;  // how much is in the first follows
constexpr std::uint8_t kEndsBurst = 0x08;

// From here on the byte of a time is one of those.
constexpr std::uint8_t kLongTimes = 224;
// Beside each time that something lasts, a tick and (for what is seen more often) a second less, and a tick more.
constexpr std::array<core::Tick, 32> kTimes{1,
                                            2,
                                            3,
                                            15,
                                            16,
                                            17,
                                            32,
                                            63,
                                            64,
                                            65,
                                            320 - 1,
                                            320,
                                            320 + 1,
                                            10 * kSecond - 1,
                                            10 * kSecond,
                                            10 * kSecond + 1,
                                            30 * kSecond,
                                            60 * kSecond - 1,
                                            60 * kSecond,
                                            60 * kSecond + 1,
                                            120 * kSecond - 1,
                                            120 * kSecond,
                                            120 * kSecond + 1,
                                            300 * kSecond - 1,
                                            300 * kSecond,
                                            300 * kSecond + 1,
                                            900 * kSecond - 1,
                                            900 * kSecond,
                                            900 * kSecond + 1,
                                            9 * kSecond,
                                            59 * kSecond,
                                            119 * kSecond};

constexpr std::array<std::uint32_t, 8> kWeights{1, 1, 1, 2, 3, 4, 6, 0};

}  // namespace

void repair_ipv4_checksum(Bytes& frame) {
  constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);
  if (frame.size() < kL3 + sizeof(packet::Ipv4Header) || frame[12] != std::byte{0x08} || frame[13] != std::byte{0}) return;
  const std::size_t header = (std::to_integer<std::size_t>(frame[kL3]) & 0xf) * 4;
  if (header < sizeof(packet::Ipv4Header) || frame.size() < kL3 + header) return;
  Bytes ip{frame.begin() + kL3, frame.begin() + static_cast<std::ptrdiff_t>(kL3 + header)};
  set_ipv4_checksum(ip, header);
  std::ranges::copy(ip, frame.begin() + kL3);
}

std::uint8_t FrameScript::byte() {
  if (rest_.empty()) return 0;
  const auto value = std::to_integer<std::uint8_t>(rest_.front());
  rest_ = rest_.subspan(1);
  return value;
}

FrameScript::Start FrameScript::read_start() {
  const std::uint8_t how = byte();
  return {.is_near_wrap = (how & 1) != 0, .is_weighted = (how & 2) != 0};
}

std::optional<ScriptStep> FrameScript::next() {
  if (rest_.empty()) return {};
  const std::uint8_t what = byte();
  if (what < kRaw) return small_world_frame(what);
  if (what < kTime) return raw_frame();
  ScriptStep step;
  if (what < kServer) {
    step.kind = ScriptStep::Kind::kTime;
    // Most of the time is short, so that a day sees connections live.
    const std::uint8_t which = byte();
    step.ticks = which < kLongTimes ? which % 20U : kTimes.at(which - kLongTimes);
    return step;
  }
  const std::uint8_t how = byte();
  if (what < kDirector) {
    step.kind = ScriptStep::Kind::kServer;
    step.server = (what - kServer) % 3U;
    const std::uint8_t more = byte();
    step.is_there = (more & 0x03) != 0x03;
    step.now_is = {.weight = kWeights.at(how & 0x07),
                   .available = step.is_there,
                   .resolved = (how & 0x38) != 0x38,
                   .local = (more & 0x1c) == 0x1c,
                   .mtu = static_cast<std::uint16_t>((how & 0xc0) == 0xc0 ? 300 : 1500),
                   .egress = static_cast<core::PortIndex>((more & 0xe0) == 0xe0 ? 1 : 0)};
    return step;
  }
  step.kind = ScriptStep::Kind::kDirector;
  step.expire_nodest = (how & 0x01) != 0;
  step.sloppy_tcp = (how & 0x02) != 0;
  step.is_backup = (how & 0x1c) == 0x1c;
  step.has_services = (how & 0xe0) != 0xe0;
  return step;
}

ScriptStep FrameScript::raw_frame() {
  ScriptStep step;
  const std::uint8_t how = byte();
  step.ends_burst = (how & kEndsBurst) != 0;
  step.frame.port = (how & kSecondPort) != 0 ? 1 : 0;
  const std::uint8_t high = byte();
  const std::size_t length = std::min<std::size_t>({high * 256U + byte(), kLongestRaw, rest_.size()});
  if ((how & kInTwoParts) != 0) step.frame.contiguous = byte();
  const std::size_t taken = std::min(length, rest_.size());
  step.frame.bytes.assign(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(taken));
  rest_ = rest_.subspan(taken);
  if ((how & kRepaired) != 0) repair_ipv4_checksum(step.frame.bytes);
  return step;
}

// ---- Writing

bool ScriptWriter::add_frame(const Bytes& frame, core::PortIndex port, std::size_t contiguous) {
  if (frame.size() > kLongestRaw) return false;
  const bool in_two_parts = contiguous < std::min<std::size_t>(frame.size(), 256);
  put(kRaw);
  put(static_cast<std::uint8_t>((port != 0 ? kSecondPort : 0) | (in_two_parts ? kInTwoParts : 0) | kEndsBurst));
  put(static_cast<std::uint8_t>(frame.size() >> 8));
  put(static_cast<std::uint8_t>(frame.size()));
  if (in_two_parts) put(static_cast<std::uint8_t>(contiguous));
  append(bytes_, frame);
  return true;
}

// In as few steps as it takes, the longest first.
void ScriptWriter::add_time(core::Tick ticks) {
  while (ticks > 0) {
    std::uint8_t which = 1;
    core::Tick longest = 1;
    for (std::size_t i = 0; i < kTimes.size(); ++i) {
      if (kTimes.at(i) <= ticks && kTimes.at(i) > longest) {
        longest = kTimes.at(i);
        which = static_cast<std::uint8_t>(kLongTimes + i);
      }
    }
    put(kTime);
    put(which);
    ticks -= longest;
  }
}

void ScriptWriter::add_server(unsigned server, bool is_there, const RowServer& now_is) {
  const auto weight = std::ranges::find(kWeights, now_is.weight);
  put(static_cast<std::uint8_t>(kServer + server % 3));
  put(static_cast<std::uint8_t>((weight != kWeights.end() ? weight - kWeights.begin() : 0) | (now_is.resolved ? 0 : 0x38) |
                                (now_is.mtu < 1500 ? 0xc0 : 0)));
  put(static_cast<std::uint8_t>((is_there ? 0 : 0x03) | (now_is.local ? 0x1c : 0) | (now_is.egress != 0 ? 0xe0 : 0)));
}

void ScriptWriter::add_director(const Situation& situation) {
  put(kDirector);
  put(static_cast<std::uint8_t>((situation.expire_nodest_conn ? 0x01 : 0) | (situation.sloppy_tcp ? 0x02 : 0) |
                                (situation.is_backup ? 0x1c : 0) | (situation.services.empty() ? 0xe0 : 0)));
}

}  // namespace penstock::test
