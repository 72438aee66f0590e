// A forwarder for tests of the shell: each frame says itself what verdict it wants.
//
// Such a frame is of an experimental Ethernet type; its payload begins with a Script. All other frames (noise of the kernel's)
// are dropped.
#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/tick.h"

namespace penstock::dpdk::testing {

struct Script {
  core::Action action{};
  std::uint8_t target = 0;         // kForward, kReply: port; kHandOver: worker; kPunt: class
  std::uint16_t sequence = 0;      // for the test's own use
  std::uint16_t reply_length = 0;  // kReply
  core::PortIndex then = 0;        // kHandOver, kHold: port that the frame leaves by in the end
  std::uint8_t stamp = 0;          // becomes the snapshot's stamp when the frame is forwarded
  std::uint8_t hops = 0;           // becomes the transit's, for a frame that was handed over
};

inline constexpr std::array<std::byte, 2> kScriptType{std::byte{0x88}, std::byte{0xb5}};  // IEEE 802: local experimental
inline constexpr std::size_t kScriptOffset = 14;

inline std::optional<Script> script_of(std::span<const std::byte> frame) {
  if (frame.size() < kScriptOffset + sizeof(Script) || std::memcmp(&frame[12], kScriptType.data(), 2) != 0) return std::nullopt;
  Script script;
  std::memcpy(&script, &frame[kScriptOffset], sizeof(script));
  return script;
}

inline std::vector<std::byte> scripted_frame(const Script& script, std::size_t size = 60) {
  std::vector<std::byte> frame(size);
  std::memset(frame.data(), 0xff, 6);  // to everybody
  frame[6] = std::byte{0x02};          // from a local address
  std::memcpy(&frame[12], kScriptType.data(), 2);
  std::memcpy(&frame[kScriptOffset], &script, sizeof(script));
  return frame;
}

// Counts those alive, and turns unusable when freed.
class ScriptedSnapshot {
 public:
  explicit ScriptedSnapshot(std::uint8_t stamp) : stamp_{stamp} { ++alive; }
  ~ScriptedSnapshot() {
    stamp_ = 0;
    --alive;
  }
  ScriptedSnapshot(const ScriptedSnapshot&) = delete;
  ScriptedSnapshot& operator=(const ScriptedSnapshot&) = delete;

  [[nodiscard]] std::uint8_t stamp() const { return stamp_; }
  static inline int alive = 0;

 private:
  std::uint8_t stamp_;  // never 0
};

struct ScriptedReleased {
  core::Frame frame;
  core::Verdict verdict;
};

class ScriptedForwarder {
 public:
  void process(const ScriptedSnapshot& snapshot, core::Tick now, std::span<core::Frame> burst,
               std::span<core::Verdict> verdicts) {
    last_tick = now;
    while (blocked) {
    }
    for (std::size_t i = 0; i < burst.size(); ++i) verdicts[i] = decide(snapshot, burst[i]);
  }
  void maintain(const ScriptedSnapshot& snapshot, core::Tick) {
    last_stamp = snapshot.stamp();
    if (let_go) {
      for (const auto& frame : held_) released_.push_back({frame, forward(frame, script_of(bytes_of(frame))->then)});
      held_.clear();
    }
  }
  bool populate_some() { return ++populated < kPieces; }
  std::size_t take_released(std::span<ScriptedReleased> out) {
    std::size_t count = 0;
    while (count < out.size() && !released_.empty()) {
      out[count++] = released_.back();
      released_.pop_back();
    }
    return count;
  }
  void on_drop(core::DropReason reason) { ++drops[static_cast<std::size_t>(reason)]; }

  // For the test's thread.
  [[nodiscard]] unsigned dropped(core::DropReason reason) const { return drops[static_cast<std::size_t>(reason)]; }
  std::atomic<bool> blocked{false};  // stay in process() while set
  std::atomic<bool> let_go{false};   // give held frames back
  std::atomic<unsigned> holding{0};
  static constexpr unsigned kPieces = 3;  // that can be populated
  std::atomic<unsigned> populated{0};     // how often that was asked for
  std::atomic<core::Tick> last_tick{0};
  std::atomic<std::uint8_t> last_stamp{0};
  std::array<std::atomic<unsigned>, packet::kDropReasonCount> drops{};

 private:
  static std::span<std::byte> bytes_of(const core::Frame& frame) { return {frame.data, frame.length}; }

  static core::Verdict forward(const core::Frame&, core::PortIndex port) {
    core::Verdict verdict;
    verdict.action = core::Action::kForward;
    verdict.port = port;
    return verdict;
  }

  core::Verdict decide(const ScriptedSnapshot& snapshot, core::Frame& frame) {
    core::Verdict verdict;
    auto script = script_of(bytes_of(frame));
    if (!script) return verdict;
    script->stamp = snapshot.stamp();
    if (frame.transit.kind != core::Transit::Kind::kNone) {
      script->hops = frame.transit.hops;
      script->action = core::Action::kForward;
      script->target = script->then;
    }
    std::memcpy(frame.data + kScriptOffset, &*script, sizeof(*script));
    verdict.action = script->action;
    verdict.port = script->target;
    verdict.worker = script->target;
    verdict.punt = static_cast<core::PuntClass>(script->target);
    verdict.length = script->reply_length;
    verdict.transit = {core::Transit::Kind::kSeek, 0, 7, core::kNoServer};
    if (script->action == core::Action::kHold) {
      held_.push_back(frame);
      ++holding;
    }
    return verdict;
  }

  std::vector<core::Frame> held_;
  std::vector<ScriptedReleased> released_;
};

}  // namespace penstock::dpdk::testing
