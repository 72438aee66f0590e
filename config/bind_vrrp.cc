// vrrp_instance: what each must say, its addresses, state, timing and password; the rest is in bind_vrrp_*.cc.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>

#include "config/bind_vrrp.h"
#include "config/suggest.h"
#include "config/text.h"

namespace penstock::config {
namespace {

using vrrp::Duration;
using vrrp::InstanceSpec;

constexpr std::size_t kAuthenticationBytes = 8;  // the field of a VRRPv2 advert (RFC 2338, section 5.3.10)
constexpr std::size_t kMostAddresses = 255;      // an advert's count of them has 8 bits
constexpr Duration kSecond = std::chrono::seconds{1};
constexpr Duration kHundredth = std::chrono::milliseconds{10};  // what version 3 counts in

std::string address_key(const vrrp::VirtualAddress& address) {
  return address.address.to_string() + " on " + address.interface;
}

class InstanceBinder {
 public:
  // `group`: of the sync group that it is in; null: it is in none.
  InstanceBinder(const Statement& statement, const GroupTraits* group, Trackers& trackers, const BindContext& context)
      : statement_{statement},
        group_{group},
        trackers_{trackers},
        context_{context},
        diagnostics_{context.diagnostics},
        fields_{statement.children, context.diagnostics} {}

  InstanceSpec run() {
    out_.name = statement_.words[1].text;
    out_.strict = fields_.flag("strict_mode").value_or(context_.vrrp.strict);
    bind_required();
    bind_addresses();
    bind_version();
    require_addresses();
    bind_state();
    bind_preemption();
    bind_interval();
    bind_authentication();
    const InstanceParts parts{statement_, fields_, context_, out_};
    bind_instance_network(parts, placed_);
    bind_instance_behaviour(parts);
    out_.tracking = trackers_.bind_lines(statement_, weight_rule(), out_.interface);
    const auto of_group = group_ == nullptr ? std::nullopt : group_->priority_changes;
    out_.notify = bind_notify(fields_, of_group.value_or(context_.vrrp.priority_changes), context_);
    return out_;
  }

  // All addresses of the instance.
  [[nodiscard]] const std::vector<PlacedAddress>& addresses() const { return placed_; }

 private:
  void bind_required() {
    const Word& name = statement_.words[1];
    if (const Word* const word = fields_.value({"interface"})) {
      out_.interface = word->text;
    } else if (!fields_.has("interface")) {
      diagnostics_.error(name.place, "vrrp_instance " + quote(name.text) + " has no interface");
    }
    if (!fields_.has("virtual_router_id")) {
      diagnostics_.error(name.place, "vrrp_instance " + quote(name.text) + " has no virtual_router_id");
    }
    out_.virtual_router_id = static_cast<std::uint8_t>(fields_.integer("virtual_router_id", 1, 255).value_or(0));
  }

  void bind_addresses() {
    bind_list("virtual_ipaddress", out_.addresses);
    for (const PlacedAddress& placed : placed_) {
      if (placed.address.address.family() == placed_.front().address.address.family()) continue;
      diagnostics_.error(placed.word.place,
                         "an advert carries addresses of one family: " + quote(placed.word.text) + " is of the other",
                         "virtual_ipaddress_excluded takes both");
    }
    if (placed_.size() > kMostAddresses) {
      diagnostics_.error(placed_[kMostAddresses].word.place,
                         "an advert has room for " + std::to_string(kMostAddresses) + " addresses",
                         "virtual_ipaddress_excluded takes the others");
    }
    bind_list("virtual_ipaddress_excluded", out_.excluded_addresses);
  }

  // The addresses of all blocks of this name. One that the instance already has is left out: on the interface it can be once.
  void bind_list(std::string_view name, std::vector<vrrp::VirtualAddress>& list) {
    for (const Statement& child : statement_.children) {
      if (child.name().text != name) continue;
      given_ += child.children.size();
      for (PlacedAddress& placed : bind_virtual_addresses(child, context_)) {
        vrrp::VirtualAddress& address = placed.address;
        if (address.interface.empty()) address.interface = out_.interface;
        const std::string key = address_key(address);
        if (!own_.insert(key).second) {
          diagnostics_.warning(placed.word.place, key + " is given again: it is left out");
          continue;
        }
        list.push_back(address);
        placed_.push_back(std::move(placed));
      }
    }
  }

  void bind_version() {
    if (!out_.addresses.empty()) out_.family = out_.addresses.front().address.family();
    const auto own = fields_.integer("version", 2, 3);
    out_.version = static_cast<std::uint8_t>(own.value_or(context_.vrrp.version));
    const bool ipv6 = out_.family == packet::Family::kIpv6;
    if (ipv6 && own == 2)
      diagnostics_.warning(fields_.value({"version"})->place, "IPv6 needs version 3: taken as 3, as keepalived does");
    if (ipv6) out_.version = 3;
    if (ipv6 && out_.strict && !is_link_local(out_.addresses.front().address)) {
      diagnostics_.warning(placed_.front().word.place,
                           "in strict mode the first IPv6 address must be a link-local one (fe80::)");
    }
  }

  void require_addresses() {
    const Word& name = statement_.words[1];
    if (out_.addresses.empty() && (out_.version == 3 || out_.strict)) {
      if (given_ != 0) return;  // what is wrong with them has been said
      diagnostics_.error(name.place,
                         "vrrp_instance " + quote(out_.name) + " has no virtual_ipaddress: version 3 and strict mode need one",
                         "virtual_ipaddress { ADDRESS }");
    } else if (placed_.empty() && !fields_.has("virtual_ipaddress") && !fields_.has("no_virtual_ipaddress")) {
      diagnostics_.warning(name.place, "vrrp_instance " + quote(out_.name) + " has no virtual_ipaddress");
    }
  }

  // The state is a wish; the priority says who owns the addresses (keepalived-behaviour 2.2).
  void bind_state() {
    const Word* const state = fields_.value({"state"});
    bool master = state != nullptr && state->text == "MASTER";
    if (state != nullptr && !master && state->text != "BACKUP") {
      constexpr auto kStates = std::to_array<std::string_view>({"MASTER", "BACKUP"});
      diagnostics_.warning(state->place, quote(state->text) + " is not MASTER or BACKUP: taken as BACKUP, as keepalived does",
                           did_you_mean(state->text, kStates));
    }
    const auto priority = fields_.integer("priority", 1, 255);
    if (master && !fields_.has("priority")) {
      diagnostics_.warning(state->place,
                           "MASTER without a priority is the owner of the addresses: priority 255, as keepalived does");
    }
    out_.priority = static_cast<std::uint8_t>(priority.value_or(master ? InstanceSpec::kOwnerPriority : 100));
    const bool owner = out_.priority == InstanceSpec::kOwnerPriority;
    if (state == nullptr) {
      master = owner;
    } else if (out_.strict && master != owner) {
      diagnostics_.warning(state->place, std::string{"in strict mode state MASTER and priority 255 go together: taken as "} +
                                             (owner ? "MASTER" : "BACKUP") + ", as keepalived does");
      master = owner;
    } else if (owner && !master) {
      diagnostics_.warning(state->place, "priority 255 is the owner's: with state BACKUP it waits at its start nevertheless",
                           "state MASTER");
    }
    out_.initial_master = master;
  }

  void bind_preemption() {
    const Statement* const preemption = fields_.last({"nopreempt", "preempt"});
    out_.nopreempt = preemption != nullptr && preemption->name().text == "nopreempt";
    const bool owner = out_.priority == InstanceSpec::kOwnerPriority;
    if (out_.nopreempt && (owner || out_.initial_master)) {
      const std::string with = out_.initial_master ? "state MASTER" : "priority 255";
      diagnostics_.warning(preemption->name().place,
                           "nopreempt does not go with " + with + ": it is cleared, as keepalived does",
                           "state BACKUP on both directors, and the priority decides");
      out_.nopreempt = false;
    }
    out_.preempt_delay = fields_.duration("preempt_delay").value_or(Duration{0});
    const std::string_view against = out_.initial_master ? "state MASTER"
                                     : out_.strict       ? "strict mode"
                                     : out_.nopreempt    ? "nopreempt"
                                                         : "";
    if (out_.preempt_delay == Duration{0} || against.empty()) return;
    diagnostics_.warning(fields_.last({"preempt_delay"})->name().place,
                         "preempt_delay does not go with " + std::string{against} + ": it is cleared, as keepalived does");
    out_.preempt_delay = Duration{0};
  }

  void bind_interval() {
    const Word* const word = fields_.value({"advert_int"});
    const auto interval = fields_.duration("advert_int");
    if (!interval || *interval < kHundredth || *interval > 255 * kSecond) return;
    out_.advert_interval = *interval;
    if (out_.version == 2) {
      if (*interval % kSecond != Duration{0})
        diagnostics_.error(word->place, "advert_int is in whole seconds with version 2", "version 3 takes 0.01 to 40.95");
      return;
    }
    if (*interval > 4095 * kHundredth) {
      diagnostics_.error(word->place, "advert_int is at most 40.95 seconds with version 3");
    } else if (*interval % kHundredth != Duration{0}) {
      out_.advert_interval = (*interval + kHundredth / 2) / kHundredth * kHundredth;
      diagnostics_.warning(word->place,
                           "advert_int is in hundredths of a second with version 3: it is rounded, as keepalived does");
    }
  }

  // keepalived's: a sync group without sync_group_tracking_weight goes before the owner's priority.
  [[nodiscard]] WeightRule weight_rule() const {
    if (group_ != nullptr && !group_->members_weights) return WeightRule::kMember;
    return out_.priority == InstanceSpec::kOwnerPriority ? WeightRule::kOwner : WeightRule::kCounts;
  }

  void bind_authentication() {
    const Statement* const block = fields_.last({"authentication"});
    if (block == nullptr || block->damaged) return;
    const Fields fields{block->children, diagnostics_};
    const Word* const type = fields.value({"auth_type"});
    const Word* const pass = fields.value({"auth_pass"});
    if (type == nullptr || pass == nullptr) {
      if (!fields.has("auth_type") || !fields.has("auth_pass")) {
        diagnostics_.warning(block->name().place,
                             "authentication needs auth_type and auth_pass: there is none, as with keepalived");
      }
      return;
    }
    if (type->text == "AH") {
      diagnostics_.error(type->place, not_supported("auth_type AH", "which adverts are believed"), "auth_type PASS");
      return;
    }
    if (type->text != "PASS") {
      constexpr auto kTypes = std::to_array<std::string_view>({"PASS", "AH"});
      diagnostics_.error(type->place, quote(type->text) + " is not an auth_type", did_you_mean(type->text, kTypes));
      return;
    }
    if (out_.strict) {
      diagnostics_.warning(block->name().place, "strict mode has no authentication: it is ignored, as keepalived does");
      return;
    }
    if (out_.version == 3) {
      diagnostics_.warning(block->name().place, "version 3 has no authentication: it is ignored, as keepalived does");
      return;
    }
    if (pass->text.size() > kAuthenticationBytes) {
      diagnostics_.warning(pass->place, "auth_pass is cut to its first 8 bytes, as keepalived does");
    }
    out_.auth_pass = pass->text.substr(0, kAuthenticationBytes);
  }

  const Statement& statement_;
  const GroupTraits* group_;
  Trackers& trackers_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
  InstanceSpec out_;
  std::vector<PlacedAddress> placed_;
  std::set<std::string> own_;  // their keys
  std::size_t given_ = 0;      // lines of addresses, wrong ones included
};

}  // namespace

void bind_vrrp(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  const GroupsByMember groups = find_groups(statements, context.diagnostics);
  Trackers trackers{statements, context};
  std::set<std::string> names;
  Firsts first_names;
  Firsts first_ids;
  Firsts first_addresses;
  for (const Statement& statement : statements) {
    if (statement.name().text != "vrrp_instance" || statement.words.size() < 2) continue;
    const Word& name = statement.words[1];
    names.insert(name.text);
    if (!first_names.add(name.text, name, "vrrp_instance " + quote(name.text), context) || statement.damaged) continue;

    const auto group = groups.find(name.text);
    InstanceBinder binder{statement, group == groups.end() ? nullptr : &group->second, trackers, context};
    InstanceSpec instance = binder.run();
    for (const PlacedAddress& placed : binder.addresses()) {
      const std::string key = address_key(placed.address);
      first_addresses.add(key, placed.word, key, context);
    }
    if (instance.virtual_router_id != 0 && !instance.interface.empty()) {
      const std::string id = std::to_string(instance.virtual_router_id);
      const Word* const word = Fields{statement.children, context.diagnostics}.value({"virtual_router_id"});
      first_ids.add(instance.interface + " " + id + (instance.family == packet::Family::kIpv6 ? " 6" : " 4"), *word,
                    "virtual_router_id " + id + " on " + instance.interface, context);
    }
    model.vrrp.instances.push_back(std::move(instance));
  }
  bind_sync_groups(statements, names, trackers, context, model.vrrp);
  trackers.finish(model.vrrp);
}

}  // namespace penstock::config
