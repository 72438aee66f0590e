#include "vrrp/sync_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::vrrp {
namespace {

bool is_faulty(const VirtualRouter* member) { return !member->faults().empty(); }
bool is_idle(const VirtualRouter* member) { return member->state() == State::kInit || member->state() == State::kFault; }

}  // namespace

SyncGroup::SyncGroup(SyncGroupSpec spec, std::vector<VirtualRouter*> members, TimePoint now)
    : spec_{std::move(spec)}, members_{std::move(members)}, since_{now} {}

void SyncGroup::continue_from(const SyncGroup& old) {
  state_ = old.state_;
  since_ = old.since_;
  last_mail_ = old.last_mail_;
}

// Members that came together by a reload may be in different states; then a master waits for the others.
void SyncGroup::agree(const Circumstances& at) {
  const auto count = [&](State state) { return std::ranges::count(members_, state, &VirtualRouter::state); };
  const auto masters = count(State::kMaster);
  const auto idle = count(State::kInit) + count(State::kFault);
  const auto all = std::ssize(members_);
  if (state_ == State::kMaster && masters > 0) return;  // members that are new to it catch up
  if (masters > 0 && masters + idle < all) {
    say("Syncing instances to BACKUP state", at);
    for (VirtualRouter* member : members_) {
      if (member->state() != State::kMaster) continue;
      member->leave_master(fmt::format("sync group {}", spec_.name), VirtualRouter::Farewell::kPriorityZero, at);
    }
    set_state(State::kBackup, at);
  } else if (masters > 0) {
    state_ = State::kMaster;
  } else if (idle < all) {
    state_ = State::kBackup;
  }
}

void SyncGroup::follow(VirtualRouter& member, VirtualRouter::Outcome outcome, const Circumstances& at) {
  using Outcome = VirtualRouter::Outcome;
  switch (outcome) {
    case Outcome::kNothing: break;
    case Outcome::kWantsMaster: become_master(member, at); break;
    case Outcome::kYielded: become_backup(member, VirtualRouter::Farewell::kSilent, at); break;
    case Outcome::kResigned: become_backup(member, VirtualRouter::Farewell::kPriorityZero, at); break;
  }
}

// Only when everybody wants to: a network in which one member hears a master and another doesn't would flap otherwise.
void SyncGroup::become_master(VirtualRouter& first, const Circumstances& at) {
  const bool all_want =
      std::ranges::all_of(members_, [](const VirtualRouter* member) { return member->wants_master() && !is_idle(member); });
  if (state_ != State::kMaster && !all_want) return;
  first.enter_master("no advert was heard", at);
  if (state_ == State::kMaster) return;
  say("Syncing instances to MASTER state", at);
  for (VirtualRouter* member : members_) {
    if (member->state() != State::kMaster) member->enter_master(fmt::format("sync group {}", spec_.name), at);
  }
  set_state(State::kMaster, at);
}

void SyncGroup::become_backup(const VirtualRouter& first, VirtualRouter::Farewell farewell, const Circumstances& at) {
  if (state_ == State::kBackup) return;
  say("Syncing instances to BACKUP state", at);
  for (VirtualRouter* member : members_) {
    if (member == &first || member->state() != State::kMaster) continue;
    member->leave_master(fmt::format("sync group {}: {}", spec_.name, first.spec().name), farewell, at);
  }
  set_state(State::kBackup, at);
}

void SyncGroup::become_fault(const VirtualRouter& first, const Circumstances& at) {
  if (state_ != State::kFault) say("Syncing instances to FAULT state", at);
  for (VirtualRouter* member : members_) {
    if (member->state() == State::kFault || is_faulty(member)) continue;
    member->enter_fault(fmt::format("sync group {}: {}: {}", spec_.name, first.spec().name, first.faults().front()), at);
  }
  if (state_ != State::kFault) set_state(State::kFault, at);
}

void SyncGroup::settle(bool may_start, const Circumstances& at) {
  const auto faulty = std::ranges::find_if(members_, is_faulty);
  if (faulty != members_.end()) {
    for (VirtualRouter* member : members_) {
      if (!is_faulty(member) || member->state() == State::kFault) continue;
      member->enter_fault(joined(member->faults()), at);
    }
    become_fault(**faulty, at);
    return;
  }
  const bool waiting =
      std::ranges::any_of(members_, [](const VirtualRouter* member) { return is_idle(member) && member->waits(); });
  if (may_start && !waiting && std::ranges::any_of(members_, is_idle)) start(at);
}

// RFC 9568 6.4.1 (100)-(175), the Startup event; after FAULT it is the same once more.
void SyncGroup::start(const Circumstances& at) {
  if (std::ranges::all_of(members_, &VirtualRouter::starts_as_master)) {
    for (VirtualRouter* member : members_) {
      if (member->state() != State::kMaster) member->enter_master("address owner", at);
    }
    if (state_ != State::kMaster) set_state(State::kMaster, at);
    return;
  }
  if (state_ == State::kFault) say("Syncing instances to BACKUP state", at);
  for (VirtualRouter* member : members_) {
    if (is_idle(member)) member->enter_backup(member->state() == State::kInit ? "started" : "fault is over", at);
  }
  if (state_ == State::kInit || state_ == State::kFault) set_state(State::kBackup, at);
}

void SyncGroup::stop(const Circumstances& at) {
  state_ = State::kInit;
  since_ = at.now;
  if (is_named()) tell_group(spec_, News::kStop, at.spec, last_mail_, at.out);
}

void SyncGroup::set_state(State state, const Circumstances& at) {
  state_ = state;
  since_ = at.now;
  if (is_named()) tell_group(spec_, *news_of(state), at.spec, last_mail_, at.out);
}

void SyncGroup::say(std::string_view what, const Circumstances& at) const {
  if (is_named()) at.out.info(fmt::format("VRRP_Group({}) {}", spec_.name, what));
}

}  // namespace penstock::vrrp
