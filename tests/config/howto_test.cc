// The how-to's two files, exactly as an operator copies them: accepted with warnings alone, and understood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;

LoadResult load_data(const std::string& name) { return load(std::string{PENSTOCK_TEST_DATA} + "/" + name, {}); }

std::vector<std::string> messages(const LoadResult& result) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    const Position& at = diagnostic.place.at;
    out.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                  std::string{to_string(diagnostic.severity)} + ": " + diagnostic.message);
  }
  return out;
}

Model howto_model() {
  const auto address = [](const char* text) { return *IpAddress::parse(text); };
  vrrp::InstanceSpec instance{
      .name = "VI_1", .interface = "eth0", .virtual_router_id = 50, .priority = 90, .nopreempt = true, .auth_pass = "admin123"};
  instance.addresses.push_back(
      {.address = address("192.168.1.200"), .prefix_length = 32, .interface = "eth0", .broadcast = {}, .scope = {}});
  VirtualServer server{.endpoint = {address("192.168.1.200"), 80},
                       .protocol = Protocol::kTcp,
                       .scheduler = Scheduler::kRoundRobin,
                       .real_servers = {}};
  for (const auto& [text, digest] : {std::pair{"192.168.1.179", "b23518f93b38b0bdeac5a1bf4e205477"},
                                     std::pair{"192.168.1.180", "b7d8be77ffd1f8f85b8b37fee91d4bb9"},
                                     std::pair{"192.168.1.181", "1fca06d0fe272d1ed040eda7b2c8dd77"}}) {
    const Endpoint endpoint{address(text), 80};
    healthcheck::HttpCheck http;
    http.urls.push_back({.path = "/", .digest = digest});
    RealServer real_server{.endpoint = endpoint};
    healthcheck::CheckSpec& check = real_server.health.checks.emplace_back();
    check.server = endpoint;
    check.protocol = Protocol::kTcp;
    check.pace = {.delay_loop = 6s, .warmup = 6s, .delay_before_retry = 3s, .retry = 3};
    check.connection.target = endpoint;
    check.connection.timeout = 3s;
    check.kind = http;
    server.real_servers.push_back(std::move(real_server));
  }
  return {.router_id = "CK_TEST_BACKUP",
          .lvs_timeouts = {},
          .sync = SyncDaemon{.interface = "eth0", .instance = "VI_1", .id = 50},
          .virtual_servers = {server},
          .mail = {.router_id = "CK_TEST_BACKUP"},
          .vrrp = {.instances = {instance}, .sync_groups = {{.name = "G1", .instances = {"VI_1"}}}}};
}

constexpr const char* kOldSyncWord =
    "14:5: notice: \"lvs_sync_daemon_interface\" is keepalived's old word: lvs_sync_daemon in global_defs has more to say";

TEST(HowTo, TheMasterFileIsAcceptedWithWarningsOnly) {
  const LoadResult result = load_data("howto-master.conf");
  EXPECT_THAT(messages(result),
              testing::ElementsAre(
                  "5:17: warning: vrrp_sync_group \"G1\" has one member: there is nothing to keep in step", kOldSyncWord,
                  "16:5: warning: nopreempt does not go with state MASTER: it is cleared, as keepalived does"));
  Model expected = howto_model();
  expected.router_id = "CK_TEST";
  expected.mail.router_id = "CK_TEST";
  expected.vrrp.instances[0].priority = 100;
  expected.vrrp.instances[0].nopreempt = false;
  expected.vrrp.instances[0].initial_master = true;
  ASSERT_TRUE(result.model.has_value());
  EXPECT_TRUE(*result.model == expected);
}

TEST(HowTo, TheBackupVariantIsAcceptedWithWarningsOnly) {
  const LoadResult result = load_data("howto-backup.conf");
  EXPECT_THAT(messages(result),
              testing::ElementsAre("5:17: warning: vrrp_sync_group \"G1\" has one member: there is nothing to keep in step",
                                   kOldSyncWord));
  ASSERT_TRUE(result.model.has_value());
  EXPECT_TRUE(*result.model == howto_model());
}

}  // namespace
}  // namespace penstock::config
