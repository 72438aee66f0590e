// The checks that run: found by their number (for reports) and by what they ask (to share them), counted by who uses them.
//
// Control-owned. States stay at their address until removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "healthcheck/service_state.h"

namespace penstock::healthcheck {

// A server that a check speaks for. The pointers are good until the next reload.
struct CheckUser {
  ServiceState* service = nullptr;
  ServerState* server = nullptr;
  std::size_t link = 0;  // index into server->links
};

struct CheckState {
  CheckId id{};
  CheckSpec spec{};
  bool is_up = true;
  std::optional<std::int64_t> weight{};  // of the last success. MISC_CHECK: the server's weight; FILE_CHECK: what is added
  std::optional<CheckReport> last{};     // none before the first result
  bool has_verdict = false;              // a probe has said something about the server
  std::optional<TimePoint> changed{};    // none: `is_up` is as at the start
  std::uint64_t successes = 0;
  FailureCounts failures{};
  std::vector<CheckUser> users{};  // in the configuration's order
};

class CheckRegistry {
 public:
  // The check with this number; null: there is none (any more).
  [[nodiscard]] CheckState* find(CheckId id) const;
  // A check that asks exactly this; null: none does.
  [[nodiscard]] CheckState* find(const CheckSpec& spec) const;
  CheckState& add(const CheckSpec& spec);
  void forget_users();
  // Removes checks without users; their numbers in rising order.
  [[nodiscard]] std::vector<CheckId> remove_unused();

 private:
  std::unordered_map<CheckId, std::unique_ptr<CheckState>> by_id_;
  std::unordered_multimap<std::size_t, CheckState*> by_hash_;  // hash of the spec
  std::uint64_t last_id_ = 0;
};

}  // namespace penstock::healthcheck
