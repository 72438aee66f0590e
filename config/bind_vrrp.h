// What the parts of the binder that know VRRP share.
//
// keepalived settles many values in an order: the instance's own word, else its sync group's, else global_defs, else a default;
// then strict mode, the owner's priority and sync groups overrule some of them. All of that is done here, so that an
// InstanceSpec needs nothing but itself. What is overruled gets a warning where it stands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/bind_parts.h"
#include "vrrp/spec/router_spec.h"

namespace penstock::config {

// What an instance must know of its sync group before it is bound.
struct GroupTraits {
  bool members_weights = false;
  std::optional<bool> priority_changes{};
};
using GroupsByMember = std::map<std::string, GroupTraits>;

// Whether a weight may change a priority, and what keepalived does with one that may not.
enum class WeightRule : std::uint8_t {
  kCounts,
  kOwner,       // the priority is 255 and never changes: what has a weight isn't tracked
  kMember,      // of a sync group that doesn't allow it: interfaces are tracked without it, the rest isn't tracked
  kOwnersGroup  // of a sync group that has an owner: tracked without it
};

// What a file defines to be tracked.
struct KnownTracker {
  Word name;
  vrrp::Weight weight{};  // of lines that give none
  bool used = false;
};
using KnownTrackers = std::map<std::string, KnownTracker>;

inline constexpr std::int64_t kMostScriptWeight = 253;  // interfaces', too
inline constexpr std::int64_t kMostProcessWeight = 254;
// The weight as it counts: scripts and interfaces could have 254 once, and keepalived still takes it (a warning).
[[nodiscard]] std::int64_t fit_weight(std::int64_t value, const Word& word, std::int64_t most, Diagnostics& diagnostics);

// The vrrp_script, vrrp_track_process and track_file blocks of a file, and who tracks them.
class Trackers {
 public:
  Trackers(const std::vector<Statement>& statements, const BindContext& context);

  // All lines of track_interface, track_script, track_process and track_file in an instance or a sync group. `own_interface`
  // is tracked anyway: a line for it is left out. Empty: there is none.
  [[nodiscard]] vrrp::Tracking bind_lines(const Statement& block, WeightRule rule, const std::string& own_interface);
  // The trackers that somebody tracks; says which ones nobody does. After all bind_lines().
  void finish(vrrp::RouterSpec& router) const;

 private:
  void bind_script_tracker(const Statement& statement);
  void bind_process_tracker(const Statement& statement);
  [[nodiscard]] vrrp::ProcessTracker bind_process(const Statement& statement, const Fields& fields) const;
  [[nodiscard]] vrrp::Weight bind_weight(const Fields& fields, std::int64_t most) const;

  const BindContext& context_;
  Diagnostics& diagnostics_;
  KnownTrackers script_names_, process_names_, file_names_;
  Firsts first_scripts_, first_processes_;
  std::vector<vrrp::ScriptTracker> scripts_;
  std::vector<vrrp::ProcessTracker> processes_;
};

// One vrrp_instance in the making.
struct InstanceParts {
  const Statement& statement;
  const Fields fields;
  const BindContext& context;
  vrrp::InstanceSpec& out;
};

// Where adverts come from and go to: sources, destination, unicast peers, virtual MAC. The family is settled already.
void bind_instance_network(const InstanceParts& parts, const std::vector<PlacedAddress>& addresses);
// How adverts are answered, and when the neighbours are told. Version, priority and strict are settled already.
void bind_instance_behaviour(const InstanceParts& parts);

// notify* and smtp_alert of an instance or a sync group.
[[nodiscard]] vrrp::NotifySpec bind_notify(const Fields& fields, bool priority_changes, const BindContext& context);

// How often something is announced: 0 is taken as 1, with a warning.
[[nodiscard]] std::optional<std::uint32_t> bind_count(const Fields& fields, std::string_view name, const BindContext& context);

// What the sync groups say about their members. The names aren't checked.
[[nodiscard]] GroupsByMember find_groups(const std::vector<Statement>& statements, Diagnostics& diagnostics);
// `names`: of every vrrp_instance, bound or not.
void bind_sync_groups(const std::vector<Statement>& statements, const std::set<std::string>& names, Trackers& trackers,
                      const BindContext& context, vrrp::RouterSpec& router);

// VRRP's part of global_defs, and garp_group.
void bind_global_vrrp(const std::vector<Statement>& statements, BindContext& context, Model& model);
void bind_vrrp(const std::vector<Statement>& statements, const BindContext& context, Model& model);

}  // namespace penstock::config
