#include "healthcheck/probe_result.h"

namespace penstock::healthcheck {

std::string_view to_string(ProbeFailure failure) {
  switch (failure) {
    case ProbeFailure::kNone: return "none";
    case ProbeFailure::kRefused: return "refused";
    case ProbeFailure::kUnreachable: return "unreachable";
    case ProbeFailure::kConnectTimeout: return "connect-timeout";
    case ProbeFailure::kTimeout: return "timeout";
    case ProbeFailure::kReset: return "reset";
    case ProbeFailure::kClosedEarly: return "closed-early";
    case ProbeFailure::kTlsHandshake: return "tls-handshake";
    case ProbeFailure::kTlsCertificate: return "tls-certificate";
    case ProbeFailure::kMalformedReply: return "malformed-reply";
    case ProbeFailure::kReplyTooLarge: return "reply-too-large";
    case ProbeFailure::kStatusCode: return "status-code";
    case ProbeFailure::kDigest: return "digest";
    case ProbeFailure::kPattern: return "pattern";
    case ProbeFailure::kPatternLimit: return "pattern-limit";
    case ProbeFailure::kWrongReply: return "wrong-reply";
    case ProbeFailure::kDnsResponseCode: return "dns-response-code";
    case ProbeFailure::kScriptExit: return "script-exit";
    case ProbeFailure::kScriptTimeout: return "script-timeout";
    case ProbeFailure::kScriptSignal: return "script-signal";
    case ProbeFailure::kScriptNotRun: return "script-not-run";
    case ProbeFailure::kFile: return "file";
    case ProbeFailure::kLocal: return "local";
    case ProbeFailure::kNotRun: return "not-run";
  }
  return "unknown";
}

}  // namespace penstock::healthcheck
