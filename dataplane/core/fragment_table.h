// Where the fragments of a datagram go: only the first has the ports, and it may come last or to another worker.
//
// The first fragment's outcome is remembered for the datagram's others. Others that come before it are held, briefly and within
// a bound, and get their verdict when it comes or when their time is up. Nothing is reassembled: fragments are forwarded as
// they are. All fragments of a datagram meet on one worker (fragment_home), whichever queue they came by. Worker-owned, fixed
// size, no allocation. Source of the timeout's order of magnitude: net.ipv4.ipfrag_time is 30 s; ours is shorter, because only
// stragglers need it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/keyed_hash.h"
#include "dataplane/core/tick.h"

namespace penstock::core {

// What makes fragments belong together: RFC 791 section 3.2, RFC 8200 section 4.5.
struct DatagramKey {
  packet::Ipv6Address source{};  // IPv4: its four bytes first, the rest zero
  packet::Ipv6Address destination{};
  std::uint32_t identification = 0;
  std::uint8_t protocol = 0;
  packet::Family family = packet::Family::kIpv4;

  friend bool operator==(const DatagramKey&, const DatagramKey&) = default;
};

[[nodiscard]] std::uint64_t hash_of(const DatagramKey& key);

// The worker on which a datagram's fragments meet.
[[nodiscard]] inline WorkerIndex fragment_home(std::uint64_t hash, unsigned workers) {
  return static_cast<WorkerIndex>((hash >> 32) % workers);
}

class FragmentTable {
 public:
  // What became of a first fragment, and so of all its datagram.
  struct Outcome {
    enum class Kind : std::uint8_t { kWaiting, kServer, kKernel, kDrop };
    Kind kind = Kind::kWaiting;
    DropReason reason{};  // kDrop
    ServerId server = kNoServer;
  };

  static constexpr std::size_t kDatagrams = 1024;  // remembered at once; a new one takes the oldest one's place
  static constexpr std::size_t kHeldFrames = 256;  // held at once, of all datagrams
  static constexpr Tick kRemember = 5 * kTicksPerSecond;
  static constexpr Tick kHold = kTicksPerSecond / 4;

  FragmentTable();

  // The outcome of the datagram's first fragment, kWaiting when it has not come.
  [[nodiscard]] Outcome find(const DatagramKey& key, std::uint64_t hash, Tick now) const;

  // Sets the outcome and calls release(frame) for each frame that waited for it; evicted(frame) for those of a datagram that
  // gave way.
  template <typename Release, typename Evicted>
  void resolve(const DatagramKey& key, std::uint64_t hash, Outcome outcome, Tick now, Release release, Evicted evicted) {
    Datagram& datagram = claim(key, hash, now, evicted);
    datagram.outcome = outcome;
    datagram.deadline = now + kRemember;
    drain(datagram, release);
  }

  // Keeps a frame until its first fragment comes. False when there is no room: the frame remains the caller's.
  template <typename Evicted>
  [[nodiscard]] bool hold(const DatagramKey& key, std::uint64_t hash, const Frame& frame, Tick now, Evicted evicted) {
    if (free_ == kNone) return false;
    Datagram& datagram = claim(key, hash, now, evicted);
    push(datagram, frame, now);
    return true;
  }

  // Gives up each frame that has waited too long: calls expired(frame).
  template <typename Expired>
  void expire(Tick now, Expired expired) {
    if (held_ == 0 || now == last_expire_) return;
    last_expire_ = now;
    for (Datagram& datagram : datagrams_) {
      if (datagram.first != kNone && is_past(datagram.hold_until, now)) drain(datagram, expired);
    }
  }

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::uint16_t kNone = 0xffff;

  struct Datagram {
    DatagramKey key{};
    Outcome outcome{};
    bool used = false;
    std::uint32_t number = 0;     // of its claim: many come in one tick
    Tick deadline = 0;            // forgotten after it
    Tick hold_until = 0;          // of the frame that came first
    std::uint16_t first = kNone;  // held frames, in the order they came
    std::uint16_t last = kNone;
  };
  struct Held {
    Frame frame;
    std::uint16_t next = kNone;
  };

  [[nodiscard]] static std::size_t set_of(std::uint64_t hash) { return hash % (kDatagrams / kWays) * kWays; }
  // The datagram's index, or kDatagrams when it isn't remembered.
  [[nodiscard]] std::size_t locate(const DatagramKey& key, std::uint64_t hash, Tick now) const;

  // The datagram's place, found or made; the oldest of its set gives way when none is free.
  template <typename Evicted>
  Datagram& claim(const DatagramKey& key, std::uint64_t hash, Tick now, Evicted evicted) {
    if (const std::size_t known = locate(key, hash, now); known != kDatagrams) return datagrams_[known];
    Datagram* oldest = &datagrams_[set_of(hash)];
    for (std::size_t way = 0; way < kWays; ++way) {
      Datagram& candidate = datagrams_[set_of(hash) + way];
      if (!candidate.used) {
        oldest = &candidate;
        break;
      }
      if (is_older(candidate, *oldest)) oldest = &candidate;
    }
    drain(*oldest, evicted);
    *oldest = Datagram{.key = key, .used = true, .number = ++claims_, .deadline = now + kRemember};
    return *oldest;
  }
  // By deadline, and in one tick by claim: else a newcomer would always push out the one before it.
  [[nodiscard]] static bool is_older(const Datagram& a, const Datagram& b) {
    if (a.deadline != b.deadline) return static_cast<std::int32_t>(a.deadline - b.deadline) < 0;
    return static_cast<std::int32_t>(a.number - b.number) < 0;
  }

  template <typename Take>
  void drain(Datagram& datagram, Take take) {
    while (datagram.first != kNone) take(pop(datagram));
  }
  void push(Datagram& datagram, const Frame& frame, Tick now);
  Frame pop(Datagram& datagram);

  std::vector<Datagram> datagrams_;
  std::vector<Held> frames_;
  std::uint16_t free_ = 0;  // the first of the unused `frames_`, chained by `next`
  std::size_t held_ = 0;
  std::uint32_t claims_ = 0;
  Tick last_expire_ = 0;
};

}  // namespace penstock::core
