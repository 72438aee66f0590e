// How a worker's frames of protocol 112 go to the VRRP thread, so that no flood of them is in an honest advert's way.
//
// Adverts that can be believed as far as the filter sees go by a ring of their own (PuntClass::kVrrp). Of the others a sample
// goes by another (kDoubtfulAdvert): enough for the thread to say who sends what, in words. Both are limited for each sender
// and fault: by hash, so that a flood from one takes nothing from another but one in kClasses. What is above the limit is
// dropped, counted by virtual router and fault. The limit: who floods with the right password, or without one in use, and under
// many senders' addresses, fills the first ring; nothing in such a frame tells it from an honest one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/core/advert_filter.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/frame.h"
#include "dataplane/core/keyed_hash.h"
#include "dataplane/core/token_bucket.h"

namespace penstock::core {

// Worker-owned.
class AdvertGate {
 public:
  static constexpr std::size_t kClasses = 128;
  // The shortest interval of the protocol is 10 ms, and a router answers out of turn once in 5 ms: several times that.
  static constexpr std::uint32_t kCrediblePerSecond = 640;
  static constexpr std::uint32_t kCredibleBurst = 64;
  // All classes together begin with half of what their ring holds, and fill it in a second.
  static constexpr std::uint32_t kDoubtfulPerSecond = 2;
  static constexpr std::uint32_t kDoubtfulBurst = 2;

  explicit AdvertGate(AdvertCounters& counters);

  // Precondition: AdvertFilter::look()'s. `now` never goes back.
  [[nodiscard]] Verdict pass(const AdvertFilter& filter, const Frame& frame, const packet::ParsedFrame& parsed, Tick now);

 private:
  [[nodiscard]] std::size_t class_of(const Frame& frame, const packet::ParsedFrame& parsed,
                                     const AdvertFilter::Opinion& opinion) const;

  AdvertCounters& counters_;
  HashSecret secret_;
  std::array<TokenBucket, kClasses> credible_;
  std::array<TokenBucket, kClasses> doubtful_;
};

}  // namespace penstock::core
