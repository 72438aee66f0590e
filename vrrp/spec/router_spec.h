// All of a configuration that VRRP runs by.
#pragma once

#include <string>
#include <vector>

#include "notify/script.h"
#include "vrrp/spec/instance_spec.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::vrrp {

// Instances that change state together.
struct SyncGroupSpec {
  std::string name{};
  std::vector<std::string> instances{};
  Tracking tracking{};           // counts for each member
  bool members_weights = false;  // sync_group_tracking_weight: weighted trackers of members count, too
  NotifySpec notify{};           // `deleted` and `master_receives_lower` are not used

  friend bool operator==(const SyncGroupSpec&, const SyncGroupSpec&) = default;
};

struct RouterSpec {
  std::vector<InstanceSpec> instances{};
  std::vector<SyncGroupSpec> sync_groups{};
  std::vector<ScriptTracker> scripts{};
  std::vector<ProcessTracker> processes{};
  std::vector<FileTracker> files{};

  Duration startup_delay{};           // vrrp_startup_delay: adverts are heard, but no timer runs before
  bool logs_unknown_routers = false;  // log_unknown_vrids
  bool mails_faults = true;           // no_email_faults
  std::string notify_fifo{};          // path; empty: none. vrrp_notify_fifo
  notify::Script notify_fifo_script{};
  std::string notify_fifo_user{};   // who owns it; empty: as for scripts
  std::string notify_fifo_group{};  // empty: the user's own
  bool states_on_reload = false;    // fifo_write_vrrp_states_on_reload

  friend bool operator==(const RouterSpec&, const RouterSpec&) = default;
};

}  // namespace penstock::vrrp
