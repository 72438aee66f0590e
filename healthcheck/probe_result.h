// What came of one probe: success, or a failure with a name that reaches the log, the listings and the metrics.
//
// A probe that could not be made because we lack something says nothing about its server: kNotRun is no verdict. Else a
// shortage of ours would take all servers out at once, healthy as they are.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

enum class ProbeFailure : std::uint8_t {
  kNone,             // success
  kRefused,          // the connection was refused (RST, ICMP port unreachable)
  kUnreachable,      // no route, or the network says that there is no such host
  kConnectTimeout,   // no answer to the connection's start within the deadline
  kTimeout,          // connected, but not done within the deadline
  kReset,            // the server broke the connection off
  kClosedEarly,      // the connection ended before the reply did
  kTlsHandshake,     // no TLS, or none that both speak
  kTlsCertificate,   // expired, of a stranger, for another name
  kMalformedReply,   // what came back is not of the protocol
  kReplyTooLarge,    // more than a check may read
  kStatusCode,       // HTTP: none of those wanted
  kDigest,           // HTTP: another page
  kPattern,          // HTTP: the regex says no
  kPatternLimit,     // HTTP: the regex took too many steps
  kWrongReply,       // UDP, SMTP: an answer, but not the one wanted
  kDnsResponseCode,  // DNS: an answer with an error code
  kScriptExit,       // MISC: an exit status that means down
  kScriptTimeout,    // MISC: killed at its timeout
  kScriptSignal,     // MISC: ended by a signal
  kScriptNotRun,     // MISC: could not be started
  kFile,             // FILE: no such file, no number in it, or the number means down
  kLocal,            // our own side can't do it: an address that isn't ours, no such interface, no certificate file
  kNotRun,           // no verdict: our own side had no descriptor, memory or process to spare
};
inline constexpr std::size_t kProbeFailures = static_cast<std::size_t>(ProbeFailure::kNotRun) + 1;

// "refused", "connect-timeout", "status-code", ...; "none" for success.
[[nodiscard]] std::string_view to_string(ProbeFailure failure);

struct ProbeResult {
  ProbeFailure failure = ProbeFailure::kNone;
  std::string detail{};  // for people: "503 instead of 200-299"; one line without control characters; may be empty
  std::size_t url = 0;   // HTTP: the URL that failed
  Duration latency{};    // from the probe's start to its end
  std::optional<std::int64_t> weight{};  // MISC with misc_dynamic: the server's weight; FILE: what is to be added to it

  [[nodiscard]] bool is_success() const { return failure == ProbeFailure::kNone; }
  // Whether it says anything about the server.
  [[nodiscard]] bool has_run() const { return failure != ProbeFailure::kNotRun; }
  friend bool operator==(const ProbeResult&, const ProbeResult&) = default;
};

// Counts of results by name.
using FailureCounts = std::array<std::uint64_t, kProbeFailures>;

}  // namespace penstock::healthcheck
