#include "tests/core/director/differential.h"

#include <algorithm>
#include <utility>

#include "tests/core/outcome_text.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::Action;
using core::PuntClass;

// Rounds of maintain() in which a worker's whole tables are swept: 32 buckets each.
constexpr std::size_t kConnections4 = 2048;
constexpr std::size_t kConnections6 = 1024;
constexpr int kSweepRounds = 24;

Situation first_situation(bool is_weighted) {
  Situation situation = three_servers();
  for (RowService& service : situation.services) {
    service.scheduler = is_weighted ? core::SchedulerKind::kWeightedRoundRobin : core::SchedulerKind::kRoundRobin;
  }
  situation.check_targets = {ipv4_side().server, ipv6_side().server};
  return situation;
}

core::SchedulerKind scheduler_of(const FrameScript::Start& start) {
  return start.is_weighted ? core::SchedulerKind::kWeightedRoundRobin : core::SchedulerKind::kRoundRobin;
}

// Where the IPv4 header lies, if there is one and its checksum holds; else nothing.
std::span<std::byte> intact_ipv4_header(Bytes& frame) {
  constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);
  const std::size_t l3 = frame.size() > kL3 + 4 && frame[12] == std::byte{0x81} && frame[13] == std::byte{0} ? kL3 + 4 : kL3;
  if (frame.size() < l3 + sizeof(packet::Ipv4Header) || std::to_integer<unsigned>(frame[l3]) >> 4 != 4) return {};
  const std::size_t length = (std::to_integer<std::size_t>(frame[l3]) & 0xf) * 4;
  if (length < sizeof(packet::Ipv4Header) || frame.size() < l3 + length) return {};
  const auto header = std::span{frame}.subspan(l3, length);
  return reference_checksum(header) == 0 ? header : std::span<std::byte>{};
}

// A checksum that holds may be written in two ways where it is 0: in the one that a plain sum gives. Our own packets'
// identification, a counter that runs, becomes 0.
Bytes comparable(Bytes frame, bool is_reply) {
  const auto header = intact_ipv4_header(frame);
  if (header.empty()) return frame;
  Bytes ip{header.begin(), header.end()};
  if (is_reply) write_be16(ip, offsetof(packet::Ipv4Header, identification), 0);
  set_ipv4_checksum(ip, ip.size());
  std::ranges::copy(ip, header.begin());
  return frame;
}

bool is_same(const Outcome& expected, const core::Verdict& verdict) {
  if (expected.action != verdict.action) return false;
  switch (expected.action) {
    case Action::kForward: return expected.port == verdict.port;
    case Action::kReply: return expected.port == verdict.port && expected.reason == verdict.reason;
    case Action::kPunt: return expected.punt == verdict.punt;
    case Action::kDrop: return expected.reason == verdict.reason;
    default: return true;
  }
}

}  // namespace

Differential::Differential(const FrameScript::Start& start, PlantedFault fault)
    : fault_{fault},
      situation_{first_situation(start.is_weighted)},
      reference_{situation_, scheduler_of(start),
                 ReferenceDirector::Timeouts{.fin_wait = fault == PlantedFault::kLongerTimeout ? 119U : 120U}},
      snapshot_{snapshot_of(situation_, generation_)},
      start_{start.is_near_wrap ? static_cast<core::Tick>(0) - 200 * kSecond : 64} {
  make_worker();
}

void Differential::make_worker() {
  worker_ = std::make_unique<TestWorker>(
      board_, core::Forwarder::Options{.connections4 = kConnections4, .connections6 = kConnections6});
  static_cast<void>(worker_->maintain(*snapshot_, now()));
}

std::string Differential::step(const ScriptStep& step) {
  if (frames_ == 0) {
    if (std::string complaint = begin_in_each_service(); !complaint.empty()) return complaint;
  }
  if (step.kind == ScriptStep::Kind::kFrame) {
    burst_.push_back(step.frame);
    burst_.back().tag = ++frames_;
    return step.ends_burst || burst_.size() == core::kBurst ? run_burst() : "";
  }
  if (std::string complaint = run_burst(); !complaint.empty()) return complaint;
  Situation next = situation_;
  switch (step.kind) {
    case ScriptStep::Kind::kTime: return pass(step.ticks);
    case ScriptStep::Kind::kServer: {
      RowServer& server = next.servers.at(step.server);
      const bool was_there = server.available;
      const std::uint32_t weight = step.is_there ? step.now_is.weight : server.weight;
      const bool is_new_list = was_there != step.is_there || weight != server.weight;
      if (is_new_list && (!has_services_ || situation_.is_backup || !reference_.has_room())) return "";
      server = step.now_is;
      server.weight = weight;
      for (RowService& service : next.services) {
        if (was_there && !step.is_there) std::erase(service.servers, step.server);
        if (!was_there && step.is_there) service.servers.push_back(step.server);
      }
      return change(next, is_new_list);
    }
    default:
      next.expire_nodest_conn = step.expire_nodest;
      next.sloppy_tcp = step.sloppy_tcp;
      next.is_backup = step.is_backup;
      has_services_ = step.has_services;
      return change(next, false);
  }
}

std::string Differential::finish() {
  if (std::string complaint = run_burst(); !complaint.empty()) return complaint;
  if (std::string complaint = pass(kSecond); !complaint.empty()) return complaint;
  if (worker_->held() != 0) return "a fragment is held for ever";
  return compare_loads();
}

std::string Differential::run_burst() {
  std::vector<ReferenceOutcome> expected;
  std::vector<ReferenceOutcome> released;
  std::vector<TestWorker::Input> inputs;
  for (const ReferenceInput& input : burst_) {
    const auto all = reference_.receive(input);
    if (all.empty()) continue;
    expected.push_back(all.front());
    released.insert(released.end(), all.begin() + 1, all.end());
    inputs.push_back({.bytes = input.bytes, .port = input.port, .contiguous = input.contiguous, .tag = input.tag});
  }
  burst_.clear();
  if (inputs.empty()) return "";
  expected.insert(expected.end(), released.begin(), released.end());
  if (fault_ == PlantedFault::kLosesConnections && frames_ > 500) {
    fault_ = PlantedFault::kNone;
    make_worker();
  }
  auto outcomes = worker_->receive(late_snapshot_ ? *late_snapshot_ : *snapshot_, now(), inputs);
  return compare(std::move(expected), std::move(outcomes), inputs.size());
}

std::string Differential::pass(core::Tick ticks) {
  passed_ += ticks;
  auto expected = reference_.pass(ticks);
  std::vector<Handled> outcomes;
  for (int round = 0; round < (ticks >= kSecond ? kSweepRounds : 1); ++round) {
    for (Handled& handled : worker_->maintain(*snapshot_, now())) outcomes.push_back(std::move(handled));
  }
  return compare(std::move(expected), std::move(outcomes), 0);
}

std::string Differential::change(const Situation& situation, bool is_new_list) {
  situation_ = situation;
  Situation published = situation_;
  if (!has_services_) published.services.clear();
  reference_.change(published);
  if (is_new_list) ++generation_;
  auto before = std::exchange(snapshot_, snapshot_of(published, generation_));
  if (fault_ == PlantedFault::kLateConfiguration) late_snapshot_ = std::move(before);
  return is_new_list ? begin_in_each_service() : "";
}

// A worker learns of a list at its next pick, the kernel at once: what several changes between two picks do to a place in the
// list is left open. So each service has a new connection after each change, and there is no change where it can't.
std::string Differential::begin_in_each_service() {
  ++fresh_port_;
  for (const Side* side : both_sides()) {
    burst_.push_back({.bytes = side->syn(fresh_port_), .tag = ++frames_});
    burst_.push_back({.bytes = side->udp(fresh_port_), .tag = ++frames_});
  }
  return run_burst();
}

std::string Differential::compare(std::vector<ReferenceOutcome> expected, std::vector<Handled> outcomes, std::size_t in_burst) {
  misbehave(outcomes, in_burst);
  if (expected.size() != outcomes.size()) {
    return "expected " + std::to_string(expected.size()) + " outcomes, not " + std::to_string(outcomes.size());
  }
  // Those of frames that were held before come in any order.
  const auto after_burst = static_cast<std::ptrdiff_t>(in_burst);
  std::sort(expected.begin() + after_burst, expected.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  std::sort(outcomes.begin() + after_burst, outcomes.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::string complaint = compare(expected[i], outcomes[i]); !complaint.empty()) return complaint;
  }
  return compare_counters();
}

std::string Differential::compare(const ReferenceOutcome& expected, const Handled& outcome) {
  const core::Verdict& verdict = outcome.verdict;
  if (expected.tag != outcome.tag) return "an outcome of another frame";
  if (expected.is_advert) {
    const bool may_be = verdict.action == Action::kDrop
                            ? verdict.reason == packet::DropReason::kAdvertLimited
                            : verdict.action == Action::kPunt && verdict.punt == PuntClass::kDoubtfulAdvert;
    count({.action = verdict.action, .reason = verdict.reason, .punt = verdict.punt});
    return may_be ? "" : "frame " + std::to_string(expected.tag) + ": an advert went another way";
  }
  count(expected.outcome);
  const bool is_reply = verdict.action == Action::kReply;
  const bool has_bytes = verdict.action != Action::kDrop && verdict.action != Action::kHold;
  const Handled does{.verdict = verdict, .bytes = comparable(outcome.bytes, is_reply)};
  Outcome should = expected.outcome;
  should.out = comparable(should.out, is_reply);
  if (is_same(should, verdict) && (!has_bytes || should.out == does.bytes)) return "";
  return "frame " + std::to_string(expected.tag) + ":\n  expected " + text_of(should) + "\n  not      " + text_of(does);
}

void Differential::count(const Outcome& outcome) {
  ++tally_.actions.at(static_cast<std::size_t>(outcome.action));
  if (outcome.action == Action::kDrop || outcome.action == Action::kReply) {
    ++tally_.drops.at(static_cast<std::size_t>(outcome.reason));
  }
  if (outcome.action == Action::kPunt) ++tally_.punts.at(static_cast<std::size_t>(outcome.punt));
}

std::string Differential::compare_counters() {
  const core::WorkerCounters& counted = board_.worker(0);
  Tally tally;
  for (std::size_t i = 0; i < tally.actions.size(); ++i) tally.actions[i] = counted.actions[i].get();
  for (std::size_t i = 0; i < tally.drops.size(); ++i) tally.drops[i] = counted.drops[i].get();
  for (std::size_t i = 0; i < tally.punts.size(); ++i) tally.punts[i] = counted.punts[i].get();
  if (fault_ == PlantedFault::kForgetsToCount && frames_ > 500) --tally.drops[0];
  for (std::size_t i = 0; i < tally.drops.size(); ++i) {
    if (tally.drops[i] == tally_.drops[i]) continue;
    return std::string{name_of(static_cast<packet::DropReason>(i))} + " was counted " + std::to_string(tally.drops[i]) +
           " times, not " + std::to_string(tally_.drops[i]);
  }
  if (tally != tally_) return "verdicts are counted wrongly";
  ReferenceCounters counters{.rescheduled = counted.rescheduled.get(),
                             .fragments = counted.fragments.get(),
                             .related_icmp = counted.related_icmp.get()};
  for (std::size_t i = 0; i < counters.servers.size(); ++i) {
    const core::ServerCounters& server = board_.server(0, core::ServerId{static_cast<std::uint16_t>(i)});
    counters.servers[i] = {server.connections.get(), server.packets.get(), server.bytes.get()};
    if (fault_ == PlantedFault::kForgetsItsLength && server.packets.get() > 100) counters.servers[i].bytes -= 20;
    if (counters.servers[i] != reference_.counters().servers[i]) return "server " + std::to_string(i) + " is counted wrongly";
  }
  if (counters != reference_.counters()) return "reuse, fragments or ICMP errors are counted wrongly";
  return counted.evicted.get() + counted.stateless.get() == 0 ? "" : "a table with room was full";
}

std::string Differential::compare_loads() {
  const auto loads = reference_.loads();
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const core::ServerLoad load = board_.load_of(core::ServerId{static_cast<std::uint16_t>(i)});
    if (load.active != loads[i].active || load.inactive != loads[i].inactive) {
      return "server " + std::to_string(i) + " has " + std::to_string(load.active) + " active and " +
             std::to_string(load.inactive) + " inactive connections, not " + std::to_string(loads[i].active) + " and " +
             std::to_string(loads[i].inactive);
    }
  }
  const core::WorkerCounters& counted = board_.worker(0);
  const bool is_right =
      counted.connections4.get() == reference_.connections(true) && counted.connections6.get() == reference_.connections(false);
  return is_right ? "" : "the tables hold another number of connections";
}

void Differential::misbehave(std::vector<Handled>& outcomes, std::size_t in_burst) {
  if (fault_ == PlantedFault::kLosesHeldFragment && outcomes.size() > in_burst) outcomes.pop_back();
  for (Handled& outcome : outcomes) {
    if (outcome.verdict.action != Action::kForward || ++forwarded_ % 64 != 0) continue;
    if (fault_ == PlantedFault::kMovesFlow) outcome.bytes[5] ^= std::byte{1};
    if (fault_ == PlantedFault::kKeepsMac) std::ranges::copy(bytes_of(kVirtualMac), outcome.bytes.begin() + 6);
    if (fault_ == PlantedFault::kKeepsTtl && outcome.bytes[12] == std::byte{0x86}) {
      outcome.bytes[21] = static_cast<std::byte>(std::to_integer<unsigned>(outcome.bytes[21]) + 1);
    }
  }
}

std::string run_script(std::span<const std::byte> bytes, PlantedFault fault) {
  FrameScript script{bytes};
  Differential differential{script.read_start(), fault};
  while (const auto step = script.next()) {
    if (std::string complaint = differential.step(*step); !complaint.empty()) return complaint;
  }
  return differential.finish();
}

}  // namespace penstock::test
