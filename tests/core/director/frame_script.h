// A director's day as bytes: frames, time and changes, read from any bytes at all, so that a fuzzer's mutations are other days.
//
// A step begins with a byte that says what it is. Most steps are a frame of a small world: a few clients and ports, so that
// flows meet again, of each kind that a director meets, with a twist now and then (another TTL, size, address, a changed byte).
// Others are a frame byte by byte, time that passes, and changes of the configuration. What is read past the end is 0.
// ScriptWriter writes what FrameScript reads, for seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/core/director/reference_director.h"
#include "tests/support/rows.h"

namespace penstock::test {

struct ScriptStep {
  enum class Kind : std::uint8_t { kFrame, kTime, kServer, kDirector };
  Kind kind{};
  ReferenceInput frame{};      // kFrame
  bool ends_burst = false;     // kFrame
  core::Tick ticks = 0;        // kTime
  unsigned server = 0;         // kServer: whose
  bool is_there = true;        // kServer: in the services' lists
  RowServer now_is{};          // kServer, as long as it is there
  bool expire_nodest = false;  // kDirector, and so is the rest
  bool sloppy_tcp = false;
  bool is_backup = false;
  bool has_services = true;
};

class FrameScript {
 public:
  explicit FrameScript(std::span<const std::byte> bytes) : rest_{bytes} {}

  struct Start {
    bool is_near_wrap = false;  // of the tick counter
    bool is_weighted = false;   // wrr instead of rr
  };
  [[nodiscard]] Start read_start();  // first of all
  // Nothing: the end.
  [[nodiscard]] std::optional<ScriptStep> next();

 private:
  std::uint8_t byte();
  [[nodiscard]] ScriptStep small_world_frame(std::uint8_t what);
  [[nodiscard]] ScriptStep raw_frame();
  void twist(PacketBuilder& frame, ScriptStep& step, std::uint8_t which);
  void twist_bytes(ScriptStep& step, std::uint8_t which);

  std::span<const std::byte> rest_;
};

// The IPv4 header at an untagged frame's usual place, if there is one, gets its checksum: a fuzzer doesn't guess those.
void repair_ipv4_checksum(Bytes& frame);

class ScriptWriter {
 public:
  ScriptWriter() : bytes_(1) {}

  // One burst of one frame. False: it is longer than a script's frames.
  bool add_frame(const Bytes& frame, core::PortIndex port, std::size_t contiguous);
  void add_time(core::Tick ticks);
  void add_server(unsigned server, bool is_there, const RowServer& now_is);
  void add_director(const Situation& situation);
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void put(std::uint8_t value) { bytes_.push_back(std::byte{value}); }

  Bytes bytes_;
};

}  // namespace penstock::test
