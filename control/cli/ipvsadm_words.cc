#include "control/cli/ipvsadm_words.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace penstock::control {
namespace {

using Meaning = IpvsadmMeaning;
using Option = IpvsadmOption;

constexpr std::string_view kChangeAdvice =
    "virtual and real servers come from keepalived.conf alone: edit the file, check it with `penstockd -t`, then reload "
    "(SIGHUP)";
constexpr std::string_view kTimeoutAdvice = "set `lvs_timeouts tcp N tcpfin N udp N` in keepalived.conf, then reload (SIGHUP)";
constexpr std::string_view kSyncAdvice = "set `lvs_sync_daemon` in keepalived.conf, then reload (SIGHUP)";
constexpr std::string_view kZeroAdvice =
    "counters run from the daemon's start, for all their readers; what can be changed stands in keepalived.conf";

constexpr auto kOptions = std::to_array<Option>({
    {'L', "list", Meaning::kList},
    {'l', "list", Meaning::kList},
    {'S', "save", Meaning::kSave},
    {'h', "help", Meaning::kHelp},
    {'v', "version", Meaning::kVersion},
    {'A', "add-service", Meaning::kChange, false, kChangeAdvice},
    {'E', "edit-service", Meaning::kChange, false, kChangeAdvice},
    {'D', "delete-service", Meaning::kChange, false, kChangeAdvice},
    {'C', "clear", Meaning::kChange, false, kChangeAdvice},
    {'R', "restore", Meaning::kChange, false, kChangeAdvice},
    {'a', "add-server", Meaning::kChange, false, kChangeAdvice},
    {'e', "edit-server", Meaning::kChange, false, kChangeAdvice},
    {'d', "delete-server", Meaning::kChange, false, kChangeAdvice},
    {'Z', "zero", Meaning::kChange, false, kZeroAdvice},
    {'\0', "set", Meaning::kChange, false, kTimeoutAdvice},
    {'\0', "start-daemon", Meaning::kChange, false, kSyncAdvice},
    {'\0', "stop-daemon", Meaning::kChange, false, kSyncAdvice},
    {'c', "connection", Meaning::kConnection},
    {'\0', "timeout", Meaning::kTimeout},
    {'\0', "daemon", Meaning::kDaemon},
    {'\0', "stats", Meaning::kStats},
    {'\0', "rate", Meaning::kRate},
    {'\0', "thresholds", Meaning::kThresholds},
    {'\0', "persistent-conn", Meaning::kPersistentConn},
    {'\0', "tun-info", Meaning::kTunInfo},
    {'X', "exact", Meaning::kExact},
    {'n', "numeric", Meaning::kNumeric},
    {'\0', "nosort", Meaning::kNosort},
    {'\0', "sort", Meaning::kSort},
    {'t', "tcp-service", Meaning::kService, true},
    {'u', "udp-service", Meaning::kService, true},
    {'\0', "sctp-service", Meaning::kService, true},
    {'f', "fwmark-service", Meaning::kService, true},
    {'\0', "json", Meaning::kJson},
    {'\0', "syncid", Meaning::kIgnored, true},
    {'6', "ipv6", Meaning::kForeign},
    {'o', "ops", Meaning::kForeign},
    {'s', "scheduler", Meaning::kForeign, true},
    {'\0', "pe", Meaning::kForeign, true},
    {'p', "persistent", Meaning::kForeign},
    {'M', "netmask", Meaning::kForeign, true},
    {'r', "real-server", Meaning::kForeign, true},
    {'g', "gatewaying", Meaning::kForeign},
    {'i', "ipip", Meaning::kForeign},
    {'m', "masquerading", Meaning::kForeign},
    {'w', "weight", Meaning::kForeign, true},
    {'x', "u-threshold", Meaning::kForeign, true},
    {'y', "l-threshold", Meaning::kForeign, true},
    {'b', "sched-flags", Meaning::kForeign, true},
});

const Option* find_letter(char letter) {
  for (const Option& option : kOptions)
    if (option.letter == letter) return &option;
  return nullptr;
}

const Option* find_name(std::string_view name) {
  for (const Option& option : kOptions)
    if (option.name == name) return &option;
  return nullptr;
}

}  // namespace

bool IpvsadmWords::more() {
  if (bundle_.empty() && at_ < args_.size() && args_[at_] == "--") ++at_;
  return !bundle_.empty() || at_ < args_.size();
}

std::expected<IpvsadmWords::Word, Refusal> IpvsadmWords::next() {
  if (bundle_.empty()) {
    const std::string_view arg = args_[at_++];
    if (arg.starts_with("--")) return long_option(arg);
    if (arg.size() < 2 || arg[0] != '-') return refuse(fmt::format("unexpected argument {}", arg));
    bundle_ = arg.substr(1);
  }
  return short_option();
}

std::expected<IpvsadmWords::Word, Refusal> IpvsadmWords::long_option(std::string_view arg) {
  const std::size_t equals = arg.find('=');
  Word word{
      find_name(arg.substr(2, equals == std::string_view::npos ? equals : equals - 2)), std::string{arg.substr(0, equals)}, {}};
  if (word.option == nullptr) return refuse(fmt::format("{}: unknown option", arg));
  if (!word.option->takes_value) {
    if (equals != std::string_view::npos) return refuse(fmt::format("{}: takes no value", word.spelling));
    return word;
  }
  if (equals == std::string_view::npos) return with_value(std::move(word), {});
  word.value = arg.substr(equals + 1);
  return word;
}

std::expected<IpvsadmWords::Word, Refusal> IpvsadmWords::short_option() {
  const char letter = bundle_.front();
  bundle_.remove_prefix(1);
  Word word{find_letter(letter), {'-', letter}, {}};
  if (word.option == nullptr) return refuse(fmt::format("-{}: unknown option", letter));
  if (!word.option->takes_value) return word;
  return with_value(std::move(word), std::exchange(bundle_, {}));
}

std::expected<IpvsadmWords::Word, Refusal> IpvsadmWords::with_value(Word word, std::string_view attached) {
  if (!attached.empty()) {
    word.value = attached;
  } else if (at_ < args_.size()) {
    word.value = args_[at_++];
  } else {
    return refuse(fmt::format("{}: missing argument", word.spelling));
  }
  return word;
}

}  // namespace penstock::control
