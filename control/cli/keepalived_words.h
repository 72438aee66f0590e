// Values as keepalived 2.2.7 prints them in its JSON and its dumps.
#pragma once

#include <cstdint>
#include <string>

#include "control/cli/vrrp_words.h"
#include "notify/script.h"

namespace penstock::control::keepalived {

// As keepalived prints intervals: what is less than a second is left out.
[[nodiscard]] std::int64_t whole_seconds(vrrp::Duration duration);

// Each word of the command in single quotes.
[[nodiscard]] std::string script_text(const notify::Script& script);

// "192.168.1.200/24 dev eth0 scope global set"; "set": it is on its interface now. With use_vmac "dev vrrp.50@eth0".
[[nodiscard]] std::string address_text(const vrrp::InstanceSpec& spec, const vrrp::VirtualAddress& vip, bool is_set);

// 0 init, 1 backup, 2 master, 3 fault.
[[nodiscard]] unsigned state_number(vrrp::State state);

// The counters by keepalived's names (its vrrp_stats).
struct Statistics {
  std::uint64_t advert_rcvd = 0;
  std::uint64_t advert_sent = 0;
  std::uint64_t become_master = 0;
  std::uint64_t release_master = 0;
  std::uint64_t packet_len_err = 0;
  std::uint64_t advert_interval_err = 0;
  std::uint64_t ip_ttl_err = 0;
  std::uint64_t invalid_type_rcvd = 0;
  std::uint64_t addr_list_err = 0;
  std::uint64_t invalid_authtype = 0;  // always 0: we don't tell it from a mismatch
  std::uint64_t authtype_mismatch = 0;
  std::uint64_t auth_failure = 0;
  std::uint64_t pri_zero_rcvd = 0;
  std::uint64_t pri_zero_sent = 0;
};
[[nodiscard]] Statistics statistics_of(const vrrp::InstanceCounters& counters);

// The priority of the master that a backup listens to, else 0.
[[nodiscard]] unsigned master_priority(const vrrp::InstanceStatus& status);

// The wall clock's time, in microseconds since 1970.
[[nodiscard]] std::int64_t wall_clock_microseconds(vrrp::TimePoint time, const VrrpStatus& all);

}  // namespace penstock::control::keepalived
