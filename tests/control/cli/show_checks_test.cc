// `penstock show checks`, as a table and as JSON.
#include "control/cli/show_checks.h"

#include <gtest/gtest.h>

#include "control/cli/commands.h"
#include "tests/control/cli/fake_source.h"
#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

using healthcheck::CheckReport;
using healthcheck::CheckSpec;
using healthcheck::HttpCheck;
using healthcheck::MiscCheck;
using healthcheck::Monitor;
using healthcheck::ProbeFailure;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const healthcheck::TimePoint kChecksNow{std::chrono::hours{5}};

Monitor::CheckStatus up_check() {
  Monitor::CheckStatus check{.spec = CheckSpec{.kind = HttpCheck{}}};
  check.last = CheckReport{.result = {.latency = microseconds{1234}},
                           .is_up = true,
                           .finished = kChecksNow - seconds{2},
                           .next = kChecksNow + seconds{4}};
  check.successes = 100;
  return check;
}

Monitor::CheckStatus down_check() {
  Monitor::CheckStatus check{.spec = CheckSpec{.kind = HttpCheck{.tls = true}}, .is_up = false};
  check.changed = kChecksNow - seconds{75};
  check.last = CheckReport{
      .result = {.failure = ProbeFailure::kStatusCode, .detail = "503 instead of 200-299", .latency = milliseconds{2}},
      .step = {.verdict = {}, .is_retried = true, .failures = 3},
      .finished = kChecksNow - seconds{1},
      .next = kChecksNow + milliseconds{1500}};
  check.failures[static_cast<std::size_t>(ProbeFailure::kStatusCode)] = 7;
  return check;
}

ChecksStatus how_to_checks() {
  Monitor::ServiceStatus service{.key = {golden::endpoint("192.168.1.200:80"), packet::Protocol::kTcp}};
  service.weight_up = 2;
  service.servers.push_back({.endpoint = golden::endpoint("192.168.1.179:80"), .checks = {up_check()}});
  service.servers.push_back({.endpoint = golden::endpoint("192.168.1.180:80"),
                             .is_up = false,
                             .effective_weight = 9,
                             .checks = {down_check(), {.spec = CheckSpec{.kind = MiscCheck{}}}}});
  service.servers.push_back({.endpoint = golden::endpoint("192.168.1.181:80")});
  Monitor::ServiceStatus lost{.key = {golden::endpoint("[fd77::100]:53"), packet::Protocol::kUdp}, .has_quorum = false};
  lost.quorum = 3;
  lost.hysteresis = 1;
  return {.services = {service, lost},
          .punctuality = {.started = 12'345, .late = 7, .very_late = 0, .worst = microseconds{150'200}},
          .verdict_latency = {.publications = 27, .slow = 2, .latest = microseconds{213}, .worst = microseconds{4'120}},
          .now = kChecksNow,
          .wall_clock_now = std::chrono::system_clock::time_point{std::chrono::seconds{1'000'000}}};
}

TEST(ShowChecks, ATable) {
  EXPECT_EQ(show_checks(how_to_checks()), &R"(
  Real server       Weight    Check       State       Since  Last result                                  Latency  Next in
TCP 192.168.1.200:80  quorum 1: held, weight 2 up
  192.168.1.179:80  1         HTTP_GET    up      the start  success                                       1.2 ms      4 s
  192.168.1.180:80  9 (of 1)  SSL_GET     down   1 min 15 s  status-code: 503 instead of 200-299 (try 3)   2.0 ms      1 s
  192.168.1.180:80  9 (of 1)  MISC_CHECK  up      the start  not asked yet
  192.168.1.181:80  1         -           up                 no check: always up
UDP [fd77::100]:53  quorum 3: lost, weight 0 up, hysteresis 1

12,345 checks were started: 7 more than 0.1 s late, 0 more than 1 s, the latest by 150.2 ms.
27 times verdicts went to the workers: 2 took more than 1 ms, the slowest 4.1 ms, the last 0.2 ms.
)"[1]);
}

TEST(ShowChecks, SaysThatThereIsNothingToCheck) { EXPECT_EQ(show_checks({}), "No virtual service is configured.\n"); }

TEST(ShowChecks, ByCommandAndAsJson) {
  FakeSource source;
  source.checks_status = how_to_checks();
  const auto out = [&](std::vector<std::string> args) { return printed(answer_command(args, source)).out; };
  EXPECT_EQ(out({"show", "checks"}), show_checks(source.checks_status));
  const Json json = Json::parse(out({"show", "checks", "--json"}));
  EXPECT_EQ(json["punctuality"],
            (Json{{"started", 12'345}, {"late_by_100_ms", 7}, {"late_by_1_s", 0}, {"latest_seconds", 0.1502}}));
  EXPECT_EQ(json["verdict_latency"],
            (Json{{"publications", 27}, {"slower_than_1_ms", 2}, {"slowest_seconds", 0.00412}, {"last_seconds", 0.000213}}));
  const Json& services = json["services"];
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0]["address"], "192.168.1.200");
  EXPECT_EQ(services[0]["has_quorum"], true);
  const Json& down = services[0]["servers"][1];
  EXPECT_EQ(down["up"], false);
  EXPECT_EQ(down["effective_weight"], 9);
  EXPECT_EQ(down["checks"][0]["kind"], "SSL_GET");
  EXPECT_EQ(down["checks"][0]["changed_at"], 1'000'000 - 75);
  EXPECT_EQ(down["checks"][0]["last"]["result"], "status-code");
  EXPECT_EQ(down["checks"][0]["last"]["latency_seconds"], 0.002);
  EXPECT_EQ(down["checks"][0]["last"]["next_in_seconds"], 1.5);
  EXPECT_EQ(down["checks"][0]["failures"], (Json{{"status-code", 7}}));
  EXPECT_TRUE(down["checks"][1]["last"].is_null());
  EXPECT_EQ(services[1]["quorum"], 3);
}

}  // namespace
}  // namespace penstock::control
