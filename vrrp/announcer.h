// When the neighbours are told where our addresses live (gratuitous ARP, unsolicited neighbour advertisements), and how fast.
//
// A plan knows an instance's moments: a second set some time after the first, refreshes, another set after a master of lower
// priority was heard. The announcer sends: in rounds, each address once before any comes again, so that with many addresses the
// last one isn't late; and not faster than garp_interval and gna_interval allow on each interface, for all instances together.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vrrp/interfaces.h"
#include "vrrp/outbox.h"

namespace penstock::vrrp {

// The moments of a master. Those that are past are taken out one after the other.
class AnnouncementPlan {
 public:
  void became_master(const AnnouncementSpec& spec, TimePoint now);
  // Each advert of lower priority puts the second set off, so that it comes when the other master has gone.
  void heard_lower(const AnnouncementSpec& spec, TimePoint now);
  // Addresses came without a change of state.
  void announce_again(const AnnouncementSpec& spec, TimePoint now);
  void cancel() { *this = {}; }

  // How often each address is to be announced now: 0: nothing is due.
  [[nodiscard]] std::uint32_t take_due(const AnnouncementSpec& spec, TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next() const;

 private:
  std::optional<TimePoint> again_;
  std::optional<TimePoint> again_after_lower_;
  std::optional<TimePoint> refresh_;
};

class Announcer {
 public:
  // Announces the instance's addresses, `repeat` times each. Addresses whose interface is down are left out. What has to wait
  // for a gap is sent by on_time().
  void announce(const InstanceSpec& spec, const std::vector<const VirtualAddress*>& addresses, std::uint32_t repeat,
                const Interfaces& interfaces, TimePoint now, Outbox& out);
  // What waits for this instance is not sent any more.
  void cancel(const std::string& instance);
  void cancel(const std::string& instance, const VirtualAddress& address);
  void on_time(const Interfaces& interfaces, TimePoint now, Outbox& out);
  [[nodiscard]] std::optional<TimePoint> next() const;
  // Sent for this instance so far.
  [[nodiscard]] std::uint64_t sent(const std::string& instance) const;
  void clear_count(const std::string& instance) { sent_.erase(instance); }

 private:
  struct Waiting {
    std::string instance{};
    packet::IpAddress address{};
    std::string shown_interface{};
    std::optional<packet::MacAddress> virtual_mac{};
    Duration gap{};
  };
  struct Lane {
    std::deque<Waiting> waiting{};
    TimePoint free_at{};
  };
  using LaneKey = std::pair<std::string, packet::Family>;

  void send(const std::string& interface, const Waiting& what, const Interfaces& interfaces, Outbox& out);

  std::map<LaneKey, Lane> lanes_;
  std::map<std::string, std::uint64_t> sent_;
};

// All addresses that an instance holds: those in its adverts, then the excluded ones.
[[nodiscard]] std::vector<const VirtualAddress*> held_addresses(const InstanceSpec& spec);

}  // namespace penstock::vrrp
