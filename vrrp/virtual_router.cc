// Step numbers in parentheses are those of RFC 5798 section 6.4, which RFC 9568 section 6.4 repeats without numbering them.
#include "vrrp/virtual_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrp/outgoing_advert.h"

namespace penstock::vrrp {
namespace {

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

bool holds(const std::vector<const VirtualAddress*>& addresses, const VirtualAddress& wanted) {
  return std::ranges::any_of(addresses, [&](const VirtualAddress* held) {
    return held->address == wanted.address && held->interface == wanted.interface;
  });
}

}  // namespace

VirtualRouter::VirtualRouter(InstanceSpec spec, TimePoint now)
    : spec_{std::move(spec)}, since_{now}, wants_master_{spec_.initial_master}, master_interval_{spec_.advert_interval} {}

std::uint8_t VirtualRouter::priority() const {
  return yielded_ownership_ ? std::uint8_t{InstanceSpec::kOwnerPriority - 1} : assessment_.priority;
}

bool VirtualRouter::starts_as_master() const {
  return spec_.initial_master && spec_.priority == InstanceSpec::kOwnerPriority && !yielded_ownership_;
}

std::optional<TimePoint> VirtualRouter::next() const {
  const std::optional<TimePoint> announcement = plan_.next();
  if (timer_ && announcement) return std::min(*timer_, *announcement);
  return timer_ ? timer_ : announcement;
}

InstanceStatus VirtualRouter::status(const Announcer& announcer) const {
  InstanceStatus status{
      .name = spec_.name,
      .state = state_,
      .since = since_,
      .why = why_now(),
      .base_priority = spec_.priority,
      .effective_priority = priority(),
      .shares = assessment_.shares,
      .source = assessment_.source,
      .master = other_master_,
      .next = timer_,
      .rejected_peers = rejections_.peers(),
      .counters = counters_,
  };
  status.counters.announcements_sent = announcer.sent(spec_.name);
  status.counters.rejected = rejections_.counts();
  return status;
}

void VirtualRouter::clear_counters() {
  counters_ = {};
  rejections_.clear_counts();
}

std::string VirtualRouter::why_now() const {
  if (state_ == State::kInit && waits()) return fmt::format("waiting for {}", assessment_.waits_for);
  if (state_ == State::kFault && !faults().empty()) return joined(faults());
  return why_;
}

// -- timers --

Nanoseconds VirtualRouter::down_interval() const {
  const Duration interval = state_ == State::kMaster ? spec_.advert_interval : master_interval_;
  return master_down_interval(spec_.version, priority(), interval, spec_.down_timer_adverts);
}

void VirtualRouter::wait_for_master(TimePoint now) { timer_ = now + down_interval(); }

bool VirtualRouter::is_stalled(TimePoint now) const { return timer_ && now - *timer_ > down_interval(); }

// We slept for so long that another one has had the time to become master: who it is must be heard before we speak.
VirtualRouter::Outcome VirtualRouter::after_stall(const Circumstances& at) {
  ++counters_.stalls;
  const double late = seconds(at.now - *timer_);
  at.out.warn(fmt::format("({}) timer expired {:.3f} seconds ago - listening for another master first", spec_.name, late));
  if (state_ == State::kMaster) {
    leave_master(fmt::format("was not run for {:.3f} s: listening first", late), Farewell::kSilent, at);
    return Outcome::kYielded;
  }
  wait_for_master(at.now);
  return Outcome::kNothing;
}

VirtualRouter::Outcome VirtualRouter::on_timer(const Circumstances& at) {
  if (!timer_ || *timer_ > at.now) return Outcome::kNothing;
  if (is_stalled(at.now)) return after_stall(at);
  const Nanoseconds late = at.now - *timer_;
  counters_.worst_lateness = std::max(counters_.worst_lateness, std::chrono::duration_cast<Duration>(late));
  if (state_ == State::kBackup) {
    // RFC 9568 6.4.2 (365): the Master_Down_Timer fires. Should the group not be ready, it runs once more.
    at.out.debug(fmt::format("({}) Receive advertisement timeout", spec_.name));
    wants_master_ = true;
    wait_for_master(at.now);
    return Outcome::kWantsMaster;
  }
  // RFC 9568 6.4.3 (680)-(690): the Adver_Timer fires. The next one is due an interval after this one was, however late it is.
  send_adverts(priority(), at);
  *timer_ += (late / Nanoseconds{spec_.advert_interval} + 1) * Nanoseconds{spec_.advert_interval};
  return Outcome::kNothing;
}

// -- changes of state --

// RFC 9568 6.4.2 (370)-(410) from Backup, 6.4.1 (110)-(145) from Init as owner.
void VirtualRouter::enter_master(std::string why, const Circumstances& at) {
  send_adverts(priority(), at);
  timer_ = at.now + spec_.advert_interval;
  master_interval_ = spec_.advert_interval;
  wants_master_ = true;
  preempt_at_.reset();
  ++counters_.became_master;
  set_state(State::kMaster, std::move(why), at);
  at.out.info(fmt::format("({}) Entering MASTER STATE", spec_.name));
  at.out.own(spec_.name, true);
  at.out.info(fmt::format("({}) setting VIPs.", spec_.name));
  announce(held_addresses(spec_), spec_.announcement.repeat, at);
  plan_.became_master(spec_.announcement, at.now);
  tell(News::kMaster, at);
}

// RFC 9568 6.4.1 (155)-(165).
void VirtualRouter::enter_backup(std::string why, const Circumstances& at) {
  at.out.info(fmt::format("({}) Entering BACKUP STATE{}", spec_.name, state_ == State::kInit ? " (init)" : ""));
  if (state_ != State::kInit) wants_master_ = false;
  set_state(State::kBackup, std::move(why), at);
  master_interval_ = spec_.advert_interval;
  preempt_at_.reset();
  wait_for_master(at.now);
  tell(News::kBackup, at);
}

// Towards Backup: RFC 9568 6.4.3 (740)-(765), whose caller has set master_interval_ if an advert is the reason.
void VirtualRouter::leave_master(std::string why, Farewell farewell, const Circumstances& at) {
  at.out.info(fmt::format("({}) Entering BACKUP STATE", spec_.name));
  if (farewell == Farewell::kPriorityZero) resign(at);
  release(at);
  wants_master_ = false;
  preempt_at_.reset();
  set_state(State::kBackup, std::move(why), at);
  wait_for_master(at.now);
  tell(News::kBackup, at);
}

// keepalived's state. A master says good-bye as at a Shutdown event: RFC 9568 6.4.3 (660), (665); a backup stops its timer:
// 6.4.2 (350).
void VirtualRouter::enter_fault(std::string why, const Circumstances& at) {
  for (const std::string& fault : assessment_.faults) {
    const std::string_view colon = fault.starts_with("interface") ? ":" : "";  // keepalived's two ways to say it
    at.out.info(fmt::format("({}){} entering FAULT state ({})", spec_.name, colon, fault));
  }
  at.out.info(fmt::format("({}) {} FAULT {}", spec_.name, state_ == State::kInit ? "entering" : "Entering",
                          state_ == State::kInit ? "state" : "STATE"));
  if (state_ == State::kMaster) {
    resign(at);
    release(at);
  }
  timer_.reset();
  wants_master_ = false;
  set_state(State::kFault, std::move(why), at);
  tell(News::kFault, at);
}

// A Shutdown event: RFC 9568 6.4.3 (655)-(670) of a master, 6.4.2 (345)-(355) of a backup.
void VirtualRouter::leave(News news, const Circumstances& at) {
  if (state_ == State::kMaster) {
    resign(at);
    release(at);
  }
  timer_.reset();
  set_state(State::kInit, news == News::kStop ? "stopped" : "no longer configured", at);
  tell(news, at);
}

void VirtualRouter::resign(const Circumstances& at) {
  send_adverts(Advert::kResigns, at);
  ++counters_.priority_zero_sent;
  at.out.info(fmt::format("({}) sent 0 priority", spec_.name));
}

void VirtualRouter::release(const Circumstances& at) {
  plan_.cancel();
  at.announcer.cancel(spec_.name);
  at.out.own(spec_.name, false);
  at.out.info(fmt::format("({}) removing VIPs.", spec_.name));
  ++counters_.released_master;
}

void VirtualRouter::set_state(State state, std::string why, const Circumstances& at) {
  state_ = state;
  why_ = std::move(why);
  since_ = at.now;
}

void VirtualRouter::tell(News news, const Circumstances& at) {
  tell_instance(spec_, news, priority(), at.spec, last_mail_, at.out);
}

// -- frames --

void VirtualRouter::send_adverts(std::uint8_t priority, const Circumstances& at) {
  const InterfaceState* interface = at.interfaces.find(spec_.interface);
  if (interface == nullptr || !last_source_) return;
  if (++identification_ == 0) identification_ = 1;  // keepalived's kernel would choose one for 0
  for (SendFrame& frame : outgoing_adverts(spec_, priority, *last_source_, interface->mac, identification_)) {
    at.out.advertise(std::move(frame));
  }
  ++counters_.adverts_sent;
}

void VirtualRouter::announce(const std::vector<const VirtualAddress*>& addresses, std::uint32_t repeat,
                             const Circumstances& at) {
  at.announcer.announce(spec_, addresses, repeat, at.interfaces, at.now, at.out);
}

void VirtualRouter::on_announcement_time(const Circumstances& at) {
  const std::uint32_t repeat = plan_.take_due(spec_.announcement, at.now);
  if (repeat > 0) announce(held_addresses(spec_), repeat, at);
}

void VirtualRouter::on_link_up(const std::string& interface, const Circumstances& at) {
  if (state_ != State::kMaster) return;
  std::vector<const VirtualAddress*> there = held_addresses(spec_);
  std::erase_if(there, [&](const VirtualAddress* address) { return address->interface != interface; });
  if (there.empty()) return;
  announce(there, spec_.announcement.repeat, at);
  plan_.announce_again(spec_.announcement, at.now);
}

void VirtualRouter::announce_again(const Circumstances& at) {
  if (state_ == State::kMaster) announce(held_addresses(spec_), 1, at);
}

// -- what it depends on --

VirtualRouter::Outcome VirtualRouter::on_address_lost(const packet::IpAddress& address, const std::string& interface,
                                                      const Circumstances& at) {
  if (state_ != State::kMaster) return Outcome::kNothing;
  const auto held = held_addresses(spec_);
  const bool matters = std::ranges::any_of(held, [&](const VirtualAddress* ours) {
    return ours->address == address && ours->interface == interface && !ours->no_track;
  });
  if (!matters) return Outcome::kNothing;
  master_interval_ = spec_.advert_interval;
  leave_master(fmt::format("address {} removed from {}", address.to_string(), interface), Farewell::kPriorityZero, at);
  return Outcome::kResigned;
}

void VirtualRouter::assess(Assessment assessment, const Circumstances& at) {
  const std::uint8_t before = priority();
  const Nanoseconds down_before = down_interval();
  const bool first = !std::exchange(assessed_, true);
  assessment_ = std::move(assessment);
  if (assessment_.source) last_source_ = assessment_.source;
  if (std::exchange(tells_interval_, false) && state_ == State::kMaster) {
    send_adverts(priority(), at);
    timer_ = at.now + spec_.advert_interval;
  }
  if (priority() == before || first) return;
  at.out.info(fmt::format("({}) Changing effective priority from {} to {}", spec_.name, before, priority()));
  // The skew of a running Master_Down_Timer is that of the new priority.
  if (state_ == State::kBackup && timer_) *timer_ += down_interval() - down_before;
  if (!spec_.notify.priority_changes) return;
  if (state_ == State::kMaster) tell(News::kMasterPriority, at);
  if (state_ == State::kBackup) tell(News::kBackupPriority, at);
}

void VirtualRouter::reconfigure(InstanceSpec spec, const Circumstances& at) {
  if (spec == spec_) return;
  const InstanceSpec old = std::exchange(spec_, std::move(spec));
  if (spec_.priority != old.priority) yielded_ownership_ = false;
  if (spec_.preempt_delay != old.preempt_delay) preempt_at_.reset();
  const bool interval_changed = spec_.advert_interval != old.advert_interval;
  if (state_ == State::kMaster) {
    change_addresses(old, at);
    if (interval_changed) tells_interval_ = true;
  } else if (interval_changed || spec_.down_timer_adverts != old.down_timer_adverts) {
    // A master's interval of version 3 stays in force until its next advert (RFC 9568 6.4.2 (450)).
    if (spec_.version == 2 || master_interval_ == old.advert_interval) master_interval_ = spec_.advert_interval;
    if (state_ == State::kBackup) wait_for_master(at.now);
  }
}

// Of a master: what came is announced; that what went is no longer ours is the shell's to see to.
void VirtualRouter::change_addresses(const InstanceSpec& old, const Circumstances& at) {
  const auto before = held_addresses(old);
  const auto after = held_addresses(spec_);
  bool changed = false;
  for (const VirtualAddress* gone : before) {
    if (holds(after, *gone)) continue;
    changed = true;
    at.announcer.cancel(spec_.name, *gone);
    at.out.info(fmt::format("({}) ip address {}/{} dev {}, no longer exist", spec_.name, gone->address.to_string(),
                            static_cast<int>(gone->prefix_length), gone->interface));
  }
  std::vector<const VirtualAddress*> added = after;
  std::erase_if(added, [&](const VirtualAddress* address) { return holds(before, *address); });
  if (!changed && added.empty()) return;
  at.out.own(spec_.name, true);
  if (added.empty()) return;
  announce(added, spec_.announcement.repeat, at);
  plan_.announce_again(spec_.announcement, at.now);
}

bool is_same_router(const InstanceSpec& a, const InstanceSpec& b) {
  return a.name == b.name && a.interface == b.interface && a.family == b.family && a.version == b.version &&
         a.virtual_router_id == b.virtual_router_id && a.virtual_mac == b.virtual_mac;
}

}  // namespace penstock::vrrp
