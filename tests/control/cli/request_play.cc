#include "tests/control/cli/request_play.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "control/cli/commands.h"
#include "control/cli/ipvsadm_order.h"
#include "control/cli/protocol.h"
#include "control/cli/session.h"
#include "tests/control/cli/fake_source.h"
#include "tests/control/cli/golden.h"
#include "tests/support/fuzz_target.h"

namespace penstock::control {
namespace {

using test::FuzzInput;
using test::require;

constexpr std::array<std::string_view, 61> kWords{"show",
                                                  "services",
                                                  "connections",
                                                  "stats",
                                                  "rate",
                                                  "drops",
                                                  "workers",
                                                  "threads",
                                                  "ports",
                                                  "checks",
                                                  "vrrp",
                                                  "sync",
                                                  "config",
                                                  "--json",
                                                  "--all",
                                                  "--stages",
                                                  "announce",
                                                  "ipvsadm",
                                                  "-L",
                                                  "-l",
                                                  "--list",
                                                  "-Ln",
                                                  "-Lnc",
                                                  "-S",
                                                  "-Sn",
                                                  "--save",
                                                  "-n",
                                                  "--numeric",
                                                  "-c",
                                                  "--connection",
                                                  "--stats",
                                                  "--rate",
                                                  "--exact",
                                                  "--thresholds",
                                                  "--persistent-conn",
                                                  "--tun-info",
                                                  "--timeout",
                                                  "--daemon",
                                                  "--nosort",
                                                  "--sort",
                                                  "-t",
                                                  "-u",
                                                  "-f",
                                                  "--sctp-service",
                                                  "--tcp-service",
                                                  "10.9.0.1:80",
                                                  "[fd77::100]:80",
                                                  "fd77::100",
                                                  "-h",
                                                  "--help",
                                                  "-v",
                                                  "--version",
                                                  "-A",
                                                  "--json=keepalived",
                                                  "-",
                                                  "--",
                                                  "-X",
                                                  "0",
                                                  "65536",
                                                  "10.9.0.1:",
                                                  "\n"};

// Everything there is has the name, wherever a name may stand.
FakeSource make_source(const std::string& name, bool late) {
  FakeSource source;
  source.service_list = golden::mixed_services();
  source.daemon_status = golden::daemon();
  source.config = "# " + name + '\n';
  source.worker_list = {{.index = 0, .cpu = 1, .stages = {{"parse", 10.5}}}};
  source.thread_list = {{.name = name, .turns = {}, .worst_timer_delay = {}}};
  source.drop_list = {{.reason = {}, .count = 7, .per_worker = {7}}};
  source.port_list = {{.name = name, .device = name}};
  source.sync_status.daemon = SyncDaemonStatus{.interface = name};
  source.sync_status.instance = source.sync_status.error = name;
  healthcheck::Monitor::CheckStatus check{.spec = {.kind = healthcheck::HttpCheck{}}};
  check.last = healthcheck::CheckReport{.result = {.failure = healthcheck::ProbeFailure::kWrongReply, .detail = name}};
  healthcheck::Monitor::ServiceStatus service{.key = {golden::endpoint("10.9.0.1:80"), packet::Protocol::kTcp}};
  service.servers.push_back({.endpoint = golden::endpoint("10.9.0.2:80"), .checks = {check}});
  source.checks_status.services = {service};
  source.vrrp_status.spec.instances = {{.name = name, .interface = name, .virtual_router_id = 50}};
  source.vrrp_status.thread.instances = {{.name = name, .state = vrrp::State::kMaster, .why = name}};
  source.walk->total = 3;
  source.walk->batch = 2;
  source.walk->at_once = !late;
  return source;
}

struct Said {
  int exit_status = -1;
  std::string out;
  std::string err;
  friend bool operator==(const Said&, const Said&) = default;
};

// All that the session has to send now.
void read_frames(Session& session, FrameReader& reader, Said& said) {
  while (!session.output().empty()) {
    const std::string_view piece = session.output().substr(0, 4096);
    reader.receive(piece);
    session.sent(piece.size());
    while (true) {
      const auto frame = reader.next();
      require(frame.has_value(), "the answer is made of frames");
      if (!frame->has_value()) break;
      require(said.exit_status < 0, "nothing follows the exit status");
      switch ((*frame)->type) {
        case FrameType::kStdout: said.out += (*frame)->payload; break;
        case FrameType::kStderr: said.err += (*frame)->payload; break;
        case FrameType::kExit: said.exit_status = (*frame)->exit_status(); break;
      }
    }
  }
}

Said answer_of(Session& session, FakeSource& source) {
  FrameReader reader;
  Said said;
  read_frames(session, reader, said);
  while (source.walk->owed) {
    std::exchange(source.walk->owed, nullptr)();
    read_frames(session, reader, said);
  }
  require(said.exit_status >= 0, "the answer ends with the exit status");
  require(session.finished(), "a session is finished when its answer is sent");
  return said;
}

void check_exit(const Said& said) {
  require(said.exit_status <= 2, "the exit status is 0, 1 or 2");
  require((said.exit_status != 0) == !said.err.empty(), "a failure has a sentence, and nothing else has one");
  require(said.exit_status == 0 || said.out.empty(), "what is refused prints nothing");
  require(said.err.empty() || said.err.ends_with('\n'), "the sentence ends");
}

bool is_json(const Command& command) {
  if (const auto* show = std::get_if<ShowRequest>(&command)) return show->json || show->as_keepalived;
  const auto* listing = std::get_if<IpvsadmRequest>(&command);
  return listing != nullptr && listing->json && listing->listing != IpvsadmListing::kHelp &&
         listing->listing != IpvsadmListing::kVersion;
}

void check_effects(const std::optional<Command>& command, const Said& said, const FakeSource& source) {
  const auto* show = command ? std::get_if<ShowRequest>(&*command) : nullptr;
  const bool announces = command && std::holds_alternative<AnnounceRequest>(*command);
  require(source.announced == (announces && said.exit_status == 0 ? 1 : 0),
          "only `announce` announces, where there is a master");
  require(source.watched == (show != nullptr && show->stages ? 1 : 0), "only --stages has stages measured");
  require(command.has_value() || said.exit_status != 0, "what can't be understood is refused");
  if (!command || said.exit_status != 0 || !is_json(*command)) return;
  require(nlohmann::json::accept(said.out), "JSON is JSON");
}

// The words of the request's line, where it is one.
std::optional<Command> command_of(std::string_view sent) {
  const std::size_t end = sent.find('\n');
  if (end == std::string_view::npos || end > kMaxRequestBytes) return std::nullopt;
  const auto words = parse_request(sent.substr(0, end));
  if (!words) return std::nullopt;
  const auto command = parse_command(*words);
  if (command) return *command;
  require(!command.error().message.empty(), "a refusal has a message");
  return std::nullopt;
}

Said converse(std::string_view sent, std::size_t step, FakeSource& source, const Answering& answering) {
  Session session{[&](std::span<const std::string> args) { return printed(answering(args, source)); }, [] {}};
  for (std::size_t at = 0; at < sent.size() && session.wants_request(); at += step) session.receive(sent.substr(at, step));
  if (session.wants_request()) {
    require(sent.find('\n') == std::string_view::npos && sent.size() <= kMaxRequestBytes, "a line that has ended is answered");
    require(session.output().empty(), "no answer comes before the request has ended");
    session.receive_end();
  }
  return answer_of(session, source);
}

std::string request_of_words(FuzzInput& input) {
  std::vector<std::string> words;
  while (input.more() && words.size() < 64) {
    const std::uint8_t choice = input.byte();
    words.emplace_back(choice < kWords.size() ? kWords[choice] : input.text(choice - kWords.size()));
  }
  return encode_request(words);
}

std::vector<ServiceStatus> services_of(std::string_view bytes) {
  std::vector<ServiceStatus> services;
  for (FuzzInput input{bytes}; input.more() && services.size() < 40;) {
    const std::uint8_t kind = input.byte();
    packet::IpAddress address = packet::Ipv4Address{static_cast<std::uint32_t>(input.byte()) << 24U | input.byte()};
    if (kind % 2 == 1) {
      packet::Ipv6Address v6{};
      v6.bytes[0] = input.byte();
      v6.bytes[kind / 2 % 16] = input.byte();
      address = v6;
    }
    services.push_back({.protocol = kind / 32 % 2 == 0 ? packet::Protocol::kTcp : packet::Protocol::kUdp,
                        .endpoint = {address, input.word()}});
  }
  return services;
}

void check_order(std::string_view bytes) {
  const std::vector<ServiceStatus> services = services_of(bytes);
  std::vector<ServiceStatus> sorted = services;
  sort_like_ipvsadm(sorted);
  require(std::ranges::is_permutation(services, sorted,
                                      [](const ServiceStatus& a, const ServiceStatus& b) {
                                        return a.protocol == b.protocol && a.endpoint == b.endpoint;
                                      }),
          "sorting keeps all services");
}

}  // namespace

std::span<const std::string_view> request_words() { return kWords; }

void play_request(std::string_view bytes, const Answering& answering) {
  FuzzInput input{bytes};
  const std::size_t step = std::size_t{input.byte()} + 1;
  const std::uint8_t flags = input.byte();
  const std::string name{input.text(input.byte())};
  check_order(bytes);
  std::string sent = (flags & 1U) != 0 ? request_of_words(input) : std::string{input.rest()};
  if ((flags & 4U) != 0) sent.resize(sent.size() / 2);

  FakeSource at_once = make_source(name, false);
  const Said said = converse(sent, sent.size() + 1, at_once, answering);
  check_exit(said);
  check_effects(command_of(sent), said, at_once);
  require(at_once.walk->open_cursors == 0, "no walk over the connections stays open");

  FakeSource late = make_source(name, (flags & 2U) != 0);
  require(converse(sent, step, late, answering) == said, "neither cuts nor delays change the answer");
}

}  // namespace penstock::control
