// What goes into the forwarding core, and what comes out: frames and verdicts, without a word of DPDK.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/core/ids.h"
#include "dataplane/packet/drop_reason.h"

namespace penstock::core {

using packet::DropReason;

// At most this many frames are handled at once; every per-burst array has this size. Twice what DPDK's drivers like to give at
// once, because the core takes a burst in two halves (Forwarder::Part).
inline constexpr std::size_t kBurst = 64;

// What one worker tells another about a frame that it hands over. It travels beside the frame (the shell keeps it in the mbuf's
// private area).
struct Transit {
  enum class Kind : std::uint8_t {
    kNone,      // straight from the wire
    kSeek,      // an ICMP error or a first fragment looking for the worker that owns its connection
    kFragment,  // a fragment on its way to the worker that remembers its datagram
    kResolved,  // a first fragment back at that worker, with the server that its connection has
  };
  Kind kind = Kind::kNone;
  WorkerIndex origin = 0;       // kSeek: the worker that asked and that the frame goes back to
  std::uint8_t hops = 0;        // kSeek: workers that have looked already
  ServerId server = kNoServer;  // kResolved
};

// One received frame. The buffer belongs to the shell until the verdict says what to do with it.
struct Frame {
  std::byte* data = nullptr;        // the Ethernet header
  std::uint16_t length = 0;         // contiguous bytes from data on (the first segment); headers past it are "truncated"
  std::uint16_t capacity = 0;       // bytes that may be written from data on (a reply is built in place); >= length
  std::uint32_t packet_length = 0;  // bytes of the whole frame with all its segments; >= length
  PortIndex port = 0;               // where it came in
  Transit transit{};
  void* buffer = nullptr;  // the shell's handle (an rte_mbuf); the core keeps it for held fragments and never looks inside
};

// The classes of frames for the kernel, each with a ring of its own so that no flood starves another.
enum class PuntClass : std::uint8_t {
  kVrrp,            // adverts that a virtual router of ours may believe
  kDoubtfulAdvert,  // a sample of those that none can (advert_gate.h)
  kCheck,           // from a known real server: answers to health checks
  kSync,            // the other director's connections (connection sync)
  kNeighbour,       // ARP and IPv6 neighbour discovery
  kOther,           // all the rest
};
inline constexpr std::size_t kPuntClassCount = 6;

enum class Action : std::uint8_t {
  kForward,   // transmit on `port`; the frame is rewritten in place
  kReply,     // transmit on `port`: an ICMP error of ours stands at data now, `length` bytes in one segment
  kPunt,      // to the kernel, in class `punt`, by the TAP of the port it came in by
  kHandOver,  // to worker `worker`, with `transit`
  kHold,  // a later fragment whose first has not come: the core keeps `buffer` and gives it back by Forwarder::take_released()
  kDrop,  // free it; the core has counted `reason`
};
inline constexpr std::size_t kActionCount = 6;

// Two words, so that it is handed on in registers.
struct alignas(8) Verdict {
  Action action = Action::kDrop;
  DropReason reason{};       // kDrop; kReply: why the packet itself was not forwarded
  PuntClass punt{};          // kPunt
  PortIndex port = 0;        // kForward, kReply
  WorkerIndex worker = 0;    // kHandOver
  std::uint16_t length = 0;  // kReply
  Transit transit{};         // kHandOver
};

}  // namespace penstock::core
