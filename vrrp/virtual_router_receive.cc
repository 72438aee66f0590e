// The half of the state machine that listens: what an advert means in each state.
//
// Step numbers in parentheses are those of RFC 5798 section 6.4, which RFC 9568 section 6.4 repeats without numbering them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "vrrp/virtual_router.h"

namespace penstock::vrrp {
namespace {

// The least time between two adverts out of turn. Honest routers send one in 10 ms at most; a flood of adverts of lower
// priority must not make us send as many, with announcements of every address.
constexpr std::chrono::milliseconds kLeastAnswerGap{5};

enum class LineKind : std::uint8_t { kRemark = 1, kDiscard, kLower, kNewMaster, kPriorityZero };

std::uint64_t line_about(LineKind kind, const packet::IpAddress& peer, std::uint64_t detail = 0) {
  return std::hash<packet::IpAddress>{}(peer) + (std::uint64_t{std::to_underlying(kind)} << 32U) + detail;
}

}  // namespace

VirtualRouter::Outcome VirtualRouter::on_advert(const HeardFrame& frame, const Circumstances& at) {
  const bool known_master = other_master_ && other_master_->address == frame.source;
  const auto judged = judge(frame, spec_, assessment_.own, known_master);
  if (!judged) {
    // Up to here nothing has changed, and below only counters do.
    log_reject(frame, judged.error(), at);
    return Outcome::kNothing;
  }
  believe(*judged, at);
  if (state_ != State::kBackup && state_ != State::kMaster) return Outcome::kNothing;

  const Outcome woken = is_stalled(at.now) ? after_stall(at) : Outcome::kNothing;
  const Outcome heard = state_ == State::kBackup ? receive_as_backup(*judged, at) : receive_as_master(*judged, at);
  return woken == Outcome::kNothing ? heard : woken;
}

void VirtualRouter::log_reject(const HeardFrame& frame, const Rejected& rejected, const Circumstances& at) {
  if (rejections_.note(frame.source, rejected.why, at.now)) at.out.info(line_of(rejected, frame, spec_));
}

void VirtualRouter::believe(const Accepted& accepted, const Circumstances& at) {
  ++counters_.adverts_received;
  if (accepted.advert.priority == Advert::kResigns) ++counters_.priority_zero_received;
  if (accepted.addresses_differ) ++counters_.address_list_differs;
  if (accepted.interval_differs) ++counters_.interval_differs;
  for (const std::string& remark : accepted.remarks) {
    if (lines_.allows(line_about(LineKind::kRemark, accepted.source, std::hash<std::string>{}(remark)), at.now)) {
      at.out.info(remark);
    }
  }
  if (state_ == State::kBackup && (!other_master_ || other_master_->address != accepted.source) &&
      lines_.allows(line_about(LineKind::kNewMaster, accepted.source), at.now)) {
    at.out.info(other_master_ ? fmt::format("({}) master changed from {} to {}", spec_.name, other_master_->address.to_string(),
                                            accepted.source.to_string())
                              : fmt::format("({}) master set to {}", spec_.name, accepted.source.to_string()));
  }
  other_master_ = {.address = accepted.source,
                   .priority = accepted.advert.priority,
                   .interval = accepted.advert.interval,
                   .heard = at.now,
                   .checksum = accepted.advert.checksum};
}

// -- Backup: RFC 9568 6.4.2 (420)-(485) --

VirtualRouter::Outcome VirtualRouter::receive_as_backup(const Accepted& accepted, const Circumstances& at) {
  const std::uint8_t heard = accepted.advert.priority;
  if (heard == Advert::kResigns) {
    // (425)-(430): the master has stopped. A timer that ends earlier stays: repeating itself must not put us off.
    if (lines_.allows(line_about(LineKind::kPriorityZero, accepted.source), at.now)) {
      at.out.info(fmt::format("({}) Backup received priority 0 advertisement", spec_.name));
    }
    timer_ = std::min(*timer_, at.now + skew_time(spec_.version, priority(), master_interval_));
    return Outcome::kNothing;
  }
  if (must_discard(heard, at.now)) {
    // (465)-(470): preemption. The timer runs on.
    if (lines_.allows(line_about(LineKind::kDiscard, accepted.source, heard), at.now)) {
      at.out.info(fmt::format("({}) received lower priority ({}) advert from {} - discarding", spec_.name, heard,
                              accepted.source.to_string()));
    }
    return Outcome::kNothing;
  }
  hear_from_master(accepted, at);
  return Outcome::kNothing;
}

// (445) of RFC 9568 6.4.2, and keepalived's preempt_delay, which counts from the first advert of lower priority.
bool VirtualRouter::must_discard(std::uint8_t heard, TimePoint now) const {
  if (heard >= priority() || spec_.nopreempt) return false;
  const bool delayed = spec_.preempt_delay > Duration::zero() && (!preempt_at_ || *preempt_at_ > now);
  return !delayed;
}

void VirtualRouter::count_preempt_delay(std::uint8_t heard, const Circumstances& at) {
  if (spec_.preempt_delay <= Duration::zero()) return;
  if (heard >= priority()) {
    if (preempt_at_) at.out.debug(fmt::format("({}) stop preempt delay", spec_.name));
    preempt_at_.reset();
  } else if (!preempt_at_) {
    at.out.debug(fmt::format("({}) start preempt delay ({}.{:06})", spec_.name, spec_.preempt_delay.count() / 1'000'000,
                             spec_.preempt_delay.count() % 1'000'000));
    preempt_at_ = at.now + spec_.preempt_delay;
  }
}

// (450)-(460) of RFC 9568 6.4.2; version 2 has one interval for all (RFC 3768 6.4.2).
void VirtualRouter::hear_from_master(const Accepted& accepted, const Circumstances& at) {
  const Duration interval = accepted.advert.interval;
  if (spec_.version == 3 && interval > Duration::zero() && interval != master_interval_) {
    at.out.info(fmt::format("({}) advertisement interval updated to {} milli-sec from {} milli-sec", spec_.name,
                            whole_milliseconds(interval), whole_milliseconds(master_interval_)));
    master_interval_ = interval;
  }
  wait_for_master(at.now);
  wants_master_ = false;
  count_preempt_delay(accepted.advert.priority, at);
}

// -- Master: RFC 9568 6.4.3 (700)-(790) --

VirtualRouter::Outcome VirtualRouter::receive_as_master(const Accepted& accepted, const Circumstances& at) {
  const std::uint8_t heard = accepted.advert.priority;
  if (heard == Advert::kResigns) {
    // (705)-(715): whoever has resigned, it was not alone. Others that were about to take over hear that we are here.
    if (!may_answer(at.now)) return Outcome::kNothing;
    at.out.info(fmt::format("({}) Master received priority 0 message", spec_.name));
    send_adverts(priority(), at);
    timer_ = at.now + spec_.advert_interval;
    return Outcome::kNothing;
  }
  const std::uint8_t ours = priority();
  const bool higher_address = last_source_ && accepted.source > *last_source_;
  if (heard == InstanceSpec::kOwnerPriority && ours == heard) hear_other_owner(accepted, at);
  if (heard < ours || (heard == ours && !higher_address)) {
    hear_lower_as_master(accepted, at);
    return Outcome::kNothing;
  }
  // (725)-(765): a better master.
  const std::string source = accepted.source.to_string();
  if (spec_.advert_before_yielding) send_adverts(ours, at);
  at.out.info(
      heard > ours
          ? fmt::format("({}) Master received advert from {} with higher priority {}, ours {}", spec_.name, source, heard, ours)
          : fmt::format("({}) Master received advert from {} with same priority {} but higher IP address than ours", spec_.name,
                        source, heard));
  const bool adopts = spec_.version == 3 && accepted.advert.interval > Duration::zero();
  master_interval_ = adopts ? accepted.advert.interval : spec_.advert_interval;
  leave_master(
      fmt::format("{} has {} {}", source, heard > ours ? "the higher priority" : "the higher address at priority", heard),
      Farewell::kSilent, at);
  return Outcome::kYielded;
}

// (770)-(775): it is discarded. RFC 9568 adds that we assert ourselves at once, so that bridges learn anew; the Adver_Timer
// stays. keepalived announces the addresses as well: somebody else has just claimed them.
void VirtualRouter::hear_lower_as_master(const Accepted& accepted, const Circumstances& at) {
  if (!may_answer(at.now)) return;
  const std::uint8_t heard = accepted.advert.priority;
  if (lines_.allows(line_about(LineKind::kLower, accepted.source, heard), at.now)) {
    at.out.info(fmt::format("({}) Received advert from {} with lower priority {}, ours {}{}", spec_.name,
                            accepted.source.to_string(), heard, priority(),
                            spec_.answers_lower_priority ? ", forcing new election" : ""));
  }
  if (spec_.answers_lower_priority) send_adverts(priority(), at);
  if (spec_.announcement.lower_priority_repeat > 0) {
    announce(held_addresses(spec_), spec_.announcement.lower_priority_repeat, at);
  }
  plan_.heard_lower(spec_.announcement, at.now);
  tell(News::kHeardLower, at);
}

// Only one can own the addresses. The lower address yields, and counts as 254 until its priority is configured anew, so that
// the two don't take turns.
void VirtualRouter::hear_other_owner(const Accepted& accepted, const Circumstances& at) {
  const bool we_yield = last_source_ && accepted.source > *last_source_;
  if (we_yield || lines_.allows(line_about(LineKind::kLower, accepted.source), at.now)) {
    at.out.warn(
        fmt::format("({}) CONFIGURATION ERROR: local instance and a remote instance are both configured as address "
                    "owner, please fix{}",
                    spec_.name, we_yield ? " - reducing local priority" : ""));
  }
  if (we_yield) yielded_ownership_ = true;
}

bool VirtualRouter::may_answer(TimePoint now) {
  if (answered_ && now - *answered_ < kLeastAnswerGap) return false;
  answered_ = now;
  return true;
}

}  // namespace penstock::vrrp
