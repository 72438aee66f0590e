// What happened lately, for whoever has to understand a violation; and a digest of everything, to compare runs by.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/vrrp/simulation/random.h"

namespace penstock::vrrp::simulation {

class Trace {
 public:
  enum class What : std::uint8_t {
    kAdvert,    // sent: instance, priority
    kAnnounce,  // sent: instance, number of the VIP
    kOwns,      // instance
    kDisowns,   // instance
    kHears,     // instance, priority
    kAttack,    // heard: 1 if it names a virtual router that we have
    kStart,
    kCrash,
    kStop,
    kStall,
    kResume,  // number of frames that waited
    kLinkUp,
    kLinkDown,
    kScriptWell,  // which script
    kScriptFails,
    kReload,  // priority, interval in ms
    kCut,     // from this router to another one
    kHeal,
    kBurst,  // per cent of frames lost, per cent duplicated
    kCalm,
    kSettled,
  };
  static constexpr int kNobody = -1;

  void add(Nanoseconds at, int router, What what, std::int64_t a = 0, std::int64_t b = 0);
  // Frames and ownership enter it; what only this simulator knows (attacks) doesn't.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::size_t events() const { return count_; }
  [[nodiscard]] std::string text() const;

 private:
  struct Entry {
    Nanoseconds at{};
    int router = 0;
    What what{};
    std::int64_t a = 0;
    std::int64_t b = 0;
  };
  static constexpr std::size_t kKept = 160;
  std::array<Entry, kKept> entries_{};
  std::size_t count_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
};

}  // namespace penstock::vrrp::simulation
