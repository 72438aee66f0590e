// Instances that change state together (keepalived's vrrp_sync_group), and the same questions for an instance without a group.
//
// The rule prefers backup: the group becomes master when every member wants it; one member that yields takes all along; one in
// FAULT puts all into FAULT, and all come back together. Each member speaks for itself on the wire.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vrrp/virtual_router.h"

namespace penstock::vrrp {

class SyncGroup {
 public:
  // A group without a name is that of a single instance: it does the same and says nothing.
  SyncGroup(SyncGroupSpec spec, std::vector<VirtualRouter*> members, TimePoint now);

  [[nodiscard]] const SyncGroupSpec& spec() const { return spec_; }
  [[nodiscard]] bool is_named() const { return !spec_.name.empty(); }
  [[nodiscard]] SyncGroupStatus status() const { return {.name = spec_.name, .state = state_, .since = since_}; }

  // A reload: the state stays, as far as the members agree with it.
  void continue_from(const SyncGroup& old);
  void agree(const Circumstances& at);

  // What an event of a member came to.
  void follow(VirtualRouter& member, VirtualRouter::Outcome outcome, const Circumstances& at);
  // Into FAULT and out of it, out of Init; after what the members depend on has been assessed. `may_start`: the start-up delay
  // is over.
  void settle(bool may_start, const Circumstances& at);
  void stop(const Circumstances& at);

 private:
  void become_master(VirtualRouter& first, const Circumstances& at);
  void become_backup(const VirtualRouter& first, VirtualRouter::Farewell farewell, const Circumstances& at);
  void become_fault(const VirtualRouter& first, const Circumstances& at);
  void start(const Circumstances& at);
  void set_state(State state, const Circumstances& at);
  void say(std::string_view what, const Circumstances& at) const;

  SyncGroupSpec spec_;
  std::vector<VirtualRouter*> members_;
  State state_ = State::kInit;
  TimePoint since_;
  std::optional<News> last_mail_;
};

}  // namespace penstock::vrrp
