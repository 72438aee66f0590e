// One worker of the core with buffers for its frames: what a shell must do around a Forwarder, in the plainest way.
//
// Each frame has a buffer of its own on the heap, exactly as large as its capacity, so that AddressSanitizer sees each byte
// read or written past it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/core/forwarder.h"
#include "tests/support/hex.h"

namespace penstock::test {

// What became of a frame: its verdict, and the bytes that the verdict is about.
struct Handled {
  core::Verdict verdict;
  Bytes bytes;
  std::uint64_t tag = 0;  // the frame's, as given to receive()
};

class TestWorker {
 public:
  static constexpr std::size_t kRoom = 2048;  // behind a received frame's begin, for our own ICMP errors

  TestWorker(core::CounterBoard& board, const core::Forwarder::Options& options) : forwarder_{board, options} {}

  struct Input {
    Bytes bytes;
    core::PortIndex port = 0;
    std::size_t contiguous = SIZE_MAX;
    core::Transit transit{};
    std::uint64_t tag = 0;
  };
  // One burst of at most kBurst frames. What comes out now: each frame's verdict (one that is held: with kHold), then those of
  // frames held before.
  std::vector<Handled> receive(const core::Snapshot& snapshot, core::Tick now, std::span<const Input> inputs);
  std::vector<Handled> receive(const core::Snapshot& snapshot, core::Tick now, const Input& input) {
    return receive(snapshot, now, std::span{&input, 1});
  }
  // Time passes without a frame.
  std::vector<Handled> maintain(const core::Snapshot& snapshot, core::Tick now);

  [[nodiscard]] core::Forwarder& forwarder() { return forwarder_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> memory;
    std::size_t capacity = 0;
    std::size_t packet_length = 0;
    Bytes rest;  // the bytes of further segments
    std::uint64_t tag = 0;
  };
  static Buffer buffer_of(const Input& input);
  static Handled handled(const core::Verdict& verdict, const Buffer& buffer, std::size_t contiguous);
  void release(std::vector<Handled>& out);

  core::Forwarder forwarder_;
  std::map<const Buffer*, std::unique_ptr<Buffer>> held_;
};

}  // namespace penstock::test
