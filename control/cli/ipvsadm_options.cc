#include "control/cli/ipvsadm_options.h"

#include <fmt/format.h>

#include <bitset>
#include <charconv>
#include <utility>

#include "control/cli/ipvsadm_words.h"

namespace penstock::control {
namespace {

using Meaning = IpvsadmMeaning;
using Option = IpvsadmOption;
using Words = IpvsadmWords;

constexpr std::string_view kIllegalService = "illegal virtual server address[:port] specified";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// "1.2.3.4", "1.2.3.4:80", "[fd77::1]:80", "[fd77::1]" or "fd77::1"; without a port: 0, as ipvsadm takes it.
std::optional<packet::Endpoint> parse_service(std::string_view text) {
  if (const auto bare = packet::IpAddress::parse(text)) return packet::Endpoint{*bare, 0};
  std::string_view address = text;
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    address = text.substr(1, close - 1);
    if (const std::string_view rest = text.substr(close + 1); !rest.empty()) {
      if (rest[0] != ':') return std::nullopt;
      port = rest.substr(1);
    }
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (address.find(':') != std::string_view::npos) return std::nullopt;  // IPv6 with a port needs brackets
  }
  const auto parsed = packet::IpAddress::parse(address);
  const auto number = port ? parse_port(*port) : std::optional<std::uint16_t>{0};
  if (!parsed || !number) return std::nullopt;
  return packet::Endpoint{*parsed, *number};
}

using Given = std::bitset<32>;

bool has(const Given& given, Meaning meaning) { return given.test(static_cast<std::size_t>(meaning)); }

// ipvsadm's own names for its options, as its messages have them.
std::string_view message_name(const Option& option) {
  if (option.meaning == Meaning::kService) return "service-address";
  if (option.letter == 'g' || option.letter == 'i' || option.letter == 'm') return "forwarding-method";
  return option.name;
}

std::expected<ServiceKey, Refusal> service_of(const Words::Word& word) {
  if (word.option->name == "fwmark-service") {
    unsigned mark = 0;
    const auto [end, error] = std::from_chars(word.value.data(), word.value.data() + word.value.size(), mark);
    if (error != std::errc{} || end != word.value.data() + word.value.size() || mark == 0)
      return refuse(fmt::format("invalid fwmark value `{}' specified", word.value));
    return refuse("No such service", 1);  // there are no services by firewall mark here
  }
  const auto endpoint = parse_service(word.value);
  if (!endpoint) return refuse(std::string{kIllegalService});
  const auto protocol = word.option->letter == 't'   ? packet::Protocol::kTcp
                        : word.option->letter == 'u' ? packet::Protocol::kUdp
                                                     : packet::Protocol::kSctp;
  return ServiceKey{protocol, *endpoint};
}

// Options that exclude each other in the list command, in the order and wording of ipvsadm.
std::optional<Refusal> conflict(const Given& given) {
  const auto both = [&](Meaning a, std::string_view a_name, Meaning b, std::string_view b_name) -> std::optional<Refusal> {
    if (!has(given, a) || !has(given, b)) return std::nullopt;
    return Refusal{2, fmt::format("The option '{}' conflicts with the '{}' option in the 'list' command", a_name, b_name)};
  };
  using enum Meaning;
  if (auto found = both(kService, "service-address", kConnection, "connection")) return found;
  if (auto found = both(kTimeout, "timeout", kService, "service-address")) return found;
  if (auto found = both(kTimeout, "timeout", kConnection, "connection")) return found;
  if (auto found = both(kDaemon, "daemon", kService, "service-address")) return found;
  if (auto found = both(kDaemon, "daemon", kConnection, "connection")) return found;
  if (auto found = both(kDaemon, "daemon", kTimeout, "timeout")) return found;
  const bool columns = has(given, kStats) || has(given, kRate) || has(given, kThresholds);
  const bool whole = has(given, kTimeout) || has(given, kDaemon);
  if ((columns && (whole || has(given, kConnection))) || (has(given, kPersistentConn) && whole))
    return Refusal{2, "options conflicts in the list command"};
  return std::nullopt;
}

IpvsadmRequest request_of(Meaning command, const Given& given) {
  using enum Meaning;
  IpvsadmRequest request;
  request.exact = has(given, kExact);
  request.sorted = !has(given, kNosort);
  request.json = has(given, kJson);
  if (command == kSave) {
    request.listing = IpvsadmListing::kSave;
  } else if (has(given, kConnection)) {
    request.listing = IpvsadmListing::kConnections;
    request.persistence_engine = has(given, kPersistentConn);
  } else if (has(given, kTimeout)) {
    request.listing = IpvsadmListing::kTimeouts;
  } else if (has(given, kDaemon)) {
    request.listing = IpvsadmListing::kDaemons;
  } else if (has(given, kStats)) {  // several may stand together: the first of this order is printed
    request.columns = IpvsadmColumns::kStats;
  } else if (has(given, kRate)) {
    request.columns = IpvsadmColumns::kRate;
  } else if (has(given, kThresholds)) {
    request.columns = IpvsadmColumns::kThresholds;
  } else if (has(given, kPersistentConn)) {
    request.columns = IpvsadmColumns::kPersistent;
  } else if (has(given, kTunInfo)) {
    request.columns = IpvsadmColumns::kTunnel;
  }
  return request;
}

// Whether the option may stand in the command at all.
std::optional<Refusal> illegal(Meaning command, const Option& option) {
  using enum Meaning;
  const bool saving = command == kSave;
  const bool allowed =
      saving ? option.meaning == kNumeric || option.meaning == kSort || option.meaning == kIgnored : option.meaning != kForeign;
  if (allowed || (saving && option.meaning == kJson)) return std::nullopt;
  return Refusal{2, fmt::format("Illegal '{}' option with the '{}' command", message_name(option), saving ? "save" : "list")};
}

// The options after the command word.
std::expected<IpvsadmRequest, Refusal> parse_listing(Meaning command, Words words) {
  Given given;
  std::optional<ServiceKey> service;
  while (words.more()) {
    const auto word = words.next();
    if (!word) return std::unexpected(word.error());
    const Option& option = *word->option;
    if (option.meaning >= Meaning::kList) return refuse(fmt::format("invalid option `{}'", word->spelling));
    if (auto refusal = illegal(command, option)) return std::unexpected(*refusal);
    if (has(given, option.meaning) && option.meaning < Meaning::kSort)
      return refuse(fmt::format("multiple '{}' options specified", message_name(option)));
    given.set(static_cast<std::size_t>(option.meaning));
    if (option.meaning != Meaning::kService) continue;
    const auto key = service_of(*word);
    if (!key) return std::unexpected(key.error());
    service = *key;
  }
  if (auto refusal = conflict(given)) return std::unexpected(*refusal);
  IpvsadmRequest request = request_of(command, given);
  request.service = service;
  return request;
}

}  // namespace

std::expected<IpvsadmRequest, Refusal> parse_ipvsadm(std::span<const std::string> args) {
  if (args.empty()) return IpvsadmRequest{};
  if (args.size() == 1 && args[0] == "--json") return IpvsadmRequest{.json = true};
  constexpr std::string_view kUsage = "the first option must say what to do, as -L does; see `penstock ipvsadm --help'";
  Words words{args};
  if (!words.more()) return IpvsadmRequest{};
  const auto command = words.next();
  if (!command) return std::unexpected(command.error());
  switch (command->option->meaning) {
    case Meaning::kHelp: return IpvsadmRequest{.listing = IpvsadmListing::kHelp};
    case Meaning::kVersion: return IpvsadmRequest{.listing = IpvsadmListing::kVersion};
    case Meaning::kChange:
      return refuse(fmt::format("`{}' is not for penstock: {}", command->spelling, command->option->advice));
    case Meaning::kList:
    case Meaning::kSave: return parse_listing(command->option->meaning, words);
    default: return refuse(std::string{kUsage});
  }
}

std::string ipvsadm_help() {
  return
      R"(penstock ipvsadm: the listings of ipvsadm 1.31, in its format

  penstock ipvsadm -L|-l [-t|-u|--sctp-service ADDRESS:PORT] [options]
  penstock ipvsadm -S -n

Commands (the first option):
  -L, -l, --list         list services and real servers (also without any option)
  -S, --save             list them as the options that ipvsadm -R reads
  -h, --help             this page
  -v, --version          version

Options of --list:
  -t, --tcp-service A:P  only this TCP service; IPv6: [ADDRESS]:PORT
  -u, --udp-service A:P  only this UDP service
      --sctp-service A:P only this SCTP service
  -c, --connection       the connections
      --stats            connections, packets and bytes since the start
      --rate             the same per second
      --thresholds       upper and lower connection thresholds
      --persistent-conn  persistent connections
      --tun-info         tunnels
      --timeout          timeouts of connections: TCP, TCP after FIN, UDP
      --daemon           synchronisation daemons
      --exact            whole numbers instead of K, M, G and T
      --nosort           in the configuration's order
      --sort             sorted by protocol, address and port (the default)
  -n, --numeric          accepted: addresses and ports are always printed as numbers
      --json             JSON instead of text (Penstock's own)

Names are never looked up: give addresses and ports as numbers. Options that change the table are refused: services and
real servers come from keepalived.conf, and a changed file is taken over by a reload (SIGHUP to penstockd).
)";
}

}  // namespace penstock::control
