// From verdicts to tables: who is in the table, with which weight, and what is said about it.
#include "healthcheck/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace penstock::healthcheck {
namespace {

packet::Endpoint endpoint(const char* address, std::uint16_t port = 80) {
  return {packet::IpAddress::parse(address).value(), port};
}

const ServiceKey kWeb{endpoint("192.168.1.200"), packet::Protocol::kTcp};
const packet::Endpoint kSorry = endpoint("10.0.0.99");

CheckSpec tcp_check(const packet::Endpoint& server) {
  CheckSpec check{.server = server, .protocol = packet::Protocol::kTcp, .kind = TcpCheck{}};
  check.connection.target = server;
  return check;
}

MonitoredServer server(const char* address, std::uint32_t weight = 1) {
  MonitoredServer out{.endpoint = endpoint(address), .weight = weight, .policy = {}};
  out.policy.checks = {tcp_check(out.endpoint)};
  return out;
}

MonitoredService web(std::vector<MonitoredServer> servers, ServicePolicy policy = {}) {
  return {.endpoint = kWeb.endpoint, .protocol = kWeb.protocol, .policy = std::move(policy), .servers = std::move(servers)};
}

class MonitorTest : public testing::Test {
 protected:
  void apply(std::vector<MonitoredService> services) { take(monitor_.apply(services, global_)); }
  // The check of this server (of the first service that has it) says up or down.
  void report(const char* address, bool up, std::optional<std::int64_t> weight = {}) {
    for (const auto& service : monitor_.status()) {
      for (const auto& of_server : service.servers) {
        if (of_server.endpoint != endpoint(address)) continue;
        CheckReport report{.id = of_server.checks.at(0).id, .is_up = up};
        report.result = {.failure = up ? ProbeFailure::kNone : ProbeFailure::kRefused, .weight = weight};
        if (up != of_server.checks[0].is_up) report.step.verdict = up;
        report.step.failures = up ? 0 : 1;
        return take(monitor_.report(report));
      }
    }
    FAIL() << address;
  }
  void take(Actions actions) { last_ = std::move(actions); }

  [[nodiscard]] std::vector<std::string> rows(const ServiceKey& service = kWeb) const {
    std::vector<std::string> all;
    for (const TableRow& row : monitor_.table(service)) {
      all.push_back(row.endpoint.address.to_string() + " " + std::to_string(row.weight) +
                    (row.is_sorry_server ? " sorry" : ""));
    }
    return all;
  }
  template <typename Kind>
  [[nodiscard]] std::vector<Kind> of_kind() const {
    std::vector<Kind> all;
    for (const Action& action : last_) {
      if (const auto* const one = std::get_if<Kind>(&action)) all.push_back(*one);
    }
    return all;
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return std::ranges::any_of(of_kind<LogLine>(), [&](const LogLine& line) { return line.text == text; });
  }
  [[nodiscard]] std::size_t table_changes() const { return of_kind<TableChanged>().size(); }

  using Rows = std::vector<std::string>;
  Monitor monitor_;
  GlobalPolicy global_;
  Actions last_;
};

TEST_F(MonitorTest, PutsServersInServiceBeforeTheyWereChecked) {
  apply({web({server("10.0.0.1"), server("10.0.0.2", 3)})});
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1", "10.0.0.2 3"}));
  EXPECT_EQ(of_kind<StartCheck>().size(), 2U);
  EXPECT_TRUE(says("Gained quorum 1+0=1 <= 4 for VS [192.168.1.200]:tcp:80"));
}

TEST_F(MonitorTest, KeepsServersOutUntilTheyPassInAlphaMode) {
  apply({web({server("10.0.0.1"), server("10.0.0.2")}, {.alpha = true})});
  EXPECT_EQ(rows(), Rows{});
  report("10.0.0.2", true);
  EXPECT_EQ(rows(), (Rows{"10.0.0.2 1"}));
}

TEST_F(MonitorTest, TakesAFailingServerOutAndBack) {
  apply({web({server("10.0.0.1"), server("10.0.0.2")})});
  report("10.0.0.1", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.2 1"}));
  EXPECT_EQ(table_changes(), 1U);
  EXPECT_TRUE(says("Removing service [10.0.0.1]:tcp:80 from VS [192.168.1.200]:tcp:80"));
  report("10.0.0.1", false);
  EXPECT_EQ(table_changes(), 0U);
  report("10.0.0.1", true);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1", "10.0.0.2 1"}));
  EXPECT_TRUE(says("TCP connection to [10.0.0.1]:tcp:80 success."));
  EXPECT_TRUE(says("Adding service [10.0.0.1]:tcp:80 to VS [192.168.1.200]:tcp:80"));
}

TEST_F(MonitorTest, KeepsAnInhibitedServersConnections) {
  MonitoredServer inhibited = server("10.0.0.1");
  inhibited.policy.inhibit_on_failure = true;
  apply({web({inhibited, server("10.0.0.2")})});
  report("10.0.0.1", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 0", "10.0.0.2 1"}));
  EXPECT_TRUE(says("Disabling service [10.0.0.1]:tcp:80 of VS [192.168.1.200]:tcp:80"));
}

TEST_F(MonitorTest, SwapsTheSorryServerInAndOutAtOnceAndLetsTheLivingDrain) {
  apply(
      {web({server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")}, {.quorum = 2, .sorry_server = SorryServer{kSorry}})});
  report("10.0.0.1", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.2 1", "10.0.0.3 1"}));
  report("10.0.0.2", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.3 0", "10.0.0.99 1 sorry"}));
  EXPECT_EQ(table_changes(), 1U);
  EXPECT_TRUE(says("Lost quorum 2-0=2 > 1 for VS [192.168.1.200]:tcp:80"));
  EXPECT_TRUE(says("Adding sorry server [10.0.0.99]:tcp:80 to VS [192.168.1.200]:tcp:80"));
  report("10.0.0.1", true);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1", "10.0.0.3 1"}));
  EXPECT_TRUE(says("Removing sorry server [10.0.0.99]:tcp:80 from VS [192.168.1.200]:tcp:80"));
}

TEST_F(MonitorTest, HoldsQuorumByHysteresis) {
  apply({web({server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")},
             {.quorum = 2, .hysteresis = 1, .sorry_server = SorryServer{kSorry}})});
  report("10.0.0.1", false);
  report("10.0.0.2", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.3 1"}));  // 1 is not below 2 - 1
  report("10.0.0.3", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.99 1 sorry"}));
  report("10.0.0.1", true);
  report("10.0.0.2", true);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 0", "10.0.0.2 0", "10.0.0.99 1 sorry"}));  // 2 is below 2 + 1
  report("10.0.0.3", true);
  EXPECT_EQ(rows().size(), 3U);
}

TEST_F(MonitorTest, ListsAnInhibitedSorryServerWithWeightZeroWhileQuorumHolds) {
  apply({web({server("10.0.0.1")}, {.sorry_server = SorryServer{kSorry, true}})});
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1", "10.0.0.99 0 sorry"}));
  report("10.0.0.1", false);
  EXPECT_EQ(rows(), (Rows{"10.0.0.99 1 sorry"}));
}

TEST_F(MonitorTest, TakesTheWeightThatAScriptSays) {
  MonitoredServer dynamic = server("10.0.0.1", 4);
  dynamic.policy.checks[0].kind = MiscCheck{.script = {.command = {"/bin/check"}}, .dynamic = true};
  apply({web({dynamic})});
  report("10.0.0.1", true, 10);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 10"}));
  EXPECT_TRUE(says("Changing weight from 4 to 10 for active service [10.0.0.1]:tcp:80 of VS [192.168.1.200]:tcp:80"));
  report("10.0.0.1", true);  // says nothing about the weight: the configured one again
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 4"}));
}

TEST_F(MonitorTest, RunsAnIdenticalCheckOnceForAllItsServices) {
  MonitoredService other = web({server("10.0.0.1")});
  other.endpoint = endpoint("192.168.1.201");
  apply({web({server("10.0.0.1")}), other});
  EXPECT_EQ(of_kind<StartCheck>().size(), 1U);
  report("10.0.0.1", false);
  EXPECT_EQ(rows(), Rows{});
  EXPECT_EQ(rows({other.endpoint, other.protocol}), Rows{});
  EXPECT_EQ(table_changes(), 2U);
}

TEST_F(MonitorTest, KeepsItsStateOverAReloadAndAsksAnewOnlyWhatChanged) {
  apply({web({server("10.0.0.1"), server("10.0.0.2")})});
  report("10.0.0.1", false);
  apply({web({server("10.0.0.1", 7), server("10.0.0.2")})});
  EXPECT_EQ(rows(), (Rows{"10.0.0.2 1"}));
  EXPECT_TRUE(of_kind<StartCheck>().empty());
  EXPECT_TRUE(of_kind<StopCheck>().empty());

  MonitoredServer slower = server("10.0.0.1", 7);
  slower.policy.checks[0].pace.retry = 9;
  apply({web({slower, server("10.0.0.2")})});
  ASSERT_EQ(of_kind<StartCheck>().size(), 1U);
  EXPECT_FALSE(of_kind<StartCheck>()[0].up);
  EXPECT_EQ(of_kind<StopCheck>().size(), 1U);
  EXPECT_EQ(rows(), (Rows{"10.0.0.2 1"}));
  report("10.0.0.1", true);
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 7", "10.0.0.2 1"}));
}

TEST_F(MonitorTest, StopsTheChecksOfWhatIsGone) {
  apply({web({server("10.0.0.1"), server("10.0.0.2")})});
  apply({web({server("10.0.0.2")})});
  EXPECT_EQ(of_kind<StopCheck>().size(), 1U);
  apply({});
  EXPECT_EQ(of_kind<StopCheck>().size(), 1U);
}

TEST_F(MonitorTest, TellsScriptsPipeAndMailInOrder) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.notify_down = {.command = {"/bin/down"}};
  told.policy.smtp_alert = true;
  apply({web({told}, {.quorum_down = {.command = {"/bin/quorum-down"}}})});
  report("10.0.0.1", false);
  ASSERT_EQ(of_kind<RunScript>().size(), 2U);
  EXPECT_EQ(of_kind<RunScript>()[0].script.command[0], "/bin/down");
  EXPECT_EQ(of_kind<RunScript>()[1].script.command[0], "/bin/quorum-down");
  EXPECT_EQ(of_kind<RunScript>()[0].queue, of_kind<RunScript>()[1].queue);
  ASSERT_EQ(of_kind<WriteFifo>().size(), 2U);
  EXPECT_EQ(of_kind<WriteFifo>()[0].line, "RS [10.0.0.1]:tcp:80 [192.168.1.200]:tcp:80 DOWN");
  EXPECT_EQ(of_kind<WriteFifo>()[1].line, "VS [192.168.1.200]:tcp:80 DOWN");
  ASSERT_EQ(of_kind<SendMail>().size(), 1U);
  EXPECT_EQ(of_kind<SendMail>()[0].subject, "Realserver [10.0.0.1]:tcp:80 of virtual server [192.168.1.200]:tcp:80 - DOWN");
}

TEST_F(MonitorTest, IgnoresAReportOfACheckThatWasStopped) {
  apply({web({server("10.0.0.1")})});
  const CheckId id = of_kind<StartCheck>().at(0).id;
  apply({});
  take(monitor_.report({.id = id, .is_up = false}));
  EXPECT_TRUE(last_.empty());
}

TEST_F(MonitorTest, SaysAWeightChangeOnlyWhereTheTableHasAnother) {
  MonitoredServer dynamic = server("10.0.0.1", 4);
  dynamic.policy.checks[0].kind = FileCheck{.track_file = "load", .path = "/run/load", .weight = 1};
  apply({web({dynamic})});
  report("10.0.0.1", true, -4);
  EXPECT_TRUE(says("Changing weight from 4 to 0 for active service [10.0.0.1]:tcp:80 of VS [192.168.1.200]:tcp:80"));
  report("10.0.0.1", true, -9);
  EXPECT_TRUE(of_kind<LogLine>().empty());
}

TEST_F(MonitorTest, SaysTheWeightOfAServerThatComesUpBeforeItIsUp) {
  MonitoredServer dynamic = server("10.0.0.1", 4);
  dynamic.policy.checks[0].kind = MiscCheck{.script = {.command = {"/bin/check"}}, .dynamic = true};
  apply({web({dynamic})});
  report("10.0.0.1", false);
  report("10.0.0.1", true, 10);
  EXPECT_TRUE(says("Changing weight from 4 to 10 for inactive service [10.0.0.1]:tcp:80 of VS [192.168.1.200]:tcp:80"));
}

TEST_F(MonitorTest, MailsTheServersStateAndNotTheChecks) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.smtp_alert = true;
  told.policy.checks.push_back(told.policy.checks[0]);
  told.policy.checks[1].kind = PingCheck{};
  apply({web({told})});
  const auto checks = monitor_.status().at(0).servers.at(0).checks;
  take(monitor_.report({.id = checks.at(0).id, .result = {.failure = ProbeFailure::kRefused}, .is_up = false}));
  take(monitor_.report({.id = checks.at(1).id, .result = {.failure = ProbeFailure::kRefused}, .is_up = false}));
  take(monitor_.report({.id = checks.at(0).id, .is_up = true}));
  ASSERT_EQ(of_kind<SendMail>().size(), 1U);
  EXPECT_EQ(of_kind<SendMail>()[0].subject, "Realserver [10.0.0.1]:tcp:80 of virtual server [192.168.1.200]:tcp:80 - DOWN");
}

TEST_F(MonitorTest, MailsTheQuorumsLossBeforeTheServers) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.smtp_alert = true;
  apply({web({told}, {.smtp_alert = true})});
  report("10.0.0.1", false);
  ASSERT_EQ(of_kind<SendMail>().size(), 2U);
  EXPECT_EQ(of_kind<SendMail>()[0].subject, "Virtualserver [192.168.1.200]:tcp:80 - DOWN");
}

TEST_F(MonitorTest, TellsAServerThatAReloadBringsUp) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.notify_up = {.command = {"/bin/up"}};
  apply({web({told})});
  report("10.0.0.1", false);
  told.policy.checks.clear();
  apply({web({told})});
  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1"}));
  ASSERT_EQ(of_kind<RunScript>().size(), 1U);
  EXPECT_EQ(of_kind<RunScript>()[0].script.command[0], "/bin/up");
  EXPECT_EQ(of_kind<WriteFifo>().at(0).line, "RS [10.0.0.1]:tcp:80 [192.168.1.200]:tcp:80 UP");
}

TEST_F(MonitorTest, TellsThatWhatAReloadRemovesIsDown) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.notify_down = {.command = {"/bin/down"}};
  told.policy.smtp_alert = true;
  const ServicePolicy policy{.quorum_down = {.command = {"/bin/quorum-down"}}};
  apply({web({told, server("10.0.0.2")}, policy)});
  apply({web({server("10.0.0.2")}, policy)});
  ASSERT_EQ(of_kind<RunScript>().size(), 1U);
  EXPECT_EQ(of_kind<RunScript>()[0].script.command[0], "/bin/down");
  EXPECT_EQ(of_kind<WriteFifo>().at(0).line, "RS [10.0.0.1]:tcp:80 [192.168.1.200]:tcp:80 DOWN");
  EXPECT_EQ(of_kind<SendMail>().at(0).body, "=> Removing <=");
  apply({});
  ASSERT_EQ(of_kind<RunScript>().size(), 1U);
  EXPECT_EQ(of_kind<RunScript>()[0].script.command[0], "/bin/quorum-down");
  EXPECT_EQ(of_kind<WriteFifo>().size(), 2U);
}

TEST_F(MonitorTest, ANewUserOfASharedCheckTakesTheWeightThatItSaidLast) {
  MonitoredServer dynamic = server("10.0.0.1", 4);
  dynamic.policy.checks[0].kind = MiscCheck{.script = {.command = {"/bin/check"}}, .dynamic = true};
  apply({web({dynamic})});
  report("10.0.0.1", true, 10);
  MonitoredService other = web({dynamic});
  other.endpoint = endpoint("192.168.1.201");
  apply({web({dynamic}), other});
  EXPECT_EQ(rows({other.endpoint, other.protocol}), (Rows{"10.0.0.1 10"}));
}

TEST_F(MonitorTest, MailsAboutServersThatAnOmegaStopTakesDown) {
  MonitoredServer told = server("10.0.0.1");
  told.policy.smtp_alert = true;
  apply({web({told}, {.omega = true})});
  take(monitor_.stop());
  ASSERT_EQ(of_kind<SendMail>().size(), 1U);
  EXPECT_EQ(of_kind<SendMail>()[0].body, "=> Shutting down <=");
}

TEST(MonitorWithoutSharing, KeepsEqualChecksOfOneServerApartOverAReload) {
  Monitor monitor{Monitor::Options{.share_checks = false}};
  MonitoredServer twice = server("10.0.0.1");
  twice.policy.checks.push_back(twice.policy.checks[0]);
  const std::vector<MonitoredService> services{web({twice})};
  EXPECT_FALSE(monitor.apply(services, {}).empty());
  EXPECT_TRUE(monitor.apply(services, {}).empty());
}

TEST_F(MonitorTest, AShortageOfOursChangesNoTableAndIsSaidOnceInAWhile) {
  apply({web({server("10.0.0.1"), server("10.0.0.2")})});
  report("10.0.0.2", false);
  const auto not_run = [&](const char* address, int second) {
    const auto servers = monitor_.status().at(0).servers;
    const auto at = std::ranges::find(servers, endpoint(address), &Monitor::ServerStatus::endpoint);
    CheckReport report{.id = at->checks.at(0).id, .is_up = true, .finished = TimePoint{std::chrono::seconds{second}}};
    report.result = {.failure = ProbeFailure::kNotRun, .detail = "socket: Too many open files"};
    take(monitor_.report(report));
  };
  not_run("10.0.0.1", 100);
  EXPECT_EQ(last_.size(), 1U);
  EXPECT_TRUE(says("TCP_CHECK of [10.0.0.1]:tcp:80 not run: socket: Too many open files; its state stays"));
  not_run("10.0.0.2", 101);
  EXPECT_TRUE(last_.empty());
  not_run("10.0.0.1", 109);
  EXPECT_TRUE(last_.empty());
  not_run("10.0.0.2", 110);
  EXPECT_TRUE(says("TCP_CHECK of [10.0.0.2]:tcp:80 not run: socket: Too many open files; its state stays (and 2 more)"));

  EXPECT_EQ(rows(), (Rows{"10.0.0.1 1"}));
  const auto status = monitor_.status();
  const auto& check = status.at(0).servers.at(1).checks.at(0);
  EXPECT_FALSE(check.is_up);
  EXPECT_EQ(check.failures[static_cast<std::size_t>(ProbeFailure::kNotRun)], 2U);
  EXPECT_EQ(check.last->result.failure, ProbeFailure::kNotRun);
}

TEST_F(MonitorTest, ACheckThatWasNeverRunTellsANewUserOfItNothing) {
  MonitoredService other = web({server("10.0.0.1")}, {.alpha = true});
  other.endpoint.port = 443;
  apply({web({server("10.0.0.1")})});
  take(monitor_.report({.id = of_kind<StartCheck>().at(0).id, .result = {.failure = ProbeFailure::kNotRun}, .is_up = true}));
  apply({web({server("10.0.0.1")}), other});
  EXPECT_EQ(rows({other.endpoint, other.protocol}), Rows{});
}

}  // namespace
}  // namespace penstock::healthcheck
