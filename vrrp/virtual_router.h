// The state machine of one virtual router on this host (RFC 3768 and RFC 9568, section 6.4), without its sync group.
//
// It decides what an advert or a timer means, and does what a change of state asks for. Whether it may become master when it
// wants to, and who else has to follow, is for its group to say (sync_group.h): events return what they came to.
//
//   Init ---> Backup <---> Master        Fault is keepalived's: something that the instance needs is missing. From each state
//     \        ^  \          |           there, and back by way of Backup. Only an owner with `state MASTER` skips Backup.
//      `----> Fault <--------'
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vrrp/announcer.h"
#include "vrrp/notifications.h"
#include "vrrp/outbox.h"
#include "vrrp/priority.h"
#include "vrrp/rejections.h"
#include "vrrp/timers.h"

namespace penstock::vrrp {

// What an event happens in: the same for all instances.
struct Circumstances {
  const RouterSpec& spec;
  const Interfaces& interfaces;
  Announcer& announcer;
  Outbox& out;
  TimePoint now{};
};

class VirtualRouter {
 public:
  enum class Outcome : std::uint8_t {
    kNothing,
    kWantsMaster,  // nobody else is there; it waits until somebody calls enter_master()
    kYielded,      // was master and is backup now, without having sent a priority 0
    kResigned,     // the same, with it
  };
  enum class Farewell : std::uint8_t { kSilent, kPriorityZero };

  VirtualRouter(InstanceSpec spec, TimePoint now);

  [[nodiscard]] const InstanceSpec& spec() const { return spec_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::uint8_t priority() const;  // the effective one
  [[nodiscard]] bool wants_master() const { return wants_master_; }
  [[nodiscard]] bool starts_as_master() const;  // an owner with `state MASTER`
  [[nodiscard]] const std::vector<std::string>& faults() const { return assessment_.faults; }
  [[nodiscard]] bool waits() const { return !assessment_.waits_for.empty(); }
  [[nodiscard]] std::optional<TimePoint> next() const;
  // When a backup ceases to wait for the master (Master_Down_Timer).
  [[nodiscard]] std::optional<TimePoint> takeover() const { return state_ == State::kBackup ? timer_ : std::nullopt; }
  [[nodiscard]] InstanceStatus status(const Announcer& announcer) const;
  void clear_counters();

  // -- events --
  [[nodiscard]] Outcome on_advert(const HeardFrame& frame, const Circumstances& at);
  [[nodiscard]] Outcome on_timer(const Circumstances& at);  // nothing happens when none is due
  [[nodiscard]] Outcome on_address_lost(const packet::IpAddress& address, const std::string& interface,
                                        const Circumstances& at);
  void on_announcement_time(const Circumstances& at);
  // The interface is there again, or has another MAC address: a master announces what it has there.
  void on_link_up(const std::string& interface, const Circumstances& at);
  void announce_again(const Circumstances& at);
  // Priority, source and reasons for FAULT anew; the state stays as it is.
  void assess(Assessment assessment, const Circumstances& at);
  // Precondition: the same virtual router (is_same_router()).
  void reconfigure(InstanceSpec spec, const Circumstances& at);

  // -- changes of state, which a group decides --
  void enter_master(std::string why, const Circumstances& at);
  void enter_backup(std::string why, const Circumstances& at);  // from Init and Fault
  void enter_fault(std::string why, const Circumstances& at);
  void leave_master(std::string why, Farewell farewell, const Circumstances& at);
  void leave(News news, const Circumstances& at);  // for good: kStop, kDeleted

 private:
  // virtual_router_receive.cc
  [[nodiscard]] Outcome receive_as_backup(const Accepted& accepted, const Circumstances& at);
  [[nodiscard]] Outcome receive_as_master(const Accepted& accepted, const Circumstances& at);
  void believe(const Accepted& accepted, const Circumstances& at);
  void hear_from_master(const Accepted& accepted, const Circumstances& at);
  void hear_lower_as_master(const Accepted& accepted, const Circumstances& at);
  void hear_other_owner(const Accepted& accepted, const Circumstances& at);
  void log_reject(const HeardFrame& frame, const Rejected& rejected, const Circumstances& at);
  [[nodiscard]] bool must_discard(std::uint8_t heard, TimePoint now) const;
  void count_preempt_delay(std::uint8_t heard, const Circumstances& at);
  [[nodiscard]] bool may_answer(TimePoint now);

  // virtual_router.cc
  [[nodiscard]] Outcome after_stall(const Circumstances& at);
  [[nodiscard]] bool is_stalled(TimePoint now) const;
  [[nodiscard]] Nanoseconds down_interval() const;
  [[nodiscard]] std::string why_now() const;
  void wait_for_master(TimePoint now);
  void send_adverts(std::uint8_t priority, const Circumstances& at);
  void resign(const Circumstances& at);
  void release(const Circumstances& at);
  void set_state(State state, std::string why, const Circumstances& at);
  void tell(News news, const Circumstances& at);
  void announce(const std::vector<const VirtualAddress*>& addresses, std::uint32_t repeat, const Circumstances& at);
  void change_addresses(const InstanceSpec& old, const Circumstances& at);

  InstanceSpec spec_;
  State state_ = State::kInit;
  TimePoint since_;
  std::string why_ = "starting";
  Assessment assessment_;
  bool assessed_ = false;
  bool tells_interval_ = false;                         // a reload has changed it: an advert as soon as the priority is known
  bool yielded_ownership_ = false;                      // to another owner: no longer 255
  bool wants_master_ = false;                           // the master-down timer has run out, or nobody was ever heard
  std::optional<TimePoint> timer_;                      // Backup: Master_Down_Timer; Master: Adver_Timer
  Duration master_interval_;                            // Master_Adver_Interval
  std::optional<TimePoint> preempt_at_;                 // the end of preempt_delay
  std::optional<TimePoint> answered_;                   // an advert out of turn
  std::optional<packet::IpAddress> last_source_;        // the last one that there was, to resign with
  std::optional<InstanceStatus::Master> other_master_;  // the last one that we believed
  std::uint16_t identification_ = 0;
  AnnouncementPlan plan_;
  Rejections rejections_;
  LineLimiter lines_;
  std::optional<News> last_mail_;
  InstanceCounters counters_;
};

// Whether a changed configuration is the same virtual router still, so that its state may stay.
[[nodiscard]] bool is_same_router(const InstanceSpec& a, const InstanceSpec& b);

}  // namespace penstock::vrrp
