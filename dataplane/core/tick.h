// Time as the data plane counts it: ticks of 1/64 s since the daemon's start, in 32 bits. Made from the TSC once a burst by the
// shell.
//
// The count wraps after 776 days, so two ticks are only ever compared by their difference, which is right for spans of up to
// 388 days (IPVS allows timeouts of up to 31).
#pragma once

#include <chrono>
#include <cstdint>

namespace penstock::core {

using Tick = std::uint32_t;
inline constexpr Tick kTicksPerSecond = 64;
inline constexpr std::chrono::seconds kMaxTimeout{31 * 24 * 3600};  // net/netfilter/ipvs/ip_vs_ctl.c: IP_VS_TIMEOUT_MAX

[[nodiscard]] constexpr bool is_past(Tick deadline, Tick now) { return static_cast<std::int32_t>(now - deadline) >= 0; }

// Seconds from now to the deadline, rounded down as IPVS's listings do; 0 once it is past.
[[nodiscard]] constexpr std::uint32_t seconds_until(Tick deadline, Tick now) {
  return is_past(deadline, now) ? 0 : (deadline - now) / kTicksPerSecond;
}

[[nodiscard]] constexpr Tick to_ticks(std::chrono::milliseconds span) {
  return static_cast<Tick>(span.count() * kTicksPerSecond / 1000);
}

}  // namespace penstock::core
