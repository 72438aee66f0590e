// What goes out besides announcements: the frames of adverts, and news for scripts, the fifo and by mail.
#include <gtest/gtest.h>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using NotificationTest = RouterTest;
using OutgoingAdvertTest = RouterTest;

notify::Script command(const std::string& program) { return {.command = {program}}; }

TEST_F(NotificationTest, EachStateHasItsScriptAndNotifyGetsFourArguments) {
  InstanceSpec spec = instance();
  spec.notify.master = command("/bin/m");
  spec.notify.backup = command("/bin/b");
  spec.notify.fault = command("/bin/f");
  spec.notify.any = {.command = {"/bin/n", "x"}, .user = "nobody"};
  start(with({spec}));
  pass(4s);
  link("eth0", false);
  ASSERT_EQ(scripts_.size(), 6);
  EXPECT_EQ(scripts_[0].script.command, std::vector<std::string>{"/bin/b"});
  EXPECT_EQ(scripts_[1].script.command, (std::vector<std::string>{"/bin/n", "x", "INSTANCE", "VI_1", "BACKUP", "100"}));
  EXPECT_EQ(scripts_[1].script.user, "nobody");
  EXPECT_EQ(scripts_[2].script.command, std::vector<std::string>{"/bin/m"});
  EXPECT_EQ(scripts_[4].script.command, std::vector<std::string>{"/bin/f"});
  EXPECT_EQ(scripts_[5].script.command.at(4), "FAULT");
  for (const notify::RunScript& each : scripts_) EXPECT_EQ(each.queue, "INSTANCE VI_1");
  EXPECT_EQ(fifo_, (std::vector<std::string>{"INSTANCE \"VI_1\" BACKUP 100", "INSTANCE \"VI_1\" MASTER 100",
                                             "INSTANCE \"VI_1\" FAULT 100"}));
}

TEST_F(NotificationTest, WithoutAFifoNoLineIsWritten) {
  RouterSpec spec = with({instance()});
  spec.notify_fifo.clear();
  start(spec);
  pass(4s);
  EXPECT_TRUE(fifo_.empty());
}

TEST_F(NotificationTest, MailsSayWhoOwnsTheAddresses) {
  InstanceSpec spec = instance();
  spec.notify.mail = true;
  start(with({spec}));
  pass(4s);
  link("eth0", false);
  ASSERT_EQ(mails_.size(), 3);
  EXPECT_EQ(mails_[0].subject, "VRRP Instance VI_1 - Entering BACKUP state");
  EXPECT_EQ(mails_[0].body, "=> VRRP Instance is no longer owning VRRP VIPs <=");
  EXPECT_EQ(mails_[1].subject, "VRRP Instance VI_1 - Entering MASTER state");
  EXPECT_EQ(mails_[1].body, "=> VRRP Instance is now owning VRRP VIPs <=");
  EXPECT_EQ(mails_[2].subject, "VRRP Instance VI_1 - Entering FAULT state");
}

TEST_F(NotificationTest, WithNoEmailFaultsALinkThatFlapsMailsNothing) {
  InstanceSpec spec = instance();
  spec.notify.mail = true;
  RouterSpec all = with({spec});
  all.mails_faults = false;
  start(all);
  mails_.clear();
  for (int i = 0; i < 3; ++i) {
    link("eth0", false);
    link("eth0", true);
  }
  EXPECT_TRUE(mails_.empty());
}

TEST_F(NotificationTest, ALowerPriorityIsToldOnRequest) {
  InstanceSpec spec = instance();
  spec.notify.master_receives_lower = command("/bin/lower");
  start_as_master(with({spec}));
  hear({.from = "10.77.0.3", .priority = 50});
  EXPECT_EQ(scripts_.at(0).script.command, std::vector<std::string>{"/bin/lower"});
  EXPECT_EQ(fifo_, std::vector<std::string>{"INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 100"});
}

TEST_F(NotificationTest, ChangesOfPriorityAreToldOnRequest) {
  InstanceSpec spec = instance();
  spec.notify.priority_changes = true;
  spec.tracking.scripts = {{.name = "chk_a", .weight = {.value = -30}}};
  RouterSpec all = with({spec});
  all.scripts.resize(1);
  all.scripts[0].name = "chk_a";
  start(all);
  forget();
  script("chk_a", false);
  EXPECT_EQ(fifo_, std::vector<std::string>{"INSTANCE \"VI_1\" BACKUP_PRIORITY 70"});
  pass(4s);
  script("chk_a", true);
  EXPECT_EQ(fifo_.back(), "INSTANCE \"VI_1\" MASTER_PRIORITY 100");
}

TEST_F(NotificationTest, ANewMasterSendsFirstAndTellsLater) {
  InstanceSpec spec = instance();
  spec.notify.master = command("/bin/m");
  spec.notify.mail = true;
  start(with({spec}));
  forget();
  pass(3'609'375us);
  EXPECT_EQ(order_, (std::vector<std::string>{"frame", "own", "frame", "log", "script", "fifo", "mail"}));
}

TEST_F(OutgoingAdvertTest, HasEverythingThatIsConfigured) {
  start(with({instance()}));
  pass(3'609'375us);
  ASSERT_EQ(adverts_.size(), 1);
  const auto& [at, interface, frame, advert] = adverts_[0];
  EXPECT_EQ(interface, "eth0");
  EXPECT_EQ(frame.source, ip("10.77.0.2"));
  EXPECT_EQ(frame.destination, ip("224.0.0.18"));
  EXPECT_EQ(frame.ttl, 255);
  EXPECT_EQ(frame.source_mac, kMac);
  EXPECT_EQ(advert.version, 2);
  EXPECT_EQ(advert.virtual_router_id, 51);
  EXPECT_EQ(advert.priority, 100);
  EXPECT_EQ(advert.interval, 1s);
  EXPECT_EQ(advert.addresses, std::vector{ip("10.77.0.10")});
  EXPECT_EQ(advert.authentication_type, 1);
  EXPECT_EQ(advert.authentication, authentication_of("password"));
  EXPECT_EQ(status().counters.adverts_sent, 1);
}

TEST_F(OutgoingAdvertTest, HasTheConfiguredChecksum) {
  InstanceSpec rfc5798 = version3(instance("VI_1"));
  InstanceSpec rfc9568 = version3(instance("VI_2"));
  rfc9568.pseudo_header = false;
  start(with({rfc5798, rfc9568}));
  pass(4s);
  EXPECT_EQ(adverts_.at(0).advert.checksum, ChecksumForm::kPseudoHeader);
  EXPECT_EQ(adverts_.at(1).advert.checksum, ChecksumForm::kMessage);
}

TEST_F(OutgoingAdvertTest, GoesToEachUnicastPeerAndNotToTheGroup) {
  InstanceSpec spec = instance();
  spec.unicast_peers = {{.address = ip("10.77.0.1")}, {.address = ip("10.77.0.3")}};
  spec.unicast_ttl = 64;
  spec.source = ip("10.77.0.5");
  start(with({spec}));
  pass(4s);
  ASSERT_EQ(adverts_.size(), 2);
  EXPECT_EQ(adverts_[0].frame.destination, ip("10.77.0.1"));
  EXPECT_EQ(adverts_[1].frame.destination, ip("10.77.0.3"));
  EXPECT_EQ(adverts_[1].frame.ttl, 64);
  EXPECT_EQ(adverts_[1].frame.source, ip("10.77.0.5"));
  EXPECT_EQ(status().counters.adverts_sent, 1);
  hear({.from = "10.77.0.1", .priority = 150});
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(OutgoingAdvertTest, GoesToAnotherGroupWhenConfigured) {
  InstanceSpec spec = instance();
  spec.destination = ip("224.0.0.99");
  start(with({spec}));
  pass(4s);
  EXPECT_EQ(adverts_.at(0).frame.destination, ip("224.0.0.99"));
}

TEST_F(OutgoingAdvertTest, FollowsTheInterfacesAddress) {
  start_as_master(with({instance()}));
  link("eth0", true, {ip("10.77.0.7")});
  pass(1s);
  EXPECT_EQ(adverts_.at(0).frame.source, ip("10.77.0.7"));
}

}  // namespace
}  // namespace penstock::vrrp
