// What isn't believed changes nothing; and it is told apart, counted and not logged without end.
#include <gtest/gtest.h>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using RejectTest = RouterTest;

// keepalived up to 2.4.3: 40 such packets at 0.3 s silence the master until the backup takes over.
TEST_F(RejectTest, AFloodOfWrongPasswordsDoesntSilenceAMaster) {
  start_as_master(with({instance()}));
  const nanoseconds first = *status().next - kStart;
  for (int i = 0; i < 40; ++i) {
    pass(300ms);
    hear({.from = "10.77.0.66", .priority = 50, .password = "wrong"});
  }
  const auto times = advert_times();
  ASSERT_EQ(times.size(), 12);
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], first + i * nanoseconds{1s});
  EXPECT_EQ(status().counters.rejected[static_cast<std::size_t>(Rejection::kPassword)], 40);
  EXPECT_EQ(count_logged("(VI_1) received an invalid passwd from 10.77.0.66!"), 2) << "one line in ten seconds";
}

TEST_F(RejectTest, AFloodOfWrongPasswordsDoesntKeepABackupFromTakingOver) {
  start(with({instance()}));
  for (int i = 0; i < 36; ++i) {
    pass(100ms);
    hear({.priority = 200, .password = "wrong"});
  }
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_EQ(until_timer(), 9'375us);
  EXPECT_FALSE(status().master) << "nobody was believed";
}

TEST_F(RejectTest, AnyRejectionLeavesTimersStateAndMemoryAlone) {
  start(with({instance()}));
  hear({.from = "10.77.0.1", .priority = 150});
  pass(1s);
  const InstanceStatus before = status();
  const std::vector<PeerAdvert> bad = {
      {.from = "10.77.0.9", .priority = 0, .ttl = 64},
      {.from = "10.77.0.9", .priority = 200, .interval = 2s},
      {.from = "10.77.0.9", .priority = 200, .password = ""},
      {.from = "10.77.0.9", .priority = 0, .password = "wrong"},
      {.from = "10.77.0.2", .priority = 200},
  };
  for (const PeerAdvert& each : bad) hear(each);
  const InstanceStatus after = status();
  EXPECT_EQ(after.state, before.state);
  EXPECT_EQ(after.next, before.next);
  EXPECT_EQ(after.since, before.since);
  EXPECT_EQ(after.master->address, before.master->address);
  EXPECT_EQ(after.counters.adverts_received, 1);
  EXPECT_EQ(after.rejected_peers.size(), 2);
  EXPECT_EQ(after.rejected_peers[0].source, ip("10.77.0.2"));
  EXPECT_EQ(after.rejected_peers[0].why, Rejection::kOwnAddress);
  EXPECT_EQ(lines_.back(), "(VI_1) ignoring an advert from our own address 10.77.0.2");
}

TEST_F(RejectTest, ForgedPeersCostNeitherMemoryNorLog) {
  start(with({instance()}));
  forget();
  for (int i = 0; i < 250; ++i) hear({.from = "10.77.1." + std::to_string(i), .priority = 200, .password = "wrong"});
  EXPECT_EQ(status().rejected_peers.size(), 16);
  EXPECT_EQ(status().rejected_peers[0].source, ip("10.77.1.249"));
  EXPECT_EQ(lines_.size(), 16);
}

TEST_F(RejectTest, AnotherListOfAddressesIsSaidCountedAndBelieved) {
  start(with({instance()}));
  hear({.priority = 150, .addresses = {{ip("10.77.0.10"), ip("10.77.0.11")}}});
  EXPECT_TRUE(logged("(VI_1) expected 1 VIPs but received 2"));
  EXPECT_EQ(status().counters.address_list_differs, 1);
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(RejectTest, ARemarkIsWrittenOnceInTenSeconds) {
  start(with({version3(instance(), 100ms)}));
  for (int i = 0; i < 50; ++i) {
    hear({.priority = 150, .interval = 200ms});
    pass(200ms);
  }
  EXPECT_EQ(count_logged("interval mismatch"), 1);
}

TEST_F(RejectTest, UnknownRoutersAreCountedAndLoggedOnRequest) {
  RouterSpec spec = with({instance()});
  spec.logs_unknown_routers = true;
  start(spec);
  spec_.instances[0].virtual_router_id = 77;  // of the frames that hear() makes
  hear({.priority = 150});
  hear({.priority = 150});
  EXPECT_EQ(router_.strangers().unknown_router, 2);
  EXPECT_EQ(count_logged("Unknown VRID(77) received on interface(eth0). ignoring..."), 1);
  EXPECT_EQ(status().counters.adverts_received, 0);
}

TEST_F(RejectTest, FramesOfAnotherInterfaceAreStrangers) {
  start(with({instance()}));
  spec_.instances[0].interface = "eth1";
  hear({.priority = 150});
  EXPECT_EQ(router_.strangers().unknown_router, 1);
}

TEST_F(RejectTest, BytesThatAreNoAdvertAreCounted) {
  start(with({instance()}));
  const std::vector<std::byte> noise(40, std::byte{0x5a});
  hear_bytes(noise);
  hear_bytes({});
  EXPECT_EQ(router_.strangers().unreadable, 2);
}

TEST_F(RejectTest, AMasterThatIsHeardForTheFirstTimeIsNamed) {
  start(with({instance()}));
  hear({.from = "10.77.0.1", .priority = 150});
  hear({.from = "10.77.0.3", .priority = 200});
  EXPECT_TRUE(logged("(VI_1) master set to 10.77.0.1"));
  EXPECT_TRUE(logged("(VI_1) master changed from 10.77.0.1 to 10.77.0.3"));
  EXPECT_EQ(status().master->priority, 200);
}

}  // namespace
}  // namespace penstock::vrrp
