// Whom an instance hears and doesn't believe: counted by reason, remembered by peer, logged now and then.
//
// This is all that a rejected advert may leave behind; a flood of them costs neither memory nor log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "vrrp/line_limiter.h"
#include "vrrp/router.h"

namespace penstock::vrrp {

class Rejections {
 public:
  static constexpr std::size_t kPeers = 16;

  // True when a line about it may be written.
  [[nodiscard]] bool note(const packet::IpAddress& source, Rejection why, TimePoint now);

  [[nodiscard]] const std::vector<RejectedPeer>& peers() const { return peers_; }  // the most recent first
  [[nodiscard]] const std::array<std::uint64_t, kRejectionCount>& counts() const { return counts_; }
  // The peers stay.
  void clear_counts() { counts_ = {}; }

 private:
  std::vector<RejectedPeer> peers_;
  std::array<std::uint64_t, kRejectionCount> counts_{};
  LineLimiter lines_;
};

}  // namespace penstock::vrrp
