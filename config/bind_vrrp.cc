// vrrp_instance and vrrp_sync_group.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "config/bind_parts.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr std::size_t kAuthenticationBytes = 8;  // the field of a VRRPv2 advert (RFC 2338, section 5.3.10)

std::string address_key(const VirtualAddress& address) { return address.address.to_string() + " on " + address.interface; }

class InstanceBinder {
 public:
  InstanceBinder(const Statement& statement, const BindContext& context)
      : statement_{statement},
        context_{context},
        diagnostics_{context.diagnostics},
        fields_{statement.children, context.diagnostics} {}

  VrrpInstance run() {
    out_.name = statement_.words[1].text;
    bind_required();
    bind_addresses();
    bind_version();
    bind_state();
    bind_interval();
    bind_authentication();
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
    bind_list("virtual_ipaddress", out_.virtual_addresses);
    for (const PlacedAddress& placed : placed_) {
      if (placed.address.address.family() == placed_.front().address.address.family()) continue;
      diagnostics_.error(placed.word.place,
                         "an advert carries addresses of one family: " + quote(placed.word.text) + " is of the other",
                         "virtual_ipaddress_excluded takes both");
    }
    bind_list("virtual_ipaddress_excluded", out_.excluded_addresses);
    if (placed_.empty() && !fields_.has("virtual_ipaddress") && !fields_.has("no_virtual_ipaddress")) {
      diagnostics_.warning(statement_.words[1].place, "vrrp_instance " + quote(out_.name) + " has no virtual_ipaddress");
    }
  }

  // The addresses of all blocks of this name. One that the instance already has is left out: on the interface it can be once.
  void bind_list(std::string_view name, std::vector<VirtualAddress>& list) {
    for (const Statement& child : statement_.children) {
      if (child.name().text != name) continue;
      for (PlacedAddress& placed : bind_virtual_addresses(child, context_)) {
        VirtualAddress& address = placed.address;
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
    const auto own = fields_.integer("version", 2, 3);
    out_.version = static_cast<std::uint8_t>(own.value_or(context_.default_vrrp_version));
    const bool ipv6 = !out_.virtual_addresses.empty() && out_.virtual_addresses.front().address.is_v6();
    if (ipv6 && own == 2)
      diagnostics_.warning(fields_.value({"version"})->place, "IPv6 needs version 3: taken as 3, as keepalived does");
    if (ipv6) out_.version = 3;
  }

  void bind_state() {
    const Word* const state = fields_.value({"state"});
    if (state != nullptr && state->text == "MASTER") {
      out_.initial_state = VrrpInstance::State::kMaster;
    } else if (state != nullptr && state->text != "BACKUP") {
      constexpr auto kStates = std::to_array<std::string_view>({"MASTER", "BACKUP"});
      diagnostics_.warning(state->place, quote(state->text) + " is not MASTER or BACKUP: taken as BACKUP, as keepalived does",
                           did_you_mean(state->text, kStates));
    }
    const bool master = out_.initial_state == VrrpInstance::State::kMaster;

    const auto priority = fields_.integer("priority", 1, 255);
    if (master && !fields_.has("priority")) {
      diagnostics_.warning(state->place,
                           "MASTER without a priority is the owner of the addresses: priority 255, as keepalived does");
    }
    out_.priority = static_cast<std::uint8_t>(priority.value_or(master ? 255 : 100));

    const Statement* const preemption = fields_.last({"nopreempt", "preempt"});
    out_.nopreempt = preemption != nullptr && preemption->name().text == "nopreempt";
    if (out_.nopreempt && master) {
      diagnostics_.warning(preemption->name().place,
                           "nopreempt does not go with state MASTER: it is cleared, as keepalived does",
                           "state BACKUP on both directors, and the priority decides");
      out_.nopreempt = false;
    }
  }

  void bind_interval() {
    const Word* const word = fields_.value({"advert_int"});
    const auto seconds = word == nullptr ? std::nullopt : parse_decimal(word->text);
    if (!seconds || *seconds < 0.01 || *seconds > 255) return;
    if (out_.version == 2 && (*seconds < 1 || *seconds != std::floor(*seconds))) {
      diagnostics_.error(word->place, "advert_int is in whole seconds with version 2", "version 3 takes 0.01 to 40.95");
    } else if (out_.version == 3 && *seconds > 40.95) {
      diagnostics_.error(word->place, "advert_int is at most 40.95 seconds with version 3");
    }
    out_.advert_interval = std::chrono::milliseconds{std::lround(*seconds * 1000)};
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
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
  VrrpInstance out_;
  std::vector<PlacedAddress> placed_;
  std::set<std::string> own_;  // their keys
};

class SyncGroupBinder {
 public:
  SyncGroupBinder(const std::set<std::string>& instances, const BindContext& context)
      : instances_{instances}, context_{context} {}

  void bind(const Statement& statement, Model& model) {
    const Word& name = statement.words[1];
    if (!groups_.add(name.text, name, "vrrp_sync_group " + quote(name.text), context_)) return;
    VrrpSyncGroup group{name.text, {}};
    std::size_t listed = 0;
    for (const Statement& child : statement.children) {
      if (child.name().text != "group") continue;
      for (const Statement& item : child.children) bind_member(item.name(), group);
      listed += child.children.size();
    }
    if (listed == 0) {
      context_.diagnostics.warning(name.place, "vrrp_sync_group " + quote(name.text) + " has no members: it is left out");
      return;
    }
    if (listed == 1) {
      context_.diagnostics.warning(name.place,
                                   "vrrp_sync_group " + quote(name.text) + " has one member: there is nothing to keep in step");
    }
    model.vrrp_sync_groups.push_back(std::move(group));
  }

 private:
  void bind_member(const Word& member, VrrpSyncGroup& group) {
    if (!instances_.contains(member.text)) {
      const std::vector<std::string_view> names{instances_.begin(), instances_.end()};
      context_.diagnostics.error(member.place, "there is no vrrp_instance " + quote(member.text),
                                 did_you_mean(member.text, names));
      return;
    }
    if (members_.add(member.text, member, quote(member.text) + " is in one vrrp_sync_group only: it", context_)) {
      group.instances.push_back(member.text);
    }
  }

  const std::set<std::string>& instances_;
  const BindContext& context_;
  Firsts groups_;
  Firsts members_;
};

}  // namespace

void bind_vrrp(const std::vector<Statement>& statements, const BindContext& context, Model& model) {
  std::set<std::string> names;
  Firsts first_names, first_ids, first_addresses;
  for (const Statement& statement : statements) {
    if (statement.name().text != "vrrp_instance" || statement.words.size() < 2) continue;
    context.diagnostics.once(Severity::kWarning, statement.name().place,
                             "VRRP is not spoken yet: every instance counts as MASTER");
    const Word& name = statement.words[1];
    names.insert(name.text);
    if (!first_names.add(name.text, name, "vrrp_instance " + quote(name.text), context) || statement.damaged) continue;

    InstanceBinder binder{statement, context};
    VrrpInstance instance = binder.run();
    for (const PlacedAddress& placed : binder.addresses()) {
      const std::string key = address_key(placed.address);
      first_addresses.add(key, placed.word, key, context);
    }
    if (instance.virtual_router_id != 0 && !instance.interface.empty()) {
      const bool ipv6 = !instance.virtual_addresses.empty() && instance.virtual_addresses.front().address.is_v6();
      const std::string id = std::to_string(instance.virtual_router_id);
      const Word* const word = Fields{statement.children, context.diagnostics}.value({"virtual_router_id"});
      first_ids.add(instance.interface + " " + id + (ipv6 ? " 6" : " 4"), *word,
                    "virtual_router_id " + id + " on " + instance.interface, context);
    }
    model.vrrp_instances.push_back(std::move(instance));
  }

  SyncGroupBinder groups{names, context};
  for (const Statement& statement : statements) {
    if (statement.name().text == "vrrp_sync_group" && statement.words.size() > 1 && !statement.damaged)
      groups.bind(statement, model);
  }
}

}  // namespace penstock::config
