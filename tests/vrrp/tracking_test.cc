// What an instance depends on: interfaces, addresses, trackers; and the priority that comes of it.
#include <gtest/gtest.h>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using TrackingTest = RouterTest;

ScriptTracker script_tracker(const std::string& name, std::uint32_t rise = 1, std::uint32_t fall = 1) {
  ScriptTracker tracker;
  tracker.name = name;
  tracker.rise = rise;
  tracker.fall = fall;
  return tracker;
}

// VI_1 with a script chk_a of this weight.
RouterSpec with_script(int weight, std::uint32_t rise = 1, std::uint32_t fall = 1, bool reverse = false) {
  InstanceSpec spec = instance();
  spec.tracking.scripts = {{.name = "chk_a", .weight = {.value = weight, .reverse = reverse}}};
  RouterSpec all = with({spec});
  all.scripts = {script_tracker("chk_a", rise, fall)};
  return all;
}

TEST_F(TrackingTest, AnInterfaceThatGoesDownFailsAMasterWithAPriorityZero) {
  start_as_master(with({instance()}));
  link("eth0", false);
  EXPECT_EQ(state(), State::kFault);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].advert.priority, 0);
  EXPECT_EQ(lines_,
            (std::vector<std::string>{"Netlink reports eth0 down", "(VI_1): entering FAULT state (interface eth0 down)",
                                      "(VI_1) Entering FAULT STATE", "(VI_1) sent 0 priority", "(VI_1) removing VIPs."}));
  EXPECT_EQ(status().why, "interface eth0 down");
  EXPECT_FALSE(router_.next());
}

TEST_F(TrackingTest, AnInterfaceThatComesUpMakesABackupThatWaitsInFull) {
  start_as_master(with({instance()}));
  link("eth0", false);
  pass(5s);
  link("eth0", true);
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(logged("(VI_1) Entering BACKUP STATE"));
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(TrackingTest, TheInterfaceOfItsVirtualMacAddressFailsItLikeItsOwn) {
  InstanceSpec spec = instance();
  spec.virtual_mac = {.interface = "vrrp.51"};
  link("vrrp.51", true);
  start_as_master(with({spec}));
  link("vrrp.51", false);
  EXPECT_EQ(state(), State::kFault);
  EXPECT_TRUE(logged("Netlink reports vrrp.51 down"));
  EXPECT_EQ(status().why, "interface vrrp.51 down");
  link("vrrp.51", true);
  EXPECT_EQ(state(), State::kBackup);

  spec.tracks_interface = false;
  configure(with({spec}));
  link("vrrp.51", false);
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(TrackingTest, DontTrackPrimaryIgnoresTheLink) {
  InstanceSpec spec = instance();
  spec.tracks_interface = false;
  start_as_master(with({spec}));
  link("eth0", false);
  EXPECT_EQ(state(), State::kMaster);
  forget();
  link("eth0", true);
  EXPECT_EQ(announced("10.77.0.10"), 5) << "the neighbours may have forgotten us";
}

TEST_F(TrackingTest, AnInstanceWaitsForTheFirstWordAboutItsInterface) {
  configure(with({instance()}));
  EXPECT_EQ(state(), State::kInit);
  EXPECT_EQ(status().why, "waiting for interface eth0");
  link("eth0", false);
  EXPECT_EQ(state(), State::kFault);
}

TEST_F(TrackingTest, WithoutAnAddressOfItsFamilyItFails) {
  configure(with({instance()}));
  link("eth0", true, {ip("fe80::2")});
  EXPECT_EQ(state(), State::kFault);
  EXPECT_TRUE(logged("(VI_1) entering FAULT state (no IPv4 address for interface)"));
  link("eth0", true);
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(TrackingTest, AVirtualAddressIsNoSource) {
  configure(with({instance()}));
  link("eth0", true, {ip("10.77.0.10")});
  EXPECT_EQ(state(), State::kFault);
  link("eth0", true, {ip("10.77.0.10"), ip("10.77.0.2")});
  EXPECT_EQ(status().source, ip("10.77.0.2"));
}

TEST_F(TrackingTest, TheOwnersSourceIsItsVirtualAddress) {
  configure(with({instance("VI_1", 255)}));
  link("eth0", true, {ip("10.77.0.10")});
  EXPECT_EQ(status().source, ip("10.77.0.10"));
}

TEST_F(TrackingTest, Ipv6SpeaksFromTheLinkLocalAddress) {
  configure(with({ipv6(instance())}));
  link("eth0", true, {ip("fd77::2"), ip("fe80::2")});
  pass(4s);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].frame.source, ip("fe80::2"));
  EXPECT_EQ(adverts_[0].frame.destination, ip("ff02::12"));
}

TEST_F(TrackingTest, TrackSrcIpFailsWhenTheSourceIsMissing) {
  InstanceSpec spec = instance();
  spec.source = ip("10.77.0.5");
  start(with({spec}));
  EXPECT_EQ(state(), State::kBackup) << "without track_src_ip it doesn't matter";
  spec.track_source = true;
  configure(with({spec}));
  EXPECT_EQ(state(), State::kFault);
  link("eth0", true, {ip("10.77.0.2"), ip("10.77.0.5")});
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(TrackingTest, UnicastFaultNoPeerFailsWithoutPeers) {
  InstanceSpec spec = instance();
  spec.fault_without_peer = true;
  start(with({spec}));
  EXPECT_EQ(status().why, "no unicast peers");
}

TEST_F(TrackingTest, ATrackedInterfaceWithoutWeightIsACondition) {
  InstanceSpec spec = instance();
  spec.tracking.interfaces = {{.name = "eth1"}};
  link("eth1", true, {});
  start(with({spec}));
  EXPECT_EQ(state(), State::kBackup);
  link("eth1", false, {});
  EXPECT_EQ(state(), State::kFault);
  EXPECT_EQ(status().why, "interface eth1 down");
}

TEST_F(TrackingTest, ATrackedInterfaceWithAWeightMovesThePriority) {
  InstanceSpec spec = instance();
  spec.tracking.interfaces = {{.name = "eth1", .weight = {.value = 20}}};
  link("eth1", true, {});
  start(with({spec}));
  EXPECT_EQ(status().effective_priority, 120);
  link("eth1", false, {});
  EXPECT_EQ(status().effective_priority, 100);
  EXPECT_TRUE(logged("(VI_1) Changing effective priority from 120 to 100"));
}

TEST_F(TrackingTest, AScriptWithoutResultHoldsTheInstanceInInit) {
  start(with_script(0, 3, 2));
  pass(20s);
  EXPECT_EQ(state(), State::kInit);
  EXPECT_EQ(status().why, "waiting for script chk_a");
  script("chk_a", true);
  EXPECT_EQ(state(), State::kBackup) << "one success is enough at first";
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(TrackingTest, AFirstResultThatIsAFailureFails) {
  start(with_script(0, 3, 2));
  take(router_.on_script("chk_a", false, now_, "exited with status 1"));
  EXPECT_EQ(state(), State::kFault);
  EXPECT_TRUE(logged("VRRP_Script(chk_a) failed (exited with status 1)"));
}

TEST_F(TrackingTest, RiseAndFallAreResultsInARow) {
  start(with_script(0, 3, 2));
  script("chk_a", true);
  for (const bool success : {false, true, false}) script("chk_a", success);
  EXPECT_EQ(state(), State::kBackup) << "never two failures in a row";
  script("chk_a", false);
  EXPECT_EQ(state(), State::kFault);
  for (const bool success : {true, true, false, true, true}) script("chk_a", success);
  EXPECT_EQ(state(), State::kFault) << "never three successes in a row";
  script("chk_a", true);
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(logged("VRRP_Script(chk_a) succeeded"));
}

TEST_F(TrackingTest, InitFailStartsFailedAndNeedsAllOfRise) {
  RouterSpec spec = with_script(0, 2, 1);
  spec.scripts[0].starts_failed = true;
  start(spec);
  EXPECT_EQ(state(), State::kFault);
  script("chk_a", true);
  EXPECT_EQ(state(), State::kFault);
  script("chk_a", true);
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(TrackingTest, APositiveWeightIsAddedWhileTheScriptSucceeds) {
  start(with_script(30));
  EXPECT_EQ(state(), State::kBackup) << "a weight is not waited for";
  EXPECT_EQ(status().effective_priority, 100);
  script("chk_a", true);
  EXPECT_EQ(status().effective_priority, 130);
  script("chk_a", false);
  EXPECT_EQ(status().effective_priority, 100);
}

TEST_F(TrackingTest, ANegativeWeightIsSubtractedWhileTheScriptFails) {
  start(with_script(-30));
  script("chk_a", true);
  EXPECT_EQ(status().effective_priority, 100);
  script("chk_a", false);
  EXPECT_EQ(status().effective_priority, 70);
  const auto shares = status().shares;
  ASSERT_EQ(shares.size(), 1);
  EXPECT_EQ(shares[0].tracker, "script chk_a");
  EXPECT_EQ(shares[0].adds, -30);
  EXPECT_FALSE(shares[0].succeeds);
}

TEST_F(TrackingTest, ReverseTurnsTheSignAndTheCondition) {
  start(with_script(30, 1, 1, true));
  script("chk_a", true);
  EXPECT_EQ(status().effective_priority, 70);
  configure(with_script(0, 1, 1, true));
  EXPECT_EQ(state(), State::kFault);
  script("chk_a", false);
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(TrackingTest, ThePriorityStaysBetween1And254) {
  start(with_script(253));
  script("chk_a", true);
  EXPECT_EQ(status().effective_priority, 254);
  configure(with_script(-253));
  script("chk_a", false);
  EXPECT_EQ(status().effective_priority, 1);
}

TEST_F(TrackingTest, AnOwnersPriorityNeverChangesButConditionsCount) {
  RouterSpec spec = with_script(-30);
  spec.instances[0].priority = 255;
  start(spec);
  script("chk_a", false);
  EXPECT_EQ(status().effective_priority, 255);
  EXPECT_EQ(status().shares[0].adds, 0);
  RouterSpec condition = with_script(0);
  condition.instances[0].priority = 255;
  configure(condition);
  EXPECT_EQ(state(), State::kFault);
}

TEST_F(TrackingTest, ANewPriorityShiftsARunningTimerByItsSkew) {
  start(with_script(-50));
  script("chk_a", true);
  pass(1s);
  script("chk_a", false);
  EXPECT_EQ(until_timer(), 2'609'375us + 50 * 3'906'250ns);
  script("chk_a", true);
  EXPECT_EQ(until_timer(), 2'609'375us);
}

TEST_F(TrackingTest, AMastersNewPriorityIsInItsNextAdvert) {
  RouterSpec spec = with_script(-50);
  start_as_master(spec);
  script("chk_a", false);
  EXPECT_TRUE(adverts_.empty());
  pass(1s);
  EXPECT_EQ(adverts_.at(0).advert.priority, 50);
}

TEST_F(TrackingTest, AFilesNumberTimesItsWeightIsAdded) {
  InstanceSpec instance_spec = instance();
  instance_spec.tracking.files = {{.name = "drain", .weight = {.value = -2}}};
  RouterSpec spec = with({instance_spec});
  spec.files = {{.name = "drain"}};
  start(spec);
  take(router_.on_file("drain", 20, now_));
  EXPECT_EQ(status().effective_priority, 60);
  take(router_.on_file("drain", 127, now_));
  EXPECT_EQ(state(), State::kFault) << "-254 or less fails";
  take(router_.on_file("drain", INT64_MIN, now_));
  EXPECT_EQ(status().effective_priority, 254);
}

TEST_F(TrackingTest, AFileWithoutWeightFailsByAnyNumberButZero) {
  InstanceSpec instance_spec = instance();
  instance_spec.tracking.files = {{.name = "drain"}};
  RouterSpec spec = with({instance_spec});
  spec.files = {{.name = "drain"}};
  start(spec);
  EXPECT_EQ(state(), State::kInit);
  take(router_.on_file("drain", 0, now_));
  EXPECT_EQ(state(), State::kBackup);
  take(router_.on_file("drain", -1, now_));
  EXPECT_EQ(status().why, "file drain is -1");
}

TEST_F(TrackingTest, ALostQuorumOfProcessesFails) {
  InstanceSpec instance_spec = instance();
  instance_spec.tracking.processes = {{.name = "nginx"}};
  RouterSpec spec = with({instance_spec});
  spec.processes.resize(1);
  spec.processes[0].name = "nginx";
  start(spec);
  take(router_.on_processes("nginx", true, now_));
  EXPECT_EQ(state(), State::kBackup);
  take(router_.on_processes("nginx", false, now_));
  EXPECT_EQ(state(), State::kFault);
  EXPECT_TRUE(logged("Quorum lost for tracked process nginx"));
}

TEST_F(TrackingTest, ResultsOfUnknownTrackersAreNothing) {
  start(with({instance()}));
  forget();
  script("nobody", false);
  take(router_.on_file("nobody", 1, now_));
  take(router_.on_processes("nobody", false, now_));
  EXPECT_TRUE(order_.empty());
}

TEST_F(TrackingTest, AnAddressThatIsLostMakesAMasterResign) {
  start_as_master(with({instance()}));
  take(router_.on_address_lost("eth0", ip("10.77.0.10"), now_));
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_EQ(adverts_.at(0).advert.priority, 0);
  EXPECT_EQ(until_timer(), 3'609'375us);
  EXPECT_EQ(status().why, "address 10.77.0.10 removed from eth0");
}

TEST_F(TrackingTest, AnAddressWithNoTrackMayBeLost) {
  InstanceSpec spec = instance();
  spec.addresses[0].no_track = true;
  start_as_master(with({spec}));
  take(router_.on_address_lost("eth0", ip("10.77.0.10"), now_));
  take(router_.on_address_lost("eth1", ip("10.77.0.10"), now_));
  take(router_.on_address_lost("eth0", ip("10.77.0.99"), now_));
  EXPECT_EQ(state(), State::kMaster);
}

}  // namespace
}  // namespace penstock::vrrp
