// What VRRP knows, said in words: sentences that both the listing for people and the JSON have.
#pragma once

#include <string>
#include <vector>

#include "control/cli/status.h"

namespace penstock::control {

// One instance in all of its aspects; valid as long as the status is.
struct VrrpInstanceView {
  const vrrp::InstanceSpec& spec;
  const vrrp::InstanceStatus& status;
  const VrrpStatus& all;
};

// Those that are configured and that VRRP's thread has taken over.
[[nodiscard]] std::vector<VrrpInstanceView> vrrp_instances(const VrrpStatus& status);

// "192.168.1.200/24"; the prefix is left out where it has all bits, the interface where it is the instance's.
[[nodiscard]] std::string vip_text(const vrrp::VirtualAddress& vip, const vrrp::InstanceSpec& instance);

// "0.3 s" below ten seconds, then like duration_text(). Below zero: "0.0 s".
[[nodiscard]] std::string moment_text(std::chrono::nanoseconds duration);

// Microseconds as seconds without needless digits: "1 s", "0.5 s".
[[nodiscard]] std::string interval_text(vrrp::Duration interval);

// "I hear 192.168.1.102 for VRID 50, rejected: wrong password (120 times, last 0.3 s ago)".
[[nodiscard]] std::string rejected_text(const VrrpInstanceView& instance, const vrrp::RejectedPeer& peer);

// Who answers for our addresses while we are master, and what that means: a sentence for each. Nothing unless we are master and
// the claim was heard since then.
[[nodiscard]] std::vector<std::string> conflict_texts(const VrrpInstanceView& instance);

// "script chk_a failed: +10 when it succeeds".
[[nodiscard]] std::string share_text(const vrrp::PriorityShare& share);

}  // namespace penstock::control
