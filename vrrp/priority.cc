#include "vrrp/priority.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::vrrp {
namespace {

constexpr std::int64_t kLeastFileResult = -254;  // as little or less: a failure
constexpr std::int64_t kMostFileResult = 253;

// Sums up one list of trackers after the other.
class Sum {
 public:
  Sum(Assessment& result, const Knowledge& known) : result_{result}, known_{known} {}

  // `weighted`: trackers with a weight count, too.
  void add(const Tracking& tracking, bool weighted) {
    for (const TrackLine& line : tracking.interfaces) {
      add(line, weighted, "interface", known_.interfaces.is_up(line.name), line.weight.reverse ? "up" : "down");
    }
    for (const TrackLine& line : tracking.scripts) {
      add(line, weighted, "script", known_.trackers.script(line.name), line.weight.reverse ? "succeeds" : "failed");
    }
    for (const TrackLine& line : tracking.processes) {
      add(line, weighted, "process", known_.trackers.processes(line.name),
          line.weight.reverse ? "has its quorum" : "lost its quorum");
    }
    for (const TrackLine& line : tracking.files) add_file(line, weighted);
  }

  [[nodiscard]] std::int64_t total() const { return total_; }

 private:
  // `succeeds`: nothing while unknown, which adds nothing.
  void add(const TrackLine& line, bool weighted, std::string_view kind, std::optional<bool> succeeds, std::string_view failed) {
    const auto [weight, reverse] = line.weight;
    if (weight != 0 && !weighted) return;
    PriorityShare share{.tracker = fmt::format("{} {}", kind, line.name), .weight = weight, .is_condition = weight == 0};
    if (weight == 0) {
      share.succeeds = !succeeds || *succeeds != reverse;
      condition(share.tracker, succeeds.has_value(), share.succeeds, failed);
    } else {
      share.succeeds = succeeds.value_or(true);
      if (succeeds && *succeeds == (weight > 0)) share.adds = reverse ? -weight : weight;
      total_ += share.adds;
    }
    result_.shares.push_back(std::move(share));
  }

  void add_file(const TrackLine& line, bool weighted) {
    const auto [weight, reverse] = line.weight;
    if (weight != 0 && !weighted) return;
    const std::optional<std::int64_t> value = known_.trackers.file(line.name);
    PriorityShare share{.tracker = fmt::format("file {}", line.name), .weight = weight, .is_condition = weight == 0};
    if (weight == 0) {
      share.succeeds = !value || (*value == 0) != reverse;
      condition(share.tracker, value.has_value(), share.succeeds, fmt::format("is {}", value.value_or(0)));
    } else {
      // Both factors are cut to 32 bits first, so that the product can't overflow.
      const std::int64_t number = std::clamp<std::int64_t>(value.value_or(0), INT32_MIN, INT32_MAX);
      const std::int64_t result = number * weight * (reverse ? -1 : 1);
      share.succeeds = result > kLeastFileResult;
      condition(share.tracker, true, share.succeeds, fmt::format("is {}", number));
      share.adds = static_cast<int>(std::clamp(result, kLeastFileResult, kMostFileResult));
      total_ += share.adds;
    }
    result_.shares.push_back(std::move(share));
  }

  void condition(const std::string& tracker, bool known, bool succeeds, std::string_view failed) {
    if (!known && result_.waits_for.empty()) result_.waits_for = tracker;
    if (!succeeds) result_.faults.push_back(fmt::format("{} {}", tracker, failed));
  }

  Assessment& result_;
  const Knowledge& known_;
  std::int64_t total_ = 0;
};

// What the instance's own interface must offer, and that of its virtual MAC address.
void check_interface(const InstanceSpec& spec, const Interfaces& interfaces, Assessment& result) {
  const InterfaceState* interface = interfaces.find(spec.interface);
  if (interface == nullptr) {
    result.waits_for = fmt::format("interface {}", spec.interface);
    return;
  }
  const auto require_up = [&](const std::string& name, const InterfaceState& state) {
    if (spec.tracks_interface && !state.up) result.faults.push_back(fmt::format("interface {} down", name));
  };
  require_up(spec.interface, *interface);
  if (spec.virtual_mac) {
    if (const auto* const its = interfaces.find(spec.virtual_mac->interface)) require_up(spec.virtual_mac->interface, *its);
  }
  if (!result.source) {
    result.faults.push_back(fmt::format("no IPv{} address for interface", spec.family == packet::Family::kIpv4 ? 4 : 6));
  } else if (spec.track_source && spec.source &&
             std::ranges::find(interface->addresses, *spec.source) == interface->addresses.end()) {
    result.faults.push_back(fmt::format("source address {} not on interface", spec.source->to_string()));
  }
  if (spec.fault_without_peer && spec.unicast_peers.empty()) result.faults.emplace_back("no unicast peers");
}

}  // namespace

Assessment assess(const InstanceSpec& spec, const SyncGroupSpec* group, const Knowledge& known) {
  Assessment result;
  const InterfaceState* interface = known.interfaces.find(spec.interface);
  result.source = source_address(spec, interface, known.virtual_addresses);
  result.own = own_addresses(spec, interface, known.virtual_addresses);
  check_interface(spec, known.interfaces, result);

  Sum sum{result, known};
  sum.add(spec.tracking, group == nullptr || group->members_weights);
  if (group != nullptr) sum.add(group->tracking, true);

  const bool owner = spec.priority == InstanceSpec::kOwnerPriority;
  const std::int64_t priority = std::clamp<std::int64_t>(spec.priority + sum.total(), 1, InstanceSpec::kOwnerPriority - 1);
  result.priority = owner ? InstanceSpec::kOwnerPriority : static_cast<std::uint8_t>(priority);
  if (owner) std::ranges::for_each(result.shares, [](PriorityShare& share) { share.adds = 0; });
  // Before the first word about its own interface nothing else can be said.
  if (interface == nullptr) result.faults.clear();
  return result;
}

std::vector<std::string> ignored_trackers(const InstanceSpec& spec, const SyncGroupSpec& group) {
  std::vector<std::string> names;
  if (group.members_weights) return names;
  for (const auto* lines :
       {&spec.tracking.interfaces, &spec.tracking.scripts, &spec.tracking.processes, &spec.tracking.files}) {
    for (const TrackLine& line : *lines) {
      if (line.weight.value != 0) names.push_back(line.name);
    }
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) {
    if (!all.empty()) all += ", ";
    all += word;
  }
  return all;
}

}  // namespace penstock::vrrp
