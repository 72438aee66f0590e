// Keeps a flood of packets from becoming a flood of log lines: the same thing once in ten seconds, and not too many different
// ones.
//
// What a line is about is a number that its writer makes up of a kind and a peer. An attacker can make up peers, so the number
// of different lines in ten seconds is bounded as well; the counters of a listing have everything.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::vrrp {

class LineLimiter {
 public:
  static constexpr std::chrono::seconds kPause{10};
  static constexpr std::size_t kLines = 16;  // different ones within kPause

  // Whether a line about `what` may be written now; if so, it counts as written.
  [[nodiscard]] bool allows(std::uint64_t what, std::chrono::steady_clock::time_point now) {
    Entry* oldest = entries_.data();
    for (Entry& entry : entries_) {
      const bool recent = entry.used && now - entry.last < kPause;
      if (recent && entry.what == what) return false;
      if (!entry.used || (oldest->used && entry.last < oldest->last)) oldest = &entry;
    }
    if (oldest->used && now - oldest->last < kPause) return false;
    *oldest = {.what = what, .last = now, .used = true};
    return true;
  }

 private:
  struct Entry {
    std::uint64_t what = 0;
    std::chrono::steady_clock::time_point last{};
    bool used = false;
  };
  std::array<Entry, kLines> entries_{};
};

}  // namespace penstock::vrrp
