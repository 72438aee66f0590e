// What the outermost level says about VRRP: its words in global_defs, and garp_group.
#include <string>
#include <vector>

#include "config/bind_health.h"
#include "config/bind_vrrp.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using vrrp::Duration;

// global_defs' words about announcements, as far as they stand.
struct GivenAnnouncements {
  std::optional<Duration> again_after{}, refresh{}, lower_again_after{};
  std::optional<std::uint32_t> repeat{}, refresh_repeat{}, lower_repeat{};
  bool fewest = false;  // vrrp_min_garp

  // vrrp_min_garp is a default, too: what is given goes before it. After a lower priority's advert as after becoming master.
  void settle(vrrp::AnnouncementSpec& out) const {
    out.again_after = again_after.value_or(fewest ? Duration{0} : out.again_after);
    out.repeat = repeat.value_or(fewest ? 1 : out.repeat);
    out.refresh = refresh.value_or(out.refresh);
    out.refresh_repeat = refresh_repeat.value_or(out.refresh_repeat);
    out.lower_priority_again_after = lower_again_after.value_or(out.again_after);
    out.lower_priority_repeat = lower_repeat.value_or(out.repeat);
  }
};

class RouterDefaultsBinder {
 public:
  RouterDefaultsBinder(const Statement& statement, BindContext& context, Model& model, GivenAnnouncements& announcements)
      : context_{context},
        defaults_{context.vrrp},
        router_{model.vrrp},
        announcements_{announcements},
        fields_{statement.children, context.diagnostics} {}

  void run() {
    if (const auto version = fields_.integer("vrrp_version", 2, 3)) defaults_.version = static_cast<std::uint8_t>(*version);
    if (const auto adverts = fields_.integer("vrrp_down_timer_adverts", 1, 100))
      defaults_.down_timer_adverts = static_cast<std::uint8_t>(*adverts);
    bind_flags();
    bind_group("vrrp_mcast_group4", packet::Family::kIpv4, defaults_.group4);
    bind_group("vrrp_mcast_group6", packet::Family::kIpv6, defaults_.group6);
    bind_announcements();
    bind_router();
    bind_fifo();
  }

 private:
  void bind_flags() {
    const auto take = [this](std::string_view name, bool& flag, bool on = true) {
      if (const auto value = fields_.flag(name)) flag = *value == on;
    };
    take("vrrp_strict", defaults_.strict);
    take("vrrp_lower_prio_no_advert", defaults_.answers_lower_priority, false);
    take("vrrp_higher_prio_send_advert", defaults_.advert_before_yielding);
    take("vrrp_skip_check_adv_addr", defaults_.skips_known_address_lists);
    take("vrrp_owner_ignore_adverts", defaults_.owner_ignores_adverts);
    take("v3_checksum_as_v2", defaults_.checksum_as_v2);
    take("vrrp_notify_priority_changes", defaults_.priority_changes);
    if (fields_.has("vrrp_check_unicast_src")) defaults_.check_unicast_source = true;
    if (const auto alert = fields_.flag("smtp_alert_vrrp")) defaults_.smtp_alert = alert;
  }

  void bind_group(std::string_view name, packet::Family family, std::optional<IpAddress>& out) {
    const Word* const word = fields_.value({name});
    const auto address = word == nullptr ? std::nullopt : IpAddress::parse(word->text);
    if (!address) return;
    if (address->family() == family && is_multicast(*address)) {
      out = address;
      return;
    }
    const std::string wanted = family == packet::Family::kIpv4 ? "IPv4" : "IPv6";
    context_.diagnostics.error(word->place,
                               quote(name) + " takes a multicast address of " + wanted + ", not " + quote(word->text));
  }

  void bind_announcements() {
    const auto take = [this](std::string_view name, std::optional<Duration>& out) {
      if (const auto value = fields_.duration(name)) out = value;
    };
    take("vrrp_garp_master_delay", announcements_.again_after);
    take("vrrp_garp_master_refresh", announcements_.refresh);
    take("vrrp_garp_lower_prio_delay", announcements_.lower_again_after);
    if (const auto gap = fields_.duration("vrrp_garp_interval")) defaults_.announcement.arp_gap = *gap;
    if (const auto gap = fields_.duration("vrrp_gna_interval")) defaults_.announcement.neighbour_gap = *gap;
    if (const auto count = bind_count(fields_, "vrrp_garp_master_repeat", context_)) announcements_.repeat = count;
    if (const auto count = bind_count(fields_, "vrrp_garp_master_refresh_repeat", context_))
      announcements_.refresh_repeat = count;
    if (const auto count = fields_.integer("vrrp_garp_lower_prio_repeat", 0, kLargestNumber))
      announcements_.lower_repeat = static_cast<std::uint32_t>(*count);
    if (const auto fewest = fields_.flag("vrrp_min_garp")) announcements_.fewest = *fewest;
  }

  void bind_router() {
    if (const auto delay = fields_.duration("vrrp_startup_delay")) router_.startup_delay = *delay;
    if (fields_.has("log_unknown_vrids")) router_.logs_unknown_routers = true;
    if (fields_.has("no_email_faults")) router_.mails_faults = false;
    if (fields_.has("fifo_write_vrrp_states_on_reload")) router_.states_on_reload = true;
  }

  // vrrp_notify_fifo, else the fifo for everything.
  void bind_fifo() {
    const Statement* const own = fields_.last({"vrrp_notify_fifo"});
    const Statement* const all = fields_.last({"notify_fifo"});
    const Statement* const own_script = fields_.last({"vrrp_notify_fifo_script"});
    if (own != nullptr && all != nullptr)
      context_.diagnostics.warning(all->name().place, "events of VRRP go to vrrp_notify_fifo alone");
    if (own == nullptr && own_script != nullptr)
      context_.diagnostics.warning(own_script->name().place, "\"vrrp_notify_fifo_script\" without a fifo is ignored");
    const Statement* const path = own != nullptr ? own : all;
    if (path == nullptr || path->words.size() < 2) return;
    const std::vector<Word>& words = path->words;
    router_.notify_fifo = words[1].text;
    router_.notify_fifo_user = words.size() > 2 ? words[2].text : "";
    router_.notify_fifo_group = words.size() > 3 ? words[3].text : "";
    router_.notify_fifo_script = bind_script(own != nullptr ? own_script : fields_.last({"notify_fifo_script"}), context_);
  }

  BindContext& context_;
  VrrpDefaults& defaults_;
  vrrp::RouterSpec& router_;
  GivenAnnouncements& announcements_;
  const Fields fields_;
};

void bind_garp_group(const Statement& statement, BindContext& context) {
  const Fields fields{statement.children, context.diagnostics};
  const Word& place = statement.name();
  std::vector<const Word*> interfaces;
  if (const Word* const one = fields.value({"interface"})) interfaces.push_back(one);
  for (const Statement& child : statement.children) {
    if (child.name().text != "interfaces" || child.damaged) continue;
    for (const Statement& item : child.children) interfaces.push_back(&item.name());
  }
  if (interfaces.empty()) {
    context.diagnostics.warning(place.place, "this garp_group has no interfaces: it is ignored, as keepalived does");
    return;
  }
  if (!fields.has("garp_interval") && !fields.has("gna_interval")) {
    context.diagnostics.warning(place.place, "this garp_group has no interval: it is ignored, as keepalived does");
    return;
  }
  const AnnouncementGaps gaps{fields.duration("garp_interval").value_or(Duration{0}),
                              fields.duration("gna_interval").value_or(Duration{0})};
  for (const Word* const interface : interfaces) {
    if (!context.vrrp.gaps.emplace(interface->text, gaps).second) {
      context.diagnostics.warning(interface->place,
                                  quote(interface->text) + " is in a garp_group already: the first one counts");
    }
  }
}

}  // namespace

std::optional<std::uint32_t> bind_count(const Fields& fields, std::string_view name, const BindContext& context) {
  const auto count = fields.integer(name, 0, kLargestNumber);
  if (!count) return std::nullopt;
  if (*count != 0) return static_cast<std::uint32_t>(*count);
  context.diagnostics.warning(fields.value({name})->place, quote(name) + " is at least 1: taken as 1, as keepalived does");
  return 1;
}

void bind_global_vrrp(const std::vector<Statement>& statements, BindContext& context, Model& model) {
  GivenAnnouncements announcements;
  for (const Statement& statement : statements) {
    if (statement.damaged) continue;
    if (statement.name().text == "global_defs") RouterDefaultsBinder{statement, context, model, announcements}.run();
    if (statement.name().text == "garp_group") bind_garp_group(statement, context);
  }
  announcements.settle(context.vrrp.announcement);
}

}  // namespace penstock::config
