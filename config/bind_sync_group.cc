// vrrp_sync_group.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"

namespace penstock::config {
namespace {

using vrrp::InstanceSpec;
using vrrp::SyncGroupSpec;

bool is_group(const Statement& statement) {
  return statement.name().text == "vrrp_sync_group" && statement.words.size() > 1 && !statement.damaged;
}

bool counts_weights(const Fields& fields) { return fields.has("sync_group_tracking_weight") || fields.has("global_tracking"); }

class SyncGroupBinder {
 public:
  SyncGroupBinder(const std::set<std::string>& instances, Trackers& trackers, const BindContext& context,
                  vrrp::RouterSpec& router)
      : instances_{instances}, trackers_{trackers}, context_{context}, diagnostics_{context.diagnostics}, router_{router} {
    for (const InstanceSpec& instance : router.instances) {
      if (instance.priority == InstanceSpec::kOwnerPriority) owners_.insert(instance.name);
    }
  }

  void bind(const Statement& statement) {
    const Word& name = statement.words[1];
    if (!groups_.add(name.text, name, "vrrp_sync_group " + quote(name.text), context_)) return;
    SyncGroupSpec group{.name = name.text};
    const std::size_t listed = bind_members(statement, group);
    const Fields fields{statement.children, diagnostics_};
    const auto owners = static_cast<std::size_t>(std::count_if(
        group.instances.begin(), group.instances.end(), [this](const std::string& one) { return owners_.contains(one); }));
    group.tracking =
        trackers_.bind_lines(statement, owners == 0 ? WeightRule::kCounts : WeightRule::kOwnersGroup, std::string{});
    group.members_weights = counts_weights(fields);
    group.notify = bind_notify(fields, context_.vrrp.priority_changes, context_);
    if (const Statement* const old = fields.last({"global_tracking"})) {
      diagnostics_.warning(old->name().place, "global_tracking is an old name", "sync_group_tracking_weight");
    }
    if (listed == 0) {
      diagnostics_.warning(name.place, "vrrp_sync_group " + quote(name.text) + " has no members: it is left out");
      return;
    }
    if (listed == 1) {
      diagnostics_.warning(name.place,
                           "vrrp_sync_group " + quote(name.text) + " has one member: there is nothing to keep in step");
    }
    if (owners != 0 && owners != group.instances.size()) {
      diagnostics_.warning(name.place, "vrrp_sync_group " + quote(name.text) +
                                           " has members with priority 255 and others: they will not move together");
    }
    router_.sync_groups.push_back(std::move(group));
  }

 private:
  std::size_t bind_members(const Statement& statement, SyncGroupSpec& group) {
    std::size_t listed = 0;
    for (const Statement& child : statement.children) {
      if (child.name().text != "group") continue;
      for (const Statement& item : child.children) bind_member(item.name(), group);
      listed += child.children.size();
    }
    return listed;
  }

  void bind_member(const Word& member, SyncGroupSpec& group) {
    if (!instances_.contains(member.text)) {
      const std::vector<std::string_view> names{instances_.begin(), instances_.end()};
      diagnostics_.error(member.place, "there is no vrrp_instance " + quote(member.text), did_you_mean(member.text, names));
      return;
    }
    if (members_.add(member.text, member, quote(member.text) + " is in one vrrp_sync_group only: it", context_)) {
      group.instances.push_back(member.text);
    }
  }

  const std::set<std::string>& instances_;
  Trackers& trackers_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  vrrp::RouterSpec& router_;
  std::set<std::string> owners_;
  Firsts groups_;
  Firsts members_;
};

}  // namespace

GroupsByMember find_groups(const std::vector<Statement>& statements, Diagnostics& diagnostics) {
  GroupsByMember out;
  for (const Statement& statement : statements) {
    if (!is_group(statement)) continue;
    const Fields fields{statement.children, diagnostics};
    const GroupTraits traits{.members_weights = counts_weights(fields),
                             .priority_changes = fields.flag("notify_priority_changes")};
    for (const Statement& child : statement.children) {
      if (child.name().text != "group") continue;
      for (const Statement& item : child.children) out.emplace(item.name().text, traits);
    }
  }
  return out;
}

void bind_sync_groups(const std::vector<Statement>& statements, const std::set<std::string>& names, Trackers& trackers,
                      const BindContext& context, vrrp::RouterSpec& router) {
  SyncGroupBinder binder{names, trackers, context, router};
  for (const Statement& statement : statements) {
    if (is_group(statement)) binder.bind(statement);
  }
}

}  // namespace penstock::config
