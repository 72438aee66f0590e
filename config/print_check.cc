// One checker's block, with everything that it resolves to: nothing is left to what surrounds it.
#include <string>

#include "config/command.h"
#include "config/print_parts.h"
#include "config/regex.h"

namespace penstock::config {
namespace {

using healthcheck::CheckSpec;

class CheckPrinter {
 public:
  CheckPrinter(Printer& out, const CheckSpec& check) : out_{out}, check_{check} {}

  void run() {
    out_.open("{}", healthcheck::keyword_of(check_));
    const bool is_file = std::holds_alternative<healthcheck::FileCheck>(check_.kind);
    if (!is_file) print_pace();
    if (!is_file && !std::holds_alternative<healthcheck::MiscCheck>(check_.kind)) print_connection();
    std::visit([this](const auto& kind) { print(kind); }, check_.kind);
    out_.close();
  }

 private:
  void print_pace() {
    const healthcheck::Pace& pace = check_.pace;
    out_.line("delay_loop {}", seconds_text(pace.delay_loop));
    out_.line("warmup {}", seconds_text(pace.warmup));
    out_.line("delay_before_retry {}", seconds_text(pace.delay_before_retry));
    out_.line("retry {}", pace.retry);
    out_.line("alpha {}", pace.alpha ? "on" : "off");
    if (pace.log_all_failures) out_.line("log_all_failures");
  }

  void print_connection() {
    const healthcheck::Connection& connection = check_.connection;
    if (connection.via_vip) {
      out_.line("check_via vip");
    } else {
      out_.line("connect_ip {}", connection.target.address.to_string());
      out_.line("connect_port {}", connection.target.port);
    }
    if (connection.bind_address) out_.line("bindto {}", connection.bind_address->to_string());
    if (connection.bind_port != 0) out_.line("bind_port {}", connection.bind_port);
    if (!connection.bind_interface.empty()) out_.line("bind_if {}", quoted_word(connection.bind_interface));
    if (connection.fwmark != 0) out_.line("fwmark {}", connection.fwmark);
    out_.line("connect_timeout {}", seconds_text(connection.timeout));
  }

  void print(const healthcheck::TcpCheck&) {}
  void print(const healthcheck::PingCheck&) {}

  void print(const healthcheck::HttpCheck& check) {
    using Version = healthcheck::HttpCheck::Version;
    out_.line("http_protocol {}", check.version == Version::k11 ? "1.1" : check.version == Version::k10 ? "1.0" : "1.0C");
    if (!check.virtual_host.empty()) out_.line("virtualhost {}", quoted_word(check.virtual_host));
    if (check.tls) out_.line("enable_sni {}", check.send_sni ? "on" : "off");
    if (!check.sni_name.empty()) out_.line("sni_name {}", quoted_word(check.sni_name));
    if (check.tls_compliant) out_.line("tls_compliant");
    for (const healthcheck::HttpUrl& url : check.urls) print_url(url);
  }

  void print_url(const healthcheck::HttpUrl& url) {
    out_.open("url");
    out_.line("path {}", quoted_word(url.path));
    if (!url.virtual_host.empty()) out_.line("virtualhost {}", quoted_word(url.virtual_host));
    if (!url.digest.empty()) out_.line("digest {}", url.digest);
    for (const healthcheck::StatusRange& range : url.status) out_.line("status_code {}-{}", range.first, range.last);
    if (url.pattern) print_pattern(*url.pattern);
    out_.close();
  }

  void print_pattern(const healthcheck::BodyPattern& pattern) {
    out_.line("regex {}", quoted_word(pattern.pattern));
    if (!pattern.must_match) out_.line("regex_no_match");
    for (const std::string_view name : regex_option_names(pattern.options)) out_.line("regex_options {}", name);
    if (pattern.min_offset != 0) out_.line("regex_min_offset {}", pattern.min_offset);
    if (pattern.max_offset != 0) out_.line("regex_max_offset {}", pattern.max_offset);
    if (pattern.stack_max != 0) out_.line("regex_stack {} {}", pattern.stack_start, pattern.stack_max);
  }

  void print(const healthcheck::UdpCheck& check) {
    if (!check.payload.empty()) {
      std::string hex;
      for (const std::uint8_t byte : check.payload) hex += fmt::format("{:02x}", byte);
      out_.line("payload {}", hex);
    }
    if (check.require_reply) {
      std::string hex;
      for (const healthcheck::MaskedByte& byte : check.reply) {
        hex += (byte.mask & 0xF0) == 0 ? "x" : fmt::format("{:x}", byte.value >> 4);
        hex += (byte.mask & 0x0F) == 0 ? "x" : fmt::format("{:x}", byte.value & 0xF);
      }
      out_.line("require_reply{}{}", hex.empty() ? "" : " ", hex);
    }
    out_.line("min_reply_length {}", check.min_reply_length);
    out_.line("max_reply_length {}", check.max_reply_length);
  }

  void print(const healthcheck::DnsCheck& check) {
    using Type = healthcheck::DnsCheck::Type;
    const auto type = [&] {
      switch (check.type) {
        case Type::kA: return "A";
        case Type::kNs: return "NS";
        case Type::kCname: return "CNAME";
        case Type::kSoa: return "SOA";
        case Type::kMx: return "MX";
        case Type::kTxt: return "TXT";
        case Type::kAaaa: return "AAAA";
      }
      return "SOA";
    };
    out_.line("type {}", type());
    out_.line("name {}", quoted_word(check.name));
  }

  void print(const healthcheck::SmtpCheck& check) { out_.line("helo_name {}", quoted_word(check.helo_name)); }

  void print(const healthcheck::MiscCheck& check) {
    out_.line("misc_path {}", quoted_word(join_command(check.script.command)));
    if (!check.script.user.empty()) {
      const std::string group = check.script.group.empty() ? "" : " " + quoted_word(check.script.group);
      out_.line("user {}{}", quoted_word(check.script.user), group);
    }
    out_.line("misc_timeout {}", seconds_text(check.timeout));
    if (check.dynamic) out_.line("misc_dynamic");
  }

  void print(const healthcheck::FileCheck& check) {
    out_.line("track_file {}", quoted_word(check.track_file));
    out_.line("weight {} {}", check.weight, check.reverse ? "reverse" : "noreverse");
  }

  Printer& out_;
  const CheckSpec& check_;
};

}  // namespace

void print_check(Printer& out, const healthcheck::CheckSpec& check) { CheckPrinter{out, check}.run(); }

}  // namespace penstock::config
