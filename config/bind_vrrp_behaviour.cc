// How an instance answers adverts, when it tells the neighbours, and whom it tells about itself.
#include <string>

#include "config/bind_health.h"
#include "config/bind_vrrp.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using vrrp::Duration;

class BehaviourBinder {
 public:
  explicit BehaviourBinder(const InstanceParts& parts)
      : parts_{parts},
        defaults_{parts.context.vrrp},
        fields_{parts.fields},
        diagnostics_{parts.context.diagnostics},
        out_{parts.out} {}

  void run() {
    bind_flags();
    bind_accept();
    bind_announcement();
  }

 private:
  // A flag of the instance, else of global_defs; with strict mode it is what strict mode wants.
  bool strict_flag(std::string_view name, bool otherwise, bool in_strict_mode) {
    const auto own = fields_.flag(name);
    if (!out_.strict) return own.value_or(otherwise);
    if (own && *own != in_strict_mode) overrule(name);
    return in_strict_mode;
  }

  void overrule(std::string_view name) {
    diagnostics_.warning(fields_.last({name})->name().place,
                         "strict mode has no " + std::string{name} + " like this: it is ignored, as keepalived does");
  }

  void bind_flags() {
    out_.answers_lower_priority = !strict_flag("lower_prio_no_advert", !defaults_.answers_lower_priority, true);
    out_.advert_before_yielding = strict_flag("higher_prio_send_advert", defaults_.advert_before_yielding, false);
    out_.skips_known_address_lists = fields_.flag("skip_check_adv_addr").value_or(defaults_.skips_known_address_lists);
    out_.owner_ignores_adverts = fields_.flag("owner_ignore_adverts").value_or(defaults_.owner_ignores_adverts);
    const bool has_pseudo_header = out_.version == 3 && out_.family == packet::Family::kIpv4;
    const bool as_v2 = fields_.flag("v3_checksum_as_v2").value_or(defaults_.checksum_as_v2);
    out_.pseudo_header = !(has_pseudo_header && as_v2);
    const auto adverts = fields_.integer("down_timer_adverts", 1, 100);
    out_.down_timer_adverts = static_cast<std::uint8_t>(adverts.value_or(defaults_.down_timer_adverts));
    out_.tracks_interface = !fields_.has("dont_track_primary");
  }

  // Only who doesn't own the addresses can be kept from answering for them.
  void bind_accept() {
    const Statement* const own = fields_.last({"accept", "no_accept"});
    if (out_.priority == vrrp::InstanceSpec::kOwnerPriority) return;
    out_.accept = own == nullptr ? !out_.strict : own->name().text == "accept";
    if (!out_.strict || (own != nullptr && !out_.accept)) return;
    if (out_.accept && out_.version == 2) {
      diagnostics_.warning(own->name().place, "strict mode has no accept with version 2: it is ignored, as keepalived does");
      out_.accept = false;
    } else if (!out_.accept) {
      const Statement* const strict = fields_.last({"strict_mode"});
      const Word& place = strict == nullptr ? parts_.statement.words[1] : strict->name();
      diagnostics_.warning(place.place, "in strict mode this host doesn't answer for the addresses (ping, local services)",
                           out_.version == 3 ? "accept" : "no strict mode, or version 3 with accept");
    }
  }

  void bind_announcement() {
    vrrp::AnnouncementSpec& out = out_.announcement;
    out = defaults_.announcement;
    if (const auto group = defaults_.gaps.find(out_.interface); group != defaults_.gaps.end()) {
      out.arp_gap = group->second.arp;
      out.neighbour_gap = group->second.neighbour;
    }
    out.again_after = fields_.duration("garp_master_delay").value_or(out.again_after);
    out.refresh = fields_.duration("garp_master_refresh").value_or(out.refresh);
    out.repeat = bind_count(fields_, "garp_master_repeat", parts_.context).value_or(out.repeat);
    out.refresh_repeat = bind_count(fields_, "garp_master_refresh_repeat", parts_.context).value_or(out.refresh_repeat);

    const auto delay = fields_.duration("garp_lower_prio_delay");
    const auto repeat = fields_.integer("garp_lower_prio_repeat", 0, kLargestNumber);
    out.lower_priority_again_after = delay.value_or(out.lower_priority_again_after);
    out.lower_priority_repeat = static_cast<std::uint32_t>(repeat.value_or(out.lower_priority_repeat));
    if (!out_.strict) return;
    if (delay && *delay != Duration{0}) overrule("garp_lower_prio_delay");
    if (repeat && *repeat != 0) overrule("garp_lower_prio_repeat");
    out.lower_priority_again_after = Duration{0};
    out.lower_priority_repeat = 0;
  }

  const InstanceParts& parts_;
  const VrrpDefaults& defaults_;
  const Fields& fields_;
  Diagnostics& diagnostics_;
  vrrp::InstanceSpec& out_;
};

}  // namespace

void bind_instance_behaviour(const InstanceParts& parts) { BehaviourBinder{parts}.run(); }

vrrp::NotifySpec bind_notify(const Fields& fields, bool priority_changes, const BindContext& context) {
  const auto script = [&](std::string_view name) { return bind_script(fields.last({name}), context); };
  return {.master = script("notify_master"),
          .backup = script("notify_backup"),
          .fault = script("notify_fault"),
          .stop = script("notify_stop"),
          .deleted = script("notify_deleted"),
          .any = script("notify"),
          .master_receives_lower = script("notify_master_rx_lower_pri"),
          .mail = wants_mail(fields, context.vrrp.smtp_alert, false, context),
          .priority_changes = fields.flag("notify_priority_changes").value_or(priority_changes),
          .names_deletion = fields.has("notify_deleted")};
}

}  // namespace penstock::config
