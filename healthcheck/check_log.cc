#include "healthcheck/check_log.h"

#include <fmt/format.h>

#include <utility>

#include "healthcheck/names.h"

namespace penstock::healthcheck {
namespace {

// What a line is about. `after`: " after 2 retries", or nothing where the first failure counted.
struct Subject {
  const CheckSpec& check;
  const ProbeResult& result;
  std::string server;
  const std::string& service;
  std::string after;
};

bool is_timeout(const ProbeResult& result) {
  return result.failure == ProbeFailure::kConnectTimeout || result.failure == ProbeFailure::kTimeout;
}

// The detail, or the failure's name where there is none.
std::string reason(const ProbeResult& result) {
  return result.detail.empty() ? std::string{to_string(result.failure)} : result.detail;
}

std::string_view http_reason(const ProbeResult& result, bool tls) {
  switch (result.failure) {
    case ProbeFailure::kUnreachable: return "Network unreachable for";
    case ProbeFailure::kConnectTimeout: return "Timeout connecting";
    case ProbeFailure::kTimeout: return tls ? "Timeout SSL read" : "Timeout WEB read";
    case ProbeFailure::kReset:
    case ProbeFailure::kClosedEarly: return "Read, no data received from";
    case ProbeFailure::kTlsHandshake: return "SSL handshake/communication error connecting to";
    case ProbeFailure::kTlsCertificate: return "SSL certificate error connecting to";
    case ProbeFailure::kStatusCode: return "HTTP status code error to";
    case ProbeFailure::kDigest: return "MD5 digest error to";
    case ProbeFailure::kPattern: return "Regex match failed";
    case ProbeFailure::kPatternLimit: return "Regex match took too many steps for";
    case ProbeFailure::kReplyTooLarge: return "Too large a reply from";
    case ProbeFailure::kMalformedReply: return "Malformed reply from";
    default: return "Connection failed";
  }
}

std::string smtp_reason(const Subject& about) {
  switch (about.result.failure) {
    case ProbeFailure::kUnreachable:
      return fmt::format("Network unreachable for server {} - real server {}", about.server, about.server);
    case ProbeFailure::kConnectTimeout: return fmt::format("Timeout connecting SMTP server {}.", about.server);
    case ProbeFailure::kTimeout: return fmt::format("Read timeout from server {}", about.server);
    case ProbeFailure::kReset:
    case ProbeFailure::kClosedEarly: return fmt::format("Read failure from server {}", about.server);
    case ProbeFailure::kMalformedReply:
    case ProbeFailure::kWrongReply: return fmt::format("Bad response from server {} ({})", about.server, reason(about.result));
    default: return fmt::format("Connection failed to server {}", about.server);
  }
}

// Why one try failed. DNS_CHECK and MISC_CHECK have one line for both this and the verdict, so theirs is empty.
std::string reason_line(const Subject& about) {
  if (std::holds_alternative<TcpCheck>(about.check.kind)) {
    return fmt::format("TCP connection to {} {}.", about.server, is_timeout(about.result) ? "timeout" : "failed");
  }
  if (const auto* http = std::get_if<HttpCheck>(&about.check.kind)) {
    return fmt::format("{} server {}.", http_reason(about.result, http->tls), about.server);
  }
  if (std::holds_alternative<UdpCheck>(about.check.kind)) {
    if (about.result.failure == ProbeFailure::kWrongReply)
      return fmt::format("UDP check to {} reply data mismatch.", about.server);
    return fmt::format("UDP connection to {} failed.", about.server);
  }
  if (std::holds_alternative<PingCheck>(about.check.kind)) {
    if (is_timeout(about.result)) return fmt::format("ICMP connection to address {} timeout.", about.server);
    return fmt::format("ICMP connection to {} of {} failed.", about.server, about.service);
  }
  if (std::holds_alternative<SmtpCheck>(about.check.kind)) return smtp_reason(about);
  return {};
}

std::string misc_line(const Subject& about, const MiscCheck& misc) {
  const std::string path = misc.script.empty() ? std::string{} : misc.script.command.front();
  const std::string begin = fmt::format("Misc check for [{} VS {}] by [{}]", about.server, about.service, path);
  if (about.result.is_success()) return begin + " succeeded.";
  if (about.result.failure == ProbeFailure::kScriptTimeout) return fmt::format("{} timed out{}.", begin, about.after);
  return fmt::format("{} failed{} ({}).", begin, about.after, reason(about.result));
}

// A failure of the kinds whose one line says both why and what follows.
std::string combined_line(const Subject& about) {
  if (const auto* misc = std::get_if<MiscCheck>(&about.check.kind)) return misc_line(about, *misc);
  if (std::holds_alternative<DnsCheck>(about.check.kind)) {
    return fmt::format("DNS_CHECK ({}) {}{}", about.server, reason(about.result), about.after);
  }
  return {};
}

std::string down_line(const Subject& about) {
  if (const auto* file = std::get_if<FileCheck>(&about.check.kind)) {
    return fmt::format("({}): tracked file {} now FAULT state", about.server, file->track_file);
  }
  if (std::holds_alternative<PingCheck>(about.check.kind)) {
    return about.after.empty()
               ? fmt::format("ICMP CHECK on service {} failed.", about.server)
               : fmt::format("ICMP CHECK on service {} of {} failed{}.", about.server, about.service, about.after);
  }
  const bool is_http = std::holds_alternative<HttpCheck>(about.check.kind);
  return fmt::format("{} on service {} failed{}.", is_http ? "HTTP_CHECK" : keyword_of(about.check), about.server, about.after);
}

void success_lines_of_http(std::vector<std::string>& lines, const Subject& about, const HttpCheck& http, bool was_up) {
  if (!was_up) {
    for (const HttpUrl& url : http.urls) {
      const std::string_view what = url.pattern ? "Regex match" : url.digest.empty() ? "HTTP status code" : "MD5 digest";
      lines.push_back(fmt::format("{} success to {} url({})", what, about.server, url.path));
    }
  }
  lines.push_back(fmt::format("Remote Web server {} succeed on service.", about.server));
}

void success_lines(std::vector<std::string>& lines, const Subject& about, bool was_up) {
  if (std::holds_alternative<TcpCheck>(about.check.kind)) {
    lines.push_back(fmt::format("TCP connection to {} success.", about.server));
  } else if (const auto* http = std::get_if<HttpCheck>(&about.check.kind)) {
    success_lines_of_http(lines, about, *http, was_up);
  } else if (std::holds_alternative<UdpCheck>(about.check.kind)) {
    lines.push_back(fmt::format("UDP connection to {} success.", about.server));
  } else if (std::holds_alternative<PingCheck>(about.check.kind)) {
    lines.push_back(fmt::format("ICMP connection to {} success.", about.server));
  } else if (std::holds_alternative<SmtpCheck>(about.check.kind)) {
    lines.push_back(fmt::format("Remote SMTP server {} succeed on service.", about.server));
  } else if (std::holds_alternative<DnsCheck>(about.check.kind)) {
    lines.push_back(fmt::format("DNS_CHECK ({}) success", about.server));
  } else if (const auto* misc = std::get_if<MiscCheck>(&about.check.kind)) {
    lines.push_back(misc_line(about, *misc));
  } else if (const auto* file = std::get_if<FileCheck>(&about.check.kind); file != nullptr && !was_up) {
    lines.push_back(fmt::format("({}): tracked file {} leaving FAULT state", about.server, file->track_file));
  }
}

}  // namespace

bool names_service(const CheckSpec& check) {
  return std::holds_alternative<MiscCheck>(check.kind) || std::holds_alternative<PingCheck>(check.kind);
}

std::vector<std::string> lines_about(const CheckSpec& check, const ProbeResult& result, const Checker::Step& step, bool was_up,
                                     const std::string& service) {
  const bool is_told_try = step.is_retried && check.pace.log_all_failures;
  if (!step.verdict && !is_told_try) return {};
  const bool has_retries = step.verdict && step.failures > 1;
  const Subject about{check, result, name_of(check.server, check.protocol), service,
                      has_retries ? fmt::format(" after {} retries", step.failures - 1) : std::string{}};
  std::vector<std::string> lines;
  if (step.verdict == true) {
    success_lines(lines, about, was_up);
  } else if (std::string line = combined_line(about); !line.empty()) {
    lines.push_back(std::move(line));
  } else {
    if (std::string why = reason_line(about); !why.empty()) lines.push_back(std::move(why));
    if (step.verdict) lines.push_back(down_line(about));
  }
  return lines;
}

std::optional<std::string> NotRunNotice::line_about(const CheckSpec& check, const CheckReport& report) {
  if (last_ && report.finished < *last_ + kPause) {
    ++untold_;
    return std::nullopt;
  }
  last_ = report.finished;
  const std::uint64_t more = std::exchange(untold_, 0);
  return fmt::format("{} of {} not run: {}; its state stays{}", keyword_of(check), name_of(check.server, check.protocol),
                     reason(report.result), more == 0 ? std::string{} : fmt::format(" (and {} more)", more));
}

std::string mail_body(const CheckSpec& check, const ProbeResult& result) {
  const bool up = result.is_success();
  if (std::holds_alternative<HttpCheck>(check.kind)) {
    return up ? "=> CHECK succeed on service <=" : "=> CHECK failed on service : HTTP request failed <=";
  }
  if (std::holds_alternative<SmtpCheck>(check.kind)) {
    return up ? "=> CHECK succeed on service <=" : fmt::format("=> CHECK failed on service : {} <=", reason(result));
  }
  if (std::holds_alternative<MiscCheck>(check.kind)) {
    const bool timed_out = result.failure == ProbeFailure::kScriptTimeout;
    return fmt::format("=> MISC CHECK {} on service <=", up ? "succeeded" : timed_out ? "timed out" : "failed");
  }
  if (std::holds_alternative<DnsCheck>(check.kind)) {
    return fmt::format("=> DNS_CHECK: {} on service <=", up ? "succeed" : "failed");
  }
  std::string_view name = "FILE";
  if (std::holds_alternative<TcpCheck>(check.kind)) name = "TCP";
  if (std::holds_alternative<UdpCheck>(check.kind)) name = "UDP";
  if (std::holds_alternative<PingCheck>(check.kind)) name = "ICMP";
  return fmt::format("=> {} CHECK {} on service <=", name, up ? "succeed" : "failed");
}

}  // namespace penstock::healthcheck
