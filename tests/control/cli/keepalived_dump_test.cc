// keepalived's JSON and dumps, compared with what Debian's keepalived 2.2.7 wrote for the same configuration and state (data/).
//
// Times differ from run to run, and some lines are about its descriptors; both are taken out. Its password is ours in
// asterisks.
#include "control/cli/keepalived_dump.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "config/load.h"
#include "control/cli/keepalived_json.h"

namespace penstock::control {
namespace {

using vrrp::State;

const vrrp::TimePoint kNow{std::chrono::hours{5}};

std::string recorded(const std::string& name) {
  std::ifstream file{PENSTOCK_TEST_DATA "/" + name};
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>{file}, {}};
}

vrrp::InstanceStatus instance(std::string name, State state, std::uint8_t base, std::uint8_t effective, std::uint64_t sent) {
  vrrp::InstanceStatus status{.name = std::move(name), .state = state, .since = kNow};
  status.base_priority = base;
  status.effective_priority = effective;
  status.source = packet::IpAddress::parse("192.168.1.101");
  status.counters.adverts_sent = sent;
  status.counters.became_master = state == State::kMaster ? 1 : 0;
  return status;
}

// The state in which keepalived was asked.
VrrpStatus recorded_status() {
  const config::LoadResult loaded = config::load(PENSTOCK_TEST_DATA "/keepalived.conf", {});
  VrrpStatus status{.now = kNow, .wall_clock_now = std::chrono::system_clock::time_point{std::chrono::seconds{1'795'619'320}}};
  EXPECT_TRUE(loaded.model.has_value());
  if (!loaded.model) return status;
  status.spec = loaded.model->vrrp;
  hide_secrets(status.spec);
  status.thread.instances = {instance("VI_1", State::kMaster, 150, 162, 4), instance("VI_2", State::kMaster, 100, 100, 9),
                             instance("VI_3", State::kMaster, 90, 90, 5), instance("VI_4", State::kFault, 90, 90, 0),
                             instance("VI_5", State::kBackup, 90, 90, 0)};
  auto& instances = status.thread.instances;
  instances[0].counters.rejected[static_cast<std::size_t>(vrrp::Rejection::kPassword)] = 2;
  instances[1].source = packet::IpAddress::parse("fe80::ac16:46ff:fe2e:201");
  instances[4].master = {.address = packet::IpAddress::parse("192.168.1.102").value(), .priority = 200, .heard = kNow};
  instances[4].counters.adverts_received = 5;
  status.thread.sync_groups = {{.name = "G1", .state = State::kMaster, .since = kNow}};
  return status;
}

TEST(KeepalivedJson, is_what_keepalived_writes) {
  Json theirs = Json::parse(recorded("keepalived_json.json"));
  Json ours = Json::parse(keepalived_json_text(recorded_status()));
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    for (Json* const each : {&ours[i], &theirs[i]}) {
      EXPECT_TRUE((*each)["data"]["last_transition"].is_number_float());
      (*each)["data"]["last_transition"] = 0;
    }
    if (theirs[i]["data"].contains("auth_data")) theirs[i]["data"]["auth_data"] = "********";
    EXPECT_EQ(ours[i], theirs[i]) << Json::diff(theirs[i], ours[i]).dump(1);
  }
}

TEST(KeepalivedStatistics, are_what_keepalived_writes) {
  EXPECT_EQ(keepalived_statistics(recorded_status()), recorded("keepalived_stats.txt"));
}

// The lines that say something about the configuration and the state, without times.
std::string comparable(const std::string& text) {
  static const std::regex volatile_line{"^   (Flags|fd_in|Last transition|Read timeout|Master down timer).*"};
  static const std::regex own_words{", uid:gid 0:0|, ifindex 4"};
  std::istringstream lines{text};
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, volatile_line)) continue;
    out += std::regex_replace(line, own_words, "") + '\n';
  }
  return std::regex_replace(out, std::regex{"Password = secret"}, "Password = ********");
}

TEST(KeepalivedData, is_what_keepalived_writes) {
  EXPECT_EQ(comparable(keepalived_data(recorded_status())), comparable(recorded("keepalived_data.txt")));
}

// The lines are keepalived 2.2.7's, with an IPv6 instance beside it.
TEST(KeepalivedData, names_virtual_mac_interfaces_as_keepalived_does) {
  VrrpStatus status = recorded_status();
  status.spec.instances[0].virtual_mac = {.interface = "vrrp.50", .transmit_base = true};
  const std::string text = keepalived_data(status);
  EXPECT_NE(text.find("   Use VMAC, i/f name vrrp.50, is_up = true, xmit_base = true\n"
                      "   Interface = vrrp.50, vmac on eth0, xmit base i/f\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(" dev vrrp.50@eth0 scope global"), std::string::npos) << text;
  const Json data = Json::parse(keepalived_json_text(status))[0]["data"];
  EXPECT_EQ(data["vmac_ifname"], "vrrp.50");
  EXPECT_EQ(data["ifp_ifname"], "vrrp.50");
}

TEST(KeepalivedData, tells_times_as_keepalived_does) {
  const std::regex times{R"(   Last transition = 1795619320\.000000 \(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.000000 2026\)\n)"};
  const std::string text = keepalived_data(recorded_status());
  EXPECT_TRUE(std::regex_search(text, times)) << text;
  EXPECT_NE(text.find("   Read timeout = DISABLED\n   Master down timer = 3367187 usecs\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace penstock::control
