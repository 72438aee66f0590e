#include "tests/healthcheck/random_configuration.h"

#include <algorithm>
#include <array>
#include <string>

namespace penstock::healthcheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kVirtualAddresses = 3;
constexpr std::size_t kRealAddresses = 5;
constexpr std::size_t kMostServers = 4;
constexpr std::size_t kMostChecks = 3;
constexpr std::uint32_t kHighest = 0x7fff'ffff;

packet::Endpoint endpoint(std::uint32_t network, std::size_t host) {
  return {packet::Ipv4Address{network + static_cast<std::uint32_t>(host)}, 80};
}
packet::Endpoint virtual_server(std::size_t number) { return endpoint(0xc0a8'01c8, number); }
packet::Endpoint real_server(std::size_t number) { return endpoint(0x0a00'0001, number); }
const packet::Endpoint kSorry = endpoint(0x0a00'0063, 0);

Script maybe_script(Random& random, const char* path) { return random.is_one_in(2) ? Script{.command = {path}} : Script{}; }

Pace pace(Random& random) {
  switch (random.below(6)) {
    case 0: return {.delay_loop = seconds{2}, .warmup = {}, .delay_before_retry = milliseconds{500}, .retry = 2};
    case 1: return {.delay_loop = seconds{3}, .warmup = seconds{3}, .delay_before_retry = seconds{9}, .retry = 0};
    case 2: return {.delay_loop = seconds{2}, .warmup = seconds{1}, .retry = 3, .log_all_failures = true};
    default: return {.delay_loop = seconds{2}, .warmup = seconds{2}, .retry = 1};
  }
}

CheckKind kind(std::size_t number) {
  switch (number) {
    case 0: return TcpCheck{};
    case 1: return HttpCheck{.urls = {HttpUrl{}}};
    case 2: return MiscCheck{.script = {.command = {"/bin/load"}}, .timeout = seconds{2}, .dynamic = true};
    case 3: return FileCheck{.track_file = "load", .path = "/run/load", .weight = 1};
    default: return MiscCheck{.script = {.command = {"/bin/look"}}, .timeout = seconds{2}};
  }
}
constexpr std::size_t kKinds = 5;

void add_check(Random& random, MonitoredServer& server, bool alpha) {
  if (server.policy.checks.size() == kMostChecks) return;
  CheckSpec check;
  check.server = server.endpoint;
  check.protocol = packet::Protocol::kTcp;
  check.pace = pace(random);
  check.kind = kind(random.below(kKinds));
  check.connection.target = server.endpoint;
  check.pace.alpha = alpha || random.is_one_in(20);
  const auto same = [&](const CheckSpec& other) { return other.kind == check.kind; };
  if (std::ranges::none_of(server.policy.checks, same)) server.policy.checks.push_back(std::move(check));
}

std::uint32_t weight(Random& random) {
  static constexpr std::array<std::uint32_t, 8> kWeights{1, 1, 1, 1, 2, 3, 0, 7};
  return random.is_one_in(100) ? kHighest : kWeights.at(random.below(kWeights.size()));
}

void add_server(Random& random, MonitoredService& service) {
  const packet::Endpoint address = real_server(random.below(kRealAddresses));
  const auto same = [&](const MonitoredServer& other) { return other.endpoint == address; };
  if (service.servers.size() == kMostServers || std::ranges::any_of(service.servers, same)) return;
  MonitoredServer server{.endpoint = address, .weight = weight(random), .policy = {}};
  server.policy.inhibit_on_failure = random.is_one_in(3);
  server.policy.notify_up = maybe_script(random, "/bin/up");
  server.policy.notify_down = maybe_script(random, "/bin/down");
  server.policy.smtp_alert = random.is_one_in(2);
  const std::size_t checks = random.is_one_in(12) ? 0 : 1 + random.below(kMostChecks);
  for (std::size_t i = 0; i < checks; ++i) add_check(random, server, service.policy.alpha);
  service.servers.insert(service.servers.begin() + static_cast<std::ptrdiff_t>(random.below(service.servers.size() + 1)),
                         std::move(server));
}

void set_quorum(Random& random, ServicePolicy& policy) {
  policy.quorum = 1 + static_cast<std::uint32_t>(random.is_one_in(2) ? 0 : random.below(4));
  policy.hysteresis = static_cast<std::uint32_t>(random.below(policy.quorum));
}

void set_sorry_server(Random& random, ServicePolicy& policy) {
  policy.sorry_server.reset();
  if (random.is_one_in(3)) return;
  policy.sorry_server = SorryServer{random.is_one_in(6) ? real_server(0) : kSorry, random.is_one_in(3)};
}

void add_service(Random& random, std::vector<MonitoredService>& services) {
  const packet::Endpoint address = virtual_server(random.below(kVirtualAddresses));
  const auto same = [&](const MonitoredService& other) { return other.endpoint == address; };
  if (std::ranges::any_of(services, same)) return;
  MonitoredService service{.endpoint = address, .protocol = packet::Protocol::kTcp, .policy = {}, .servers = {}};
  set_quorum(random, service.policy);
  set_sorry_server(random, service.policy);
  service.policy.alpha = random.is_one_in(5);
  service.policy.omega = random.is_one_in(2);
  service.policy.quorum_up = maybe_script(random, "/bin/quorum-up");
  service.policy.quorum_down = maybe_script(random, "/bin/quorum-down");
  service.policy.smtp_alert = random.is_one_in(2);
  if (!services.empty() && random.is_one_in(4)) {
    service.servers = services[random.below(services.size())].servers;  // another port of the same servers, say
  } else {
    const std::size_t servers = 1 + random.below(kMostServers);
    for (std::size_t i = 0; i < servers; ++i) add_server(random, service);
  }
  services.push_back(std::move(service));
}

void change_server(Random& random, MonitoredService& service, MonitoredServer& server) {
  std::vector<CheckSpec>& checks = server.policy.checks;
  switch (random.below(6)) {
    case 0: server.weight = weight(random); break;
    case 1: server.policy.inhibit_on_failure = !server.policy.inhibit_on_failure; break;
    case 2: add_check(random, server, service.policy.alpha); break;
    case 3:
      if (!checks.empty()) checks.erase(checks.begin() + static_cast<std::ptrdiff_t>(random.below(checks.size())));
      break;
    case 4:
      if (!checks.empty()) checks[random.below(checks.size())].pace.retry = 4;
      break;
    default: server.policy.notify_up = maybe_script(random, "/bin/up"); break;
  }
}

void change_service(Random& random, MonitoredService& service) {
  std::vector<MonitoredServer>& servers = service.servers;
  switch (random.below(8)) {
    case 0: set_quorum(random, service.policy); break;
    case 1: set_sorry_server(random, service.policy); break;
    case 2: add_server(random, service); break;
    case 3:
      if (servers.size() > 1) servers.erase(servers.begin() + static_cast<std::ptrdiff_t>(random.below(servers.size())));
      break;
    case 4: std::ranges::reverse(servers); break;
    default: change_server(random, service, servers[random.below(servers.size())]); break;
  }
}

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t word = state_ += 0x9e37'79b9'7f4a'7c15ULL;
  word = (word ^ word >> 30) * 0xbf58'476d'1ce4'e5b9ULL;
  word = (word ^ word >> 27) * 0x94d0'49bb'1331'11ebULL;
  return word ^ word >> 31;
}

RandomConfiguration::RandomConfiguration(Random& random) {
  global.rs_init_notifies = random.is_one_in(2);
  global.checker_mails = random.is_one_in(2);
  const std::size_t count = 1 + random.below(kVirtualAddresses);
  for (std::size_t i = 0; i < count; ++i) add_service(random, services);
}

void RandomConfiguration::change(Random& random) {
  const std::size_t changes = random.below(4);
  for (std::size_t i = 0; i < changes; ++i) {
    switch (random.below(10)) {
      case 0: add_service(random, services); break;
      case 1:
        if (services.size() > 1) services.erase(services.begin() + static_cast<std::ptrdiff_t>(random.below(services.size())));
        break;
      default: change_service(random, services[random.below(services.size())]); break;
    }
  }
}

}  // namespace penstock::healthcheck
