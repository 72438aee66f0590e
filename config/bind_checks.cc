// The checkers' blocks: how often, from where to where, and what is asked (HTTP_GET and SSL_GET: bind_http.cc).
#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "config/bind_health.h"
#include "config/command.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using healthcheck::CheckSpec;
using healthcheck::Connection;
using healthcheck::Duration;
using healthcheck::Pace;

constexpr Duration kDelayLoop = std::chrono::seconds{60};
constexpr Duration kConnectTimeout = std::chrono::seconds{5};
constexpr Duration kFilePoll = std::chrono::seconds{1};               // keepalived is told by inotify
constexpr std::string_view kHeloName = "smtpchecker.keepalived.org";  // keepalived's default

// What a checker's own kind says where no block does. No delay: as long as delay_loop.
struct PaceDefaults {
  std::uint32_t retry = 1;
  std::optional<Duration> delay_before_retry = std::chrono::seconds{1};
};

PaceDefaults pace_defaults(std::string_view checker) {
  if (checker == "HTTP_GET" || checker == "SSL_GET") return {.delay_before_retry = std::chrono::seconds{3}};
  if (checker == "DNS_CHECK") return {.retry = 3, .delay_before_retry = std::nullopt};
  if (checker == "MISC_CHECK") return {.retry = 0};
  return {};
}

// "0a1b", with `x` for four open bits where `open` is set. Nothing for other text.
std::optional<std::vector<healthcheck::MaskedByte>> parse_hex(std::string_view text, bool open) {
  if (text.size() % 2 != 0) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<healthcheck::MaskedByte> bytes(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    const std::size_t digit = kDigits.find(c);
    const bool is_open = open && c == 'x';
    if (digit == std::string_view::npos && !is_open) return std::nullopt;
    healthcheck::MaskedByte& byte = bytes[i / 2];
    byte.value =
        static_cast<std::uint8_t>(static_cast<unsigned>(byte.value) << 4 | (is_open ? 0U : static_cast<unsigned>(digit)));
    byte.mask = static_cast<std::uint8_t>(static_cast<unsigned>(byte.mask) << 4 | (is_open ? 0U : 0xFU));
  }
  return bytes;
}

// Labels of 1 to 63 bytes, 253 in all, perhaps with a dot at the end; "." alone is the root (RFC 1035, 2.3.4).
bool is_dns_name(std::string_view name) {
  if (name == ".") return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : name) {
    const bool end = c == '.';
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F || (end && label == 0)) return false;
    label = end ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label != 0;
}

class CheckBinder {
 public:
  CheckBinder(const Statement& block, const CheckedServer& checked, const Inherited& inherited, const BindContext& context)
      : block_{block},
        name_{block.name().text},
        checked_{checked},
        inherited_{inherited},
        context_{context},
        diagnostics_{context.diagnostics},
        fields_{block.children, context.diagnostics} {}

  void run(std::vector<CheckSpec>& out) {
    CheckSpec spec{.server = checked_.server, .protocol = checked_.protocol};
    spec.pace = name_ == "FILE_CHECK" ? file_pace() : bind_pace();
    if (name_ == "FILE_CHECK") {
      spec.kind = bind_file();
    } else if (name_ == "MISC_CHECK") {
      spec.kind = bind_misc(spec.pace);
    } else {
      const Connection connection{.target = checked_.server, .timeout = inherited_.connect_timeout.value_or(kConnectTimeout)};
      spec.connection = bind_connection(block_, connection);
      spec.kind = bind_kind();
      if (name_ == "SMTP_CHECK" && fields_.has("host")) {
        bind_hosts(spec, out);
        return;
      }
      check_connection(block_, spec.connection);
      bind_via(spec.connection);
    }
    out.push_back(std::move(spec));
  }

 private:
  Pace bind_pace() {
    const PaceDefaults defaults = pace_defaults(name_);
    Inherited own = inherit(fields_, inherited_, context_);
    if (const auto retry = fields_.integer("nb_get_retry", 0, kLargestNumber); retry && name_.ends_with("_GET")) {
      static_cast<void>(fields_.last({"retry", "nb_get_retry"}));  // says so where both stand
      if (!fields_.has("retry")) own.retry = static_cast<std::uint32_t>(*retry);
    }
    Pace pace;
    pace.delay_loop = own.delay_loop.value_or(kDelayLoop);
    pace.warmup = own.warmup.value_or(pace.delay_loop);
    pace.retry = own.retry.value_or(defaults.retry);
    pace.delay_before_retry = own.delay_before_retry.value_or(defaults.delay_before_retry.value_or(pace.delay_loop));
    pace.alpha = own.alpha;
    pace.log_all_failures = context_.health.log_all_failures || fields_.flag("log_all_failures").value_or(false);
    return pace;
  }

  // The file is looked at all the time, and what it says counts at once, alpha or not.
  static Pace file_pace() {
    return {.delay_loop = kFilePoll, .warmup = Duration{0}, .delay_before_retry = kFilePoll, .retry = 0};
  }

  // `connection` with what the block says itself.
  [[nodiscard]] Connection bind_connection(const Statement& block, Connection connection) const {
    const Fields fields{block.children, diagnostics_};
    const auto address = [&fields](std::string_view name) {
      const Word* const word = fields.value({name});
      return word == nullptr ? std::nullopt : IpAddress::parse(word->text);
    };
    if (const auto target = address("connect_ip")) connection.target.address = *target;
    if (const auto port = fields.integer("connect_port", 1, 65535)) connection.target.port = static_cast<std::uint16_t>(*port);
    if (const auto bind = address("bindto")) connection.bind_address = *bind;
    if (const auto port = fields.integer("bind_port", 1, 65535)) connection.bind_port = static_cast<std::uint16_t>(*port);
    if (const Word* const name = fields.value({"bind_if"})) connection.bind_interface = name->text;
    if (const auto mark = fields.integer("fwmark", 0, 4'294'967'295)) connection.fwmark = static_cast<std::uint32_t>(*mark);
    if (const auto timeout = fields.duration("connect_timeout")) connection.timeout = *timeout;
    return connection;
  }

  // What doesn't go together in a connection.
  void check_connection(const Statement& block, const Connection& connection) {
    const Fields fields{block.children, diagnostics_};
    const auto place_of = [&](std::string_view name) {
      const Word* const word = fields.value({name});
      return word == nullptr ? block.name().place : word->place;
    };
    const IpAddress& target = connection.target.address;
    if (connection.bind_address && connection.bind_address->family() != target.family()) {
      diagnostics_.error(place_of("bindto"), "bindto must be of the family of " + target.to_string());
    }
    if (is_link_local(target) && connection.bind_interface.empty()) {
      diagnostics_.error(place_of("connect_ip"), target.to_string() + " is a link-local address: the check needs a bind_if",
                         "bind_if INTERFACE");
    }
  }

  void bind_via(Connection& connection) {
    const Word* const via = fields_.value({"check_via"});
    if (via == nullptr || via->text != "vip") return;
    if (checked_.protocol != Protocol::kTcp) {
      diagnostics_.error(via->place, "check_via vip asks the virtual server over TCP, and this one is by UDP",
                         "check_via belongs in a virtual_server with protocol TCP");
      return;
    }
    for (const std::string_view other : {"connect_ip", "connect_port"}) {
      if (const Word* const word = fields_.value({other})) {
        diagnostics_.error(word->place, "check_via vip asks the virtual server's own address and port: " + std::string{other} +
                                            " does not go with it");
      }
    }
    connection.via_vip = checked_.service;
  }

  healthcheck::CheckKind bind_kind() {
    if (name_.ends_with("_GET")) return bind_http(block_, inherited_, context_);
    if (name_ == "UDP_CHECK") return bind_udp();
    if (name_ == "DNS_CHECK") return bind_dns();
    if (name_ == "SMTP_CHECK") return bind_smtp();
    if (name_ == "PING_CHECK") return healthcheck::PingCheck{};
    return healthcheck::TcpCheck{};
  }

  // The bytes behind such a word; empty when it is absent or wrong.
  std::vector<healthcheck::MaskedByte> bind_bytes(std::string_view name, bool open) {
    const Statement* const statement = fields_.last({name});
    if (statement == nullptr) return {};
    std::string text;
    for (std::size_t i = 1; i < statement->words.size(); ++i) text += statement->words[i].text;
    if (auto bytes = parse_hex(text, open)) return std::move(*bytes);
    diagnostics_.error(statement->words[1].place, quote(name) + " takes pairs of hexadecimal digits" +
                                                      (open ? " (x: any four bits)" : "") + ", not " + quote(text));
    return {};
  }

  healthcheck::UdpCheck bind_udp() {
    healthcheck::UdpCheck check;
    for (const healthcheck::MaskedByte& byte : bind_bytes("payload", false)) check.payload.push_back(byte.value);
    check.require_reply = fields_.has("require_reply");
    check.reply = bind_bytes("require_reply", true);
    check.min_reply_length = static_cast<std::uint16_t>(fields_.integer("min_reply_length", 0, 65535).value_or(0));
    check.max_reply_length = static_cast<std::uint16_t>(fields_.integer("max_reply_length", 0, 65535).value_or(255));
    if (check.min_reply_length > check.max_reply_length) {
      diagnostics_.warning(block_.name().place, "min_reply_length " + std::to_string(check.min_reply_length) +
                                                    " is above max_reply_length " + std::to_string(check.max_reply_length) +
                                                    ": this check always fails");
    }
    return check;
  }

  healthcheck::DnsCheck bind_dns() {
    using Type = healthcheck::DnsCheck::Type;
    healthcheck::DnsCheck check;
    const std::pair<std::string_view, Type> types[] = {{"A", Type::kA},      {"NS", Type::kNs}, {"CNAME", Type::kCname},
                                                       {"SOA", Type::kSoa},  {"MX", Type::kMx}, {"TXT", Type::kTxt},
                                                       {"AAAA", Type::kAaaa}};
    if (const Word* const type = fields_.value({"type"})) {
      for (const auto& [name, number] : types) {
        if (type->text == name) check.type = number;
      }
    }
    if (const Word* const name = fields_.value({"name"})) {
      check.name = name->text;
      if (!is_dns_name(name->text)) diagnostics_.error(name->place, quote(name->text) + " is not a name of the DNS");
    }
    return check;
  }

  healthcheck::SmtpCheck bind_smtp() {
    healthcheck::SmtpCheck check{std::string{kHeloName}};
    if (const Word* const name = fields_.value({"helo_name"})) check.helo_name = one_line(*name, context_);
    return check;
  }

  // Each `host { }` is asked in its turn, and all of them must answer: so each is a check of its own.
  void bind_hosts(const CheckSpec& spec, std::vector<CheckSpec>& out) {
    for (const Statement& host : block_.children) {
      if (host.name().text != "host" || host.damaged) continue;
      CheckSpec one = spec;
      one.connection = bind_connection(host, spec.connection);
      check_connection(host, one.connection);
      out.push_back(std::move(one));
    }
  }

  healthcheck::MiscCheck bind_misc(const Pace& pace) {
    healthcheck::MiscCheck check;
    if (!fields_.has("misc_path")) {
      diagnostics_.error(block_.name().place, "MISC_CHECK has no misc_path: there is nothing to run", "misc_path \"COMMAND\"");
    }
    check.script = bind_script(fields_.last({"misc_path"}), context_);
    if (const Statement* const user = fields_.last({"user"}); user != nullptr && user->words.size() > 1) {
      check.script.user = user->words[1].text;
      if (user->words.size() > 2) check.script.group = user->words[2].text;
    }
    check.timeout = fields_.duration("misc_timeout").value_or(Duration{0});
    if (check.timeout == Duration{0}) check.timeout = pace.delay_loop;
    check.dynamic = fields_.has("misc_dynamic");
    return check;
  }

  healthcheck::FileCheck bind_file() {
    healthcheck::FileCheck check;
    const Word* const name = fields_.value({"track_file"});
    if (name == nullptr) {
      if (!fields_.has("track_file"))
        diagnostics_.error(block_.name().place, "FILE_CHECK has no track_file", "track_file NAME");
      return check;
    }
    const auto& files = context_.health.track_files;
    const auto found = files.find(name->text);
    if (found == files.end()) {
      std::vector<std::string_view> names;
      for (const auto& [known, file] : files) names.push_back(known);
      diagnostics_.error(name->place, "there is no track_file " + quote(name->text), did_you_mean(name->text, names));
      return check;
    }
    check = {
        .track_file = name->text, .path = found->second.path, .weight = found->second.weight, .reverse = found->second.reverse};
    if (const Statement* const weight = fields_.last({"weight"})) {
      check.weight = static_cast<std::int32_t>(fields_.integer("weight", -kLargestNumber, kLargestNumber).value_or(0));
      check.reverse = weight->words.size() > 2 && weight->words[2].text == "reverse";
    }
    return check;
  }

  const Statement& block_;
  const std::string_view name_;
  const CheckedServer& checked_;
  const Inherited& inherited_;
  const BindContext& context_;
  Diagnostics& diagnostics_;
  const Fields fields_;
};

}  // namespace

Inherited inherit(const Fields& fields, Inherited outer, const BindContext& context) {
  if (const auto value = fields.duration("delay_loop")) outer.delay_loop = value;
  if (const auto value = fields.duration("warmup")) outer.warmup = value;
  if (const auto value = fields.duration("delay_before_retry")) outer.delay_before_retry = value;
  if (const auto value = fields.duration("connect_timeout")) outer.connect_timeout = value;
  if (const auto value = fields.integer("retry", 0, kLargestNumber)) outer.retry = static_cast<std::uint32_t>(*value);
  if (const auto value = fields.flag("alpha")) outer.alpha = *value;
  if (const auto value = fields.flag("inhibit_on_failure")) outer.inhibit_on_failure = *value;
  if (const Word* const word = fields.value({"virtualhost"})) outer.virtual_host = one_line(*word, context);
  return outer;
}

std::string one_line(const Word& word, const BindContext& context) {
  const bool fits = !word.text.empty() && std::none_of(word.text.begin(), word.text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
  });
  if (fits) return word.text;
  context.diagnostics.error(word.place, quote(word.text) + " is empty or has blanks: it can't be sent");
  return {};
}

healthcheck::Script bind_script(const Statement* statement, const BindContext& context) {
  healthcheck::Script script;
  if (statement == nullptr || statement->words.size() < 2) return script;
  const Word& command = statement->words[1];
  auto words = split_command(command.text);
  if (!words || words->empty() || words->front().empty()) {
    context.diagnostics.error(command.place, quote(command.text) + " is not a command" +
                                                 (words ? std::string{": it is empty"} : ": " + words.error()));
    return script;
  }
  script.command = std::move(*words);
  if (statement->words.size() > 2) script.user = statement->words[2].text;
  if (statement->words.size() > 3) script.group = statement->words[3].text;
  return script;
}

std::vector<healthcheck::CheckSpec> bind_checks(const Statement& real_server, const CheckedServer& checked,
                                                const Inherited& inherited, const BindContext& context) {
  std::vector<healthcheck::CheckSpec> out;
  for (const Statement& child : real_server.children) {
    const bool checker = child.keyword != nullptr && child.keyword->block != nullptr && !child.damaged;
    if (checker && child.keyword->effect == Effect::kWorks) CheckBinder{child, checked, inherited, context}.run(out);
  }
  return out;
}

}  // namespace penstock::config
