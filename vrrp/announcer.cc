#include "vrrp/announcer.h"

#include <fmt/format.h>

#include <algorithm>

#include "vrrp/announcement.h"
#include "vrrp/virtual_mac.h"

namespace penstock::vrrp {
namespace {

bool is_due(const std::optional<TimePoint>& moment, TimePoint now) { return moment && *moment <= now; }

std::optional<TimePoint> after(Duration delay, TimePoint now) {
  return delay > Duration::zero() ? std::optional{now + delay} : std::nullopt;
}

template <typename Frame>
std::vector<std::byte> bytes_of(const Frame& frame) {
  return {frame.begin(), frame.end()};
}

}  // namespace

// keepalived's first refresh comes one refresh interval after the second set.
void AnnouncementPlan::became_master(const AnnouncementSpec& spec, TimePoint now) {
  again_ = after(spec.again_after, now);
  refresh_ = spec.refresh > Duration::zero() ? std::optional{now + spec.again_after + spec.refresh} : std::nullopt;
  again_after_lower_.reset();
}

void AnnouncementPlan::heard_lower(const AnnouncementSpec& spec, TimePoint now) {
  again_after_lower_ = spec.lower_priority_repeat > 0 ? after(spec.lower_priority_again_after, now) : std::nullopt;
}

void AnnouncementPlan::announce_again(const AnnouncementSpec& spec, TimePoint now) {
  again_ = after(spec.again_after, now);
  if (spec.refresh <= Duration::zero()) refresh_.reset();
  if (spec.refresh > Duration::zero() && !refresh_) refresh_ = now + spec.again_after + spec.refresh;
}

std::uint32_t AnnouncementPlan::take_due(const AnnouncementSpec& spec, TimePoint now) {
  std::uint32_t repeat = 0;
  if (is_due(again_, now)) {
    again_.reset();
    repeat = std::max(repeat, spec.repeat);
  }
  if (is_due(again_after_lower_, now)) {
    again_after_lower_.reset();
    repeat = std::max(repeat, spec.lower_priority_repeat);
  }
  if (is_due(refresh_, now)) {
    refresh_ = after(spec.refresh, now);
    repeat = std::max(repeat, spec.refresh_repeat);
  }
  return repeat;
}

std::optional<TimePoint> AnnouncementPlan::next() const {
  std::optional<TimePoint> earliest;
  for (const auto& moment : {again_, again_after_lower_, refresh_}) {
    if (moment && (!earliest || *moment < *earliest)) earliest = moment;
  }
  return earliest;
}

void Announcer::announce(const InstanceSpec& spec, const std::vector<const VirtualAddress*>& addresses, std::uint32_t repeat,
                         const Interfaces& interfaces, TimePoint now, Outbox& out) {
  for (std::uint32_t round = 0; round < repeat; ++round) {
    for (const VirtualAddress* address : addresses) {
      if (!interfaces.is_up(address->interface)) continue;
      const bool is_v4 = address->address.is_v4();
      if (round == 0) {
        out.info(fmt::format("({}) Sending/queueing {} on {} for {}", spec.name,
                             is_v4 ? "gratuitous ARPs" : "Unsolicited Neighbour Adverts", interface_of(spec, *address),
                             address->address.to_string()));
      }
      Waiting what{.instance = spec.name,
                   .address = address->address,
                   .shown_interface = interface_of(spec, *address),
                   .gap = is_v4 ? spec.announcement.arp_gap : spec.announcement.neighbour_gap};
      // The virtual MAC address is the instance's interface's; an address with `dev` elsewhere is answered by that interface.
      if (spec.virtual_mac && address->interface == spec.interface) what.virtual_mac = virtual_mac(spec);
      Lane& lane = lanes_[{address->interface, address->address.family()}];
      if (!lane.waiting.empty() || (what.gap > Duration::zero() && lane.free_at > now)) {
        lane.waiting.push_back(std::move(what));
        continue;
      }
      lane.free_at = now + what.gap;
      send(address->interface, what, interfaces, out);
    }
  }
}

void Announcer::cancel(const std::string& instance) {
  for (auto& [key, lane] : lanes_) {
    std::erase_if(lane.waiting, [&](const Waiting& what) { return what.instance == instance; });
  }
}

void Announcer::cancel(const std::string& instance, const VirtualAddress& address) {
  const auto lane = lanes_.find({address.interface, address.address.family()});
  if (lane == lanes_.end()) return;
  std::erase_if(lane->second.waiting,
                [&](const Waiting& what) { return what.instance == instance && what.address == address.address; });
}

void Announcer::on_time(const Interfaces& interfaces, TimePoint now, Outbox& out) {
  for (auto& [key, lane] : lanes_) {
    while (!lane.waiting.empty() && lane.free_at <= now) {
      const Waiting what = std::move(lane.waiting.front());
      lane.waiting.pop_front();
      lane.free_at = now + what.gap;
      if (interfaces.is_up(key.first)) send(key.first, what, interfaces, out);
    }
  }
}

std::optional<TimePoint> Announcer::next() const {
  std::optional<TimePoint> earliest;
  for (const auto& [key, lane] : lanes_) {
    if (!lane.waiting.empty() && (!earliest || lane.free_at < *earliest)) earliest = lane.free_at;
  }
  return earliest;
}

std::uint64_t Announcer::sent(const std::string& instance) const {
  const auto found = sent_.find(instance);
  return found == sent_.end() ? 0 : found->second;
}

void Announcer::send(const std::string& interface, const Waiting& what, const Interfaces& interfaces, Outbox& out) {
  const InterfaceState& state = *interfaces.find(interface);
  const packet::MacAddress mac = what.virtual_mac.value_or(state.mac);
  if (what.address.is_v4()) {
    out.announce({.interface = interface, .frame = bytes_of(gratuitous_arp(mac, what.address.v4()))});
    out.debug(fmt::format("Sending gratuitous ARP on {} for {}", what.shown_interface, what.address.to_string()));
  } else {
    out.announce({.interface = interface,
                  .frame = bytes_of(unsolicited_neighbour_advertisement(mac, what.address.v6(), state.is_router))});
    out.debug(fmt::format("Sending unsolicited Neighbour Advert on {} for {}", what.shown_interface, what.address.to_string()));
  }
  ++sent_[what.instance];
}

std::vector<const VirtualAddress*> held_addresses(const InstanceSpec& spec) {
  std::vector<const VirtualAddress*> held;
  held.reserve(spec.addresses.size() + spec.excluded_addresses.size());
  for (const VirtualAddress& address : spec.addresses) held.push_back(&address);
  for (const VirtualAddress& address : spec.excluded_addresses) held.push_back(&address);
  return held;
}

}  // namespace penstock::vrrp
