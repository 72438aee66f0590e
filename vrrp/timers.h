// The protocol's two intervals: how long silence means that the master is gone, and who of several backups speaks first.
//
// Exact: in nanoseconds, because a 256th of 10 ms is no whole number of microseconds. Skew makes the backup with the highest
// priority the first; it is less than one interval (version 3) or less than a second (version 2).
#pragma once

#include <chrono>
#include <cstdint>

#include "vrrp/spec/tracking_spec.h"

namespace penstock::vrrp {

using Nanoseconds = std::chrono::nanoseconds;

// For messages.
[[nodiscard]] constexpr std::int64_t whole_milliseconds(Duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// Skew_Time. Version 2: (256 - priority) / 256 of a second (RFC 3768 section 6.1); version 3: of the master's interval (RFC
// 9568 section 6.1). `priority` 1..255.
[[nodiscard]] constexpr Nanoseconds skew_time(std::uint8_t version, std::uint8_t priority, Duration master_interval) {
  const Nanoseconds whole = version == 2 ? Nanoseconds{std::chrono::seconds{1}} : Nanoseconds{master_interval};
  return whole * (256 - priority) / 256;
}

// Master_Down_Interval (RFC 9568: Active_Down_Interval): `adverts` (3 in the RFCs, keepalived's down_timer_adverts) times the
// master's interval, and the skew.
[[nodiscard]] constexpr Nanoseconds master_down_interval(std::uint8_t version, std::uint8_t priority, Duration master_interval,
                                                         std::uint8_t adverts) {
  return Nanoseconds{master_interval} * adverts + skew_time(version, priority, master_interval);
}

}  // namespace penstock::vrrp
