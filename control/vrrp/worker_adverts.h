// The workers' part in judging adverts: what they are told to expect, and what they count of those that they keep from the VRRP
// thread (core/advert_gate.h).
//
// The thread's counters and theirs are two parts of one number: an advert is counted where it ends. Control-owned.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "control/vrrp/vrrp_status.h"
#include "dataplane/core/advert_filter.h"
#include "dataplane/core/counters.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::control {

using OwnerIds = std::map<std::string, core::OwnerId>;  // by instance

// Of the instances on these ports (names, by their index). Precondition: `owners` has all instances.
[[nodiscard]] std::vector<core::ExpectedAdvert> expected_adverts(std::span<const vrrp::InstanceSpec> instances,
                                                                 const OwnerIds& owners, std::span<const std::string> ports);

class WorkerAdverts {
 public:
  // `board` must outlive it.
  explicit WorkerAdverts(const core::CounterBoard& board) : board_{board} {}

  // The id is another virtual router's from now on: what was counted before is not its own.
  void begin(core::OwnerId owner) { before_[owner] = counted(owner); }
  // Adds what the workers have counted to the thread's numbers.
  void add_to(VrrpThreadStatus& status, const OwnerIds& owners) const;

 private:
  using Counts = std::array<std::uint64_t, core::kAdvertFaultCount>;

  [[nodiscard]] Counts counted(core::OwnerId owner) const;  // by all workers, since they started

  const core::CounterBoard& board_;
  std::map<core::OwnerId, Counts> before_;
};

}  // namespace penstock::control
