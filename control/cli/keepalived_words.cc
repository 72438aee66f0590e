#include "control/cli/keepalived_words.h"

#include <fmt/format.h>

#include <chrono>

#include "vrrp/virtual_mac.h"

namespace penstock::control::keepalived {
namespace {

// rtnetlink's names, as iproute2 has them.
std::string scope_text(std::uint8_t scope) {
  switch (scope) {
    case 0: return "global";
    case 200: return "site";
    case 253: return "link";
    case 254: return "host";
    case 255: return "nowhere";
    default: return std::to_string(scope);
  }
}

}  // namespace

std::int64_t whole_seconds(vrrp::Duration duration) { return duration.count() / 1'000'000; }

std::string script_text(const notify::Script& script) {
  std::string text;
  for (const std::string& word : script.command) text += fmt::format("{}'{}'", text.empty() ? "" : " ", word);
  return text;
}

std::string address_text(const vrrp::InstanceSpec& spec, const vrrp::VirtualAddress& vip, bool is_set) {
  std::string text = vip.address.to_string();
  if (vip.prefix_length != vip.address.bits()) text += fmt::format("/{}", vip.prefix_length);
  if (vip.broadcast) text += fmt::format(" brd {}", vip.broadcast->to_string());
  const std::string& interface = vrrp::interface_of(spec, vip);
  const std::string below = interface != vip.interface ? '@' + vip.interface : "";
  text += fmt::format(" dev {}{} scope {}", interface, below, scope_text(vip.scope.value_or(0)));
  if (!vip.label.empty()) text += fmt::format(" label {}", vip.label);
  if (!vip.address.is_v4()) text += vip.prefix_length == vip.address.bits() ? " deprecated" : " preferred_lft forever";
  if (is_set) text += " set";
  return text;
}

unsigned state_number(vrrp::State state) {
  switch (state) {
    case vrrp::State::kInit: return 0;
    case vrrp::State::kBackup: return 1;
    case vrrp::State::kMaster: return 2;
    case vrrp::State::kFault: return 3;
  }
  return 0;
}

Statistics statistics_of(const vrrp::InstanceCounters& counters) {
  const auto rejected = [&](vrrp::Rejection why) { return counters.rejected[static_cast<std::size_t>(why)]; };
  return {.advert_rcvd = counters.adverts_received,
          .advert_sent = counters.adverts_sent,
          .become_master = counters.became_master,
          .release_master = counters.released_master,
          .packet_len_err = rejected(vrrp::Rejection::kLength),
          .advert_interval_err = rejected(vrrp::Rejection::kInterval),
          .ip_ttl_err = rejected(vrrp::Rejection::kTtl),
          .invalid_type_rcvd = rejected(vrrp::Rejection::kType),
          .addr_list_err = counters.address_list_differs,
          .invalid_authtype = 0,
          .authtype_mismatch = rejected(vrrp::Rejection::kAuthenticationType),
          .auth_failure = rejected(vrrp::Rejection::kPassword),
          .pri_zero_rcvd = counters.priority_zero_received,
          .pri_zero_sent = counters.priority_zero_sent};
}

unsigned master_priority(const vrrp::InstanceStatus& status) {
  return status.state == vrrp::State::kBackup && status.master ? status.master->priority : 0;
}

std::int64_t wall_clock_microseconds(vrrp::TimePoint time, const VrrpStatus& all) {
  using std::chrono::microseconds;
  const auto since_epoch = all.wall_clock_now.time_since_epoch() - (all.now - time);
  return std::chrono::duration_cast<microseconds>(since_epoch).count();
}

}  // namespace penstock::control::keepalived
