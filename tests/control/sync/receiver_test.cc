#include "control/sync/receiver.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <vector>

#include "sync/message_writer.h"
#include "tests/control/sync/directory_for_tests.h"

namespace penstock::control {
namespace {

using core::ConnectionState;
using packet::Protocol;

constexpr std::uint8_t kSyncId = 50;
constexpr core::Tick kReceived = 1000;

class SyncReceiverTest : public testing::Test {
 protected:
  static sync::Entry web(std::uint16_t client_port = 40001) {
    sync::Entry entry;
    entry.client = {ip("192.168.1.10"), client_port};
    entry.virtual_server = {ip("192.168.1.200"), 80};
    entry.real_server = {ip("192.168.1.179"), 80};
    entry.flags = sync::direct_routing_flags(true);
    entry.state = static_cast<std::uint16_t>(ConnectionState::kEstablished);
    entry.protocol = 6;
    entry.timeout = std::chrono::seconds{900};
    return entry;
  }

  std::optional<sync::Note> take(const sync::Entry& entry, std::uint8_t syncid = kSyncId, bool only_if_absent = false) {
    sync::MessageWriter writer{1472, syncid};
    EXPECT_TRUE(writer.add(entry));
    return receiver_.take(writer.take(), names_.directory(), kReceived, only_if_absent);
  }

  [[nodiscard]] core::ConnectionKey4 key(std::uint16_t client_port = 40001) const {
    return {ip("192.168.1.10").v4(), client_port, names_.service("192.168.1.200", 80, Protocol::kTcp)};
  }
  [[nodiscard]] core::ServerId web_server(const char* address) const {
    return names_.server(names_.service("192.168.1.200", 80, Protocol::kTcp), address, 80);
  }
  [[nodiscard]] std::uint64_t refused(EntryRefusal refusal) const {
    return receiver_.received().refused[static_cast<std::size_t>(refusal)];
  }
  void expect_refused(const sync::Entry& entry, EntryRefusal refusal) {
    take(entry);
    EXPECT_EQ(refused(refusal), 1U) << name_of(refusal);
    EXPECT_FALSE(tables_.any_unclaimed());
  }

  DirectoryForTests names_;
  core::StandbyCounters counters_;
  core::StandbyTables tables_{64, 64, counters_};
  SyncReceiver receiver_{tables_, kSyncId};
};

TEST_F(SyncReceiverTest, AConnectionWaitsWithItsServerStateAndTime) {
  take(web());
  const auto known = tables_.ipv4.find(key());
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->server, web_server("192.168.1.179"));
  EXPECT_EQ(known->state, ConnectionState::kEstablished);
  EXPECT_EQ(known->expires, kReceived + 900 * core::kTicksPerSecond);
  EXPECT_FALSE(known->only_if_absent);
  EXPECT_EQ(receiver_.received().entries_new, 1U);
}

TEST_F(SyncReceiverTest, UdpAndIpv6) {
  sync::Entry dns = web();
  dns.virtual_server.port = dns.real_server.port = 53;
  dns.protocol = 17;
  dns.state = 0;
  dns.flags = sync::direct_routing_flags(false);
  take(dns);
  const auto udp = tables_.ipv4.find({ip("192.168.1.10").v4(), 40001, names_.service("192.168.1.200", 53, Protocol::kUdp)});
  ASSERT_TRUE(udp.has_value());
  EXPECT_EQ(udp->state, ConnectionState::kUdp);

  sync::Entry six = web();
  six.client.address = ip("fd77::10");
  six.virtual_server.address = ip("fd77::200");
  six.real_server.address = ip("fd77::180");
  take(six);
  EXPECT_TRUE(tables_.ipv6.find({ip("fd77::10").v6(), 40001, names_.service("fd77::200", 80, Protocol::kTcp)}).has_value());
}

TEST_F(SyncReceiverTest, AnUntoldTimeIsThatOfTheStateAndALongOneIsCut) {
  sync::Entry entry = web();
  entry.timeout = std::chrono::seconds{0};
  entry.state = static_cast<std::uint16_t>(ConnectionState::kFinWait);
  take(entry);
  EXPECT_EQ(tables_.ipv4.find(key())->expires, kReceived + 120 * core::kTicksPerSecond);
  entry.timeout = std::chrono::seconds{0xffff'ffff};
  take(entry);
  EXPECT_EQ(tables_.ipv4.find(key())->expires,
            kReceived + static_cast<core::Tick>(core::kMaxTimeout.count()) * core::kTicksPerSecond);
  EXPECT_EQ(receiver_.received().entries_updated, 1U);
}

TEST_F(SyncReceiverTest, ANewServerReplacesTheOldOneButAnEndingOneDoesNot) {
  take(web());
  sync::Entry other = web();
  other.real_server.address = ip("192.168.1.180");
  other.flags = sync::direct_routing_flags(false);
  take(other);
  EXPECT_EQ(refused(EntryRefusal::kOutdated), 1U);
  EXPECT_EQ(tables_.ipv4.find(key())->server, web_server("192.168.1.179"));
  other.flags = sync::direct_routing_flags(true);
  take(other);
  EXPECT_EQ(tables_.ipv4.find(key())->server, web_server("192.168.1.180"));
}

TEST_F(SyncReceiverTest, WhatIsOnlyForTheAbsentSaysSo) {
  take(web(), kSyncId, true);
  EXPECT_TRUE(tables_.ipv4.find(key())->only_if_absent);
}

TEST_F(SyncReceiverTest, AnotherPairsDatagram) {
  take(web(), kSyncId + 1);
  EXPECT_EQ(refused(EntryRefusal::kOtherSyncId), 1U);
  EXPECT_FALSE(tables_.any_unclaimed());
}

TEST_F(SyncReceiverTest, ADatagramWithoutASyncIdIsTaken) {
  take(web(), 0);
  EXPECT_TRUE(tables_.ipv4.find(key()).has_value());
}

TEST_F(SyncReceiverTest, SyncIdZeroTakesAll) {
  SyncReceiver all{tables_, 0};
  sync::MessageWriter writer{1472, 9};
  EXPECT_TRUE(writer.add(web()));
  all.take(writer.take(), names_.directory(), kReceived, false);
  EXPECT_TRUE(tables_.any_unclaimed());
}

TEST_F(SyncReceiverTest, ATemplate) {
  sync::Entry entry = web();
  entry.flags |= sync::flag::kTemplate;
  expect_refused(entry, EntryRefusal::kTemplate);
}

TEST_F(SyncReceiverTest, Sctp) {
  sync::Entry entry = web();
  entry.protocol = 132;
  expect_refused(entry, EntryRefusal::kProtocol);
}

TEST_F(SyncReceiverTest, AServiceThatIsNotConfigured) {
  sync::Entry entry = web();
  entry.virtual_server.port = 81;
  expect_refused(entry, EntryRefusal::kUnknownService);
}

TEST_F(SyncReceiverTest, AServerThatIsNotConfigured) {
  sync::Entry entry = web();
  entry.real_server.address = ip("192.168.1.66");
  expect_refused(entry, EntryRefusal::kUnknownServer);
}

TEST_F(SyncReceiverTest, AClientThatIsNobody) {
  for (const char* const address : {"224.0.0.1", "127.0.0.1", "0.0.0.0", "255.255.255.255"}) {
    sync::Entry entry = web();
    entry.client.address = ip(address);
    take(entry);
  }
  EXPECT_EQ(refused(EntryRefusal::kClientAddress), 4U);
  EXPECT_FALSE(tables_.any_unclaimed());
}

TEST_F(SyncReceiverTest, AFullTable) {
  for (unsigned port = 1; port < 60000; ++port) take(web(static_cast<std::uint16_t>(port)));
  EXPECT_GT(refused(EntryRefusal::kTableFull), 0U);
  EXPECT_EQ(receiver_.received().entries_new + refused(EntryRefusal::kTableFull), 59999U);
}

TEST_F(SyncReceiverTest, AnotherWayOfForwarding) {
  sync::Entry entry = web();
  entry.flags = sync::flag::kTunnel;
  take(entry);
  EXPECT_EQ(receiver_.received().unreadable[static_cast<std::size_t>(sync::Refusal::kForwardingMethod)], 1U);
  EXPECT_FALSE(tables_.any_unclaimed());
}

TEST_F(SyncReceiverTest, NoiseAndNotes) {
  receiver_.take({}, names_.directory(), kReceived, false);
  EXPECT_EQ(receiver_.received().unreadable[static_cast<std::size_t>(sync::Refusal::kHeaderTruncated)], 1U);
  const auto note = sync::note_datagram(sync::Note::kDumpEnds, kSyncId);
  EXPECT_EQ(receiver_.take(note, names_.directory(), kReceived, false), sync::Note::kDumpEnds);
  const auto foreign = sync::note_datagram(sync::Note::kDumpEnds, kSyncId + 1);
  EXPECT_EQ(receiver_.take(foreign, names_.directory(), kReceived, false), std::nullopt);
  EXPECT_EQ(receiver_.received().datagrams, 3U);
}

TEST_F(SyncReceiverTest, EachRefusalHasItsName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kEntryRefusalCount; ++i) {
    names.insert(name_of(static_cast<EntryRefusal>(i)));
    EXPECT_FALSE(describe(static_cast<EntryRefusal>(i)).empty());
  }
  EXPECT_EQ(names.size(), kEntryRefusalCount);
}

}  // namespace
}  // namespace penstock::control
