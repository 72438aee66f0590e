// All virtual routers of this host: adverts, times and events in, frames and changes of ownership out.
//
// A pure core: no clock, no socket, no thread. The shell calls it with what happened and carries the returned actions out in
// their order, which is keepalived's: a new master's advert first, then the addresses, then their announcements. Every
// transition of an instance is in virtual_router.cc with its RFC section; instances of a sync group move together
// (sync_group.h); trackers decide the effective priority (priority.h).
//
// Before on_time() the shell hands over every frame that has arrived: after a stall the core then knows what it missed. If the
// time is later than a timer by more than the master-down interval, a master listens first and a backup waits once more.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "notify/action.h"
#include "vrrp/advert_check.h"
#include "vrrp/spec/router_spec.h"

namespace penstock::vrrp {

using TimePoint = std::chrono::steady_clock::time_point;

// kInit: waiting for the interface's first state, the start-up delay or the first result of a tracker without weight
// (keepalived's "init").
enum class State : std::uint8_t { kInit, kBackup, kMaster, kFault };
[[nodiscard]] std::string_view to_string(State state);  // "MASTER"

// What the core must know of an interface.
struct InterfaceState {
  bool up = false;  // there, and with carrier
  packet::MacAddress mac{};
  std::vector<packet::IpAddress> addresses{};  // the kernel's order; VIPs may be among them
  bool is_router = false;                      // forwards IPv6: a flag of its neighbour advertisements

  friend bool operator==(const InterfaceState&, const InterfaceState&) = default;
};

// -- what is to be done --

// An advert or an announcement, out of an interface, before anything else.
struct SendFrame {
  std::string interface{};
  std::vector<std::byte> frame{};  // a unicast peer's destination MAC is zero: the shell knows the next hop
};
// The instance's addresses are ours, or no longer: workers forward for them or drop, the kernel gets or loses them. A master
// whose addresses a reload changes owns "again": what it has now. A new instance starts with owns = false.
struct SetOwner {
  std::string instance{};
  bool owns = false;
};
using Action = std::variant<SendFrame, SetOwner, notify::LogLine, notify::RunScript, notify::WriteFifo, notify::SendMail>;
using Actions = std::vector<Action>;

// -- for listings --

// keepalived's counters by their names in its dumps (vrrp_stats), and ours.
struct InstanceCounters {
  std::uint64_t adverts_received = 0;  // believed ones
  std::uint64_t adverts_sent = 0;
  std::uint64_t became_master = 0;
  std::uint64_t released_master = 0;
  std::uint64_t priority_zero_received = 0;
  std::uint64_t priority_zero_sent = 0;
  std::uint64_t address_list_differs = 0;
  std::uint64_t interval_differs = 0;  // v3: accepted
  std::uint64_t announcements_sent = 0;
  std::uint64_t stalls = 0;           // times that we were late by more than the master-down interval
  Duration worst_lateness{};          // of an advert of ours
  std::uint64_t adverts_limited = 0;  // more from one sender than any router sends: never looked at
  std::array<std::uint64_t, kRejectionCount> rejected{};
};

// One share of the effective priority.
struct PriorityShare {
  std::string tracker{};      // "script chk_a", "interface eth1"
  int weight = 0;             // as configured
  int adds = 0;               // now
  bool is_condition = false;  // without a weight: fails the instance
  bool succeeds = true;
};

// What was last heard from one sender and not believed.
struct RejectedPeer {
  packet::IpAddress source{};
  Rejection why{};
  std::uint64_t count = 0;  // in a row from this sender for this reason
  TimePoint last{};
};

struct InstanceStatus {
  std::string name{};
  State state = State::kInit;
  TimePoint since{};
  std::string why{};  // the state's, in words: "no advert for 3.609 s", "interface eth0 down"
  std::uint8_t base_priority = 100;
  std::uint8_t effective_priority = 100;
  std::vector<PriorityShare> shares{};
  std::optional<packet::IpAddress> source{};  // ours
  struct Master {
    packet::IpAddress address{};
    std::uint8_t priority = 0;
    Duration interval{};
    TimePoint heard{};
    ChecksumForm checksum{};
  };
  std::optional<Master> master{};              // the other one that we last believed
  std::optional<TimePoint> next{};             // the next timer: master-down, or our next advert
  std::vector<RejectedPeer> rejected_peers{};  // at most 16, the most recent
  InstanceCounters counters{};
};

struct SyncGroupStatus {
  std::string name{};
  State state = State::kInit;
  TimePoint since{};
};

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Makes the configuration the one in force, by difference: an instance that stays keeps state and timers (a master stays
  // master, without a priority 0); one that goes resigns. Precondition: names are unique, members of groups and trackers exist.
  [[nodiscard]] Actions apply(const RouterSpec& spec, TimePoint now);
  // The state of an interface, at first and at each change. Unknown ones are down.
  [[nodiscard]] Actions on_interface(const std::string& name, const InterfaceState& state, TimePoint now);
  // A frame of protocol 112 that came in by `interface`. Anything may be wrong with it.
  [[nodiscard]] Actions on_frame(const std::string& interface, std::span<const std::byte> frame, TimePoint arrival);
  // Results of trackers; rise and fall are counted here. Of unknown ones: nothing happens. `result` is for the log: "exited
  // with status 1".
  [[nodiscard]] Actions on_script(const std::string& tracker, bool success, TimePoint now, std::string_view result = {});
  [[nodiscard]] Actions on_processes(const std::string& tracker, bool enough, TimePoint now);
  [[nodiscard]] Actions on_file(const std::string& tracker, std::int64_t value, TimePoint now);
  // One of our addresses has gone from its interface behind our back: a master becomes backup (keepalived does so), except for
  // no_track addresses.
  [[nodiscard]] Actions on_address_lost(const std::string& interface, const packet::IpAddress& address, TimePoint now);
  // Timers that are due.
  [[nodiscard]] Actions on_time(TimePoint now);
  // Announces all addresses that we own once more.
  [[nodiscard]] Actions announce_again(TimePoint now);
  // Resigns everywhere (priority 0), and the lines, scripts and fifo lines of a stop.
  [[nodiscard]] Actions stop(TimePoint now);

  // When on_time() is to be called next. Nothing: not before something else happens.
  [[nodiscard]] std::optional<TimePoint> next() const;
  // The earliest Master_Down_Timer of an instance that is backup. Never before next().
  [[nodiscard]] std::optional<TimePoint> next_takeover() const;

  // In the configuration's order.
  [[nodiscard]] std::vector<InstanceStatus> status() const;
  [[nodiscard]] std::vector<SyncGroupStatus> sync_groups() const;
  // Every instance's InstanceCounters begin at 0 again.
  void clear_counters();

  // Frames that were for no instance of ours, by what they lacked.
  struct Strangers {
    std::uint64_t unreadable = 0;
    std::uint64_t unknown_router = 0;  // another VRID, family or interface
  };
  [[nodiscard]] const Strangers& strangers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::vrrp
