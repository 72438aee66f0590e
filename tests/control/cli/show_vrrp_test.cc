// `penstock show vrrp`: who is master and why not, for people and as JSON; `penstock announce`.
#include "control/cli/show_vrrp.h"

#include <gtest/gtest.h>

#include "control/cli/commands.h"
#include "tests/control/cli/fake_source.h"
#include "tests/support/ip.h"

namespace penstock::control {
namespace {

using penstock::test::ip;
using std::chrono::milliseconds;
using std::chrono::seconds;
using vrrp::State;

const vrrp::TimePoint kVrrpNow{std::chrono::hours{5}};

vrrp::InstanceSpec how_to_spec() {
  vrrp::InstanceSpec spec{.name = "VI_1", .interface = "eth0", .virtual_router_id = 50, .priority = 100};
  spec.auth_pass = "1111";
  spec.addresses.push_back({.address = ip("192.168.1.200"), .prefix_length = 24, .interface = "eth0"});
  return spec;
}

// A master that became one 75 s ago and never heard anybody.
VrrpStatus lone_master() {
  vrrp::InstanceStatus instance{
      .name = "VI_1", .state = State::kMaster, .since = kVrrpNow - seconds{75}, .why = "no advert was heard"};
  instance.source = ip("192.168.1.101");
  instance.next = kVrrpNow + milliseconds{400};
  instance.counters.adverts_sent = 76;
  instance.counters.worst_lateness = std::chrono::microseconds{120};
  VrrpStatus status{.now = kVrrpNow, .wall_clock_now = std::chrono::system_clock::time_point{seconds{1'000'000}}};
  status.spec.instances.push_back(how_to_spec());
  status.thread.instances.push_back(instance);
  status.thread.worst_delay = std::chrono::microseconds{140};
  hide_secrets(status.spec);
  return status;
}

VipConflict conflict() {
  return {.instance = "VI_1",
          .interface = "eth0",
          .address = ip("192.168.1.200"),
          .mac = {{0x02, 0, 0, 0, 0, 0x66}},
          .count = 5,
          .first = kVrrpNow - seconds{60},
          .last = kVrrpNow - milliseconds{300}};
}

TEST(ShowVrrp, a_master_that_hears_nobody) {
  EXPECT_EQ(show_vrrp(lone_master()), &R"(
VI_1: MASTER for 1 min 15 s (no advert was heard)
  Master     this host
  Priority   100
  Router     VRID 50 on eth0, VRRP version 2, with a password
  Source     192.168.1.101, to multicast, every 1 s
  Addresses  192.168.1.200/24
  Adverts    76 sent, 0 received; the latest sent 0.1 ms after its time
  Next       advert in 0.4 s

Timers of the VRRP thread ran at most 0.1 ms late.
)"[1]);
}

TEST(ShowVrrp, a_virtual_mac_address_is_named) {
  VrrpStatus status = lone_master();
  status.spec.instances[0].virtual_mac = {.interface = "vrrp.50"};
  EXPECT_NE(show_vrrp(status).find("  MAC        00:00:5e:00:01:32 on vrrp.50\n"), std::string::npos) << show_vrrp(status);
  EXPECT_EQ(vrrp_json(status)["instances"][0]["virtual_mac"],
            (Json{{"address", "00:00:5e:00:01:32"}, {"interface", "vrrp.50"}, {"adverts_from_base", false}}));
  status.spec.instances[0].virtual_mac->transmit_base = true;
  EXPECT_NE(show_vrrp(status).find("00:00:5e:00:01:32 on vrrp.50, adverts from that of eth0\n"), std::string::npos);
}

TEST(ShowVrrp, two_masters_by_a_wrong_password) {
  VrrpStatus status = lone_master();
  status.thread.instances[0].rejected_peers.push_back(
      {.source = ip("192.168.1.102"), .why = vrrp::Rejection::kPassword, .count = 120, .last = kVrrpNow - milliseconds{300}});
  status.thread.instances[0].counters.rejected[static_cast<std::size_t>(vrrp::Rejection::kPassword)] = 120;
  status.conflicts.push_back(conflict());
  const std::string text = show_vrrp(status);
  EXPECT_NE(text.find("  REJECTED   I hear 192.168.1.102 for VRID 50, rejected: wrong password (120 times, last 0.3 s ago)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  CONFLICT   02:00:00:00:00:66 answers ARP for 192.168.1.200: another master, and adverts are rejected "
                      "(5 times, last 0.3 s ago)\n"),
            std::string::npos)
      << text;
}

TEST(ShowVrrp, two_masters_that_do_not_hear_each_other) {
  VrrpStatus status = lone_master();
  status.conflicts.push_back(conflict());
  const std::string expected =
      "no advert was ever received on eth0, while 02:00:00:00:00:66 answers ARP for 192.168.1.200: another master that we "
      "don't hear (is protocol 112 let through, and multicast?) (5 times, last 0.3 s ago)";
  EXPECT_NE(show_vrrp(status).find("  CONFLICT   " + expected + '\n'), std::string::npos) << show_vrrp(status);
  EXPECT_EQ(vrrp_json(status)["instances"][0]["conflicts_in_words"], Json::array({expected}));

  status.thread.instances[0].counters.adverts_received = 1;
  status.thread.instances[0].master = {.address = ip("192.168.1.102"), .priority = 90, .heard = kVrrpNow - seconds{20}};
  EXPECT_NE(show_vrrp(status).find("no advert that we believe was received since 20 s, while 02:00:00:00:00:66 answers ARP"),
            std::string::npos);
}

TEST(ShowVrrp, a_real_server_that_answers_for_the_vip_is_named) {
  VrrpStatus status = lone_master();
  status.conflicts.push_back(conflict());
  status.conflicts[0].real_server = ip("192.168.1.179");
  EXPECT_NE(show_vrrp(status).find("real server 192.168.1.179 (02:00:00:00:00:66) answers ARP for 192.168.1.200: its kernel "
                                   "must not (arp_ignore=1, arp_announce=2) (5 times, last 0.3 s ago)\n"),
            std::string::npos);
}

TEST(ShowVrrp, what_was_claimed_before_we_were_master_is_no_conflict_in_words) {
  VrrpStatus status = lone_master();
  status.conflicts.push_back(conflict());
  status.conflicts[0].last = kVrrpNow - seconds{80};
  EXPECT_EQ(show_vrrp(status).find("CONFLICT"), std::string::npos);
  EXPECT_EQ(vrrp_json(status)["instances"][0]["conflicts"].size(), 1U);
}

// A backup, one in FAULT, a group, strangers and losses.
VrrpStatus several() {
  VrrpStatus status = lone_master();
  auto& backup = status.thread.instances[0];
  backup.state = State::kBackup;
  backup.why = "192.168.1.102 has a higher priority";
  backup.effective_priority = 110;
  backup.shares = {{.tracker = "script chk_a", .weight = 10, .adds = 10},
                   {.tracker = "interface eth1", .weight = 20, .succeeds = false},
                   {.tracker = "process p", .is_condition = true}};
  backup.master = {
      .address = ip("192.168.1.102"), .priority = 105, .interval = seconds{1}, .heard = kVrrpNow - milliseconds{250}};
  backup.next = kVrrpNow + milliseconds{3400};
  backup.counters.adverts_received = 1'234;
  backup.counters.stalls = 2;
  status.spec.instances[0].nopreempt = true;
  vrrp::InstanceSpec second = how_to_spec();
  second.name = "VI_2";
  second.virtual_router_id = 51;
  second.version = 3;
  second.auth_pass.clear();
  second.advert_interval = milliseconds{250};
  second.unicast_peers = {{.address = ip("192.168.1.102")}, {.address = ip("192.168.1.103")}};
  second.excluded_addresses.push_back({.address = ip("192.168.7.7"), .interface = "eth1"});
  status.spec.instances.push_back(second);
  status.thread.instances.push_back(
      {.name = "VI_2", .state = State::kFault, .since = kVrrpNow - seconds{5}, .why = "interface eth1 down"});
  status.spec.sync_groups.push_back({.name = "G1", .instances = {"VI_1", "VI_2"}});
  status.thread.sync_groups.push_back({.name = "G1", .state = State::kFault, .since = kVrrpNow - seconds{5}});
  status.thread.strangers = {.unreadable = 1, .unknown_router = 12'000};
  status.thread.frames_lost = 3;
  status.thread.frames_without_way = 4;
  return status;
}

TEST(ShowVrrp, a_backup_and_one_in_fault) {
  EXPECT_EQ(show_vrrp(several()), &R"(
Instance  State        Since  Priority  VRID  Interface  Master
VI_1      BACKUP  1 min 15 s       110    50  eth0       192.168.1.102
VI_2      FAULT        5.0 s       100    51  eth0       none heard

VI_1: BACKUP for 1 min 15 s (192.168.1.102 has a higher priority)
  Master     192.168.1.102, priority 105, every 1 s, heard 0.2 s ago; left in place: nopreempt
  Priority   110 = 100, +10 as script chk_a succeeds, 0 as interface eth1 fails (else +20), process p holds
  Router     VRID 50 on eth0, VRRP version 2, with a password
  Source     192.168.1.101, to multicast, every 1 s
  Addresses  192.168.1.200/24
  Adverts    76 sent, 1,234 received; the latest sent 0.1 ms after its time
  Stalled    2 times for longer than the master-down interval
  Next       takes over in 3.4 s unless an advert comes

VI_2: FAULT for 5.0 s (interface eth1 down)
  Master     no other heard; this host can't be: interface eth1 down
  Priority   100
  Router     VRID 51 on eth0, VRRP version 3
  Source     none yet, to 192.168.1.102 192.168.1.103, every 0.25 s
  Addresses  192.168.1.200/24; not in adverts: 192.168.7.7 on eth1
  Adverts    0 sent, 0 received; the latest sent 0.0 ms after its time

Sync group G1: FAULT for 5.0 s: VI_1, VI_2
1 frame of protocol 112 could not be read as an advert.
12,000 frames came for virtual routers that are not configured here.
3 frames could not be sent: the port took none.
4 frames could not be sent: the MAC address of a unicast peer isn't known.
Timers of the VRRP thread ran at most 0.1 ms late.
)"[1]);
}

TEST(ShowVrrp, says_that_there_is_none) { EXPECT_EQ(show_vrrp({}), "No VRRP instance is configured.\n"); }

TEST(ShowVrrp, as_json) {
  VrrpStatus status = several();
  status.thread.instances[0].counters.rejected[static_cast<std::size_t>(vrrp::Rejection::kPassword)] = 7;
  const Json json = vrrp_json(status);
  const Json& backup = json["instances"][0];
  EXPECT_EQ(backup["state"], "BACKUP");
  EXPECT_EQ(backup["since_at"], 1'000'000 - 75);
  EXPECT_EQ(backup["effective_priority"], 110);
  EXPECT_EQ(backup["shares"][0],
            (Json{{"tracker", "script chk_a"}, {"weight", 10}, {"adds", 10}, {"is_condition", false}, {"succeeds", true}}));
  EXPECT_EQ(backup["master"]["address"], "192.168.1.102");
  EXPECT_EQ(backup["master"]["heard_seconds_ago"], 0.25);
  EXPECT_EQ(backup["next_timer_in_seconds"], 3.4);
  EXPECT_EQ(backup["has_password"], true);
  EXPECT_EQ(backup["counters"]["rejected"].size(), vrrp::kRejectionCount);
  EXPECT_EQ(backup["counters"]["rejected"]["wrong_password"], 7);
  EXPECT_TRUE(json["instances"][1]["master"].is_null());
  EXPECT_EQ(json["sync_groups"][0]["instances"], Json::array({"VI_1", "VI_2"}));
  EXPECT_EQ(json["frames_for_unknown_routers"], 12'000);
  EXPECT_EQ(json["worst_timer_delay_seconds"], 0.00014);
  EXPECT_EQ(json.dump().find("1111"), std::string::npos) << "the password";
}

TEST(ShowVrrp, by_command) {
  FakeSource source;
  source.vrrp_status = lone_master();
  const auto out = [&](std::vector<std::string> args) { return answer_command(args, source).out; };
  EXPECT_EQ(out({"show", "vrrp"}), show_vrrp(source.vrrp_status));
  EXPECT_EQ(Json::parse(out({"show", "vrrp", "--json"})), vrrp_json(source.vrrp_status));
  EXPECT_TRUE(Json::parse(out({"show", "vrrp", "--json=keepalived"})).is_array());
  EXPECT_EQ(answer_command(std::vector<std::string>{"show", "ports", "--json=keepalived"}, source).err,
            "penstock show: --json=keepalived goes with vrrp only\n");
}

TEST(Announce, asks_for_it_where_this_host_is_master) {
  FakeSource source;
  const std::vector<std::string> words{"announce"};
  EXPECT_EQ(answer_command(words, source).err, "penstock: this host is master for no VRRP instance\n");
  EXPECT_EQ(source.announced, 0);
  source.vrrp_status = lone_master();
  EXPECT_EQ(answer_command(words, source).out, "The addresses of VI_1 are announced again.\n");
  EXPECT_EQ(source.announced, 1);
  EXPECT_EQ(answer_command(std::vector<std::string>{"announce", "now"}, source).err, "penstock announce: now is too much\n");
}

}  // namespace
}  // namespace penstock::control
