#include "control/sync/sender.h"

#include <gtest/gtest.h>

#include <deque>

#include "sync/message.h"
#include "tests/control/sync/directory_for_tests.h"

namespace penstock::control {
namespace {

using core::ConnectionState;
using packet::Protocol;

class SyncSenderTest : public testing::Test {
 protected:
  [[nodiscard]] core::SyncRecord record(std::uint16_t client_port,
                                        ConnectionState state = ConnectionState::kEstablished) const {
    const bool udp = state == ConnectionState::kUdp;
    const core::VirtualId service =
        udp ? names_.service("192.168.1.200", 53, Protocol::kUdp) : names_.service("192.168.1.200", 80, Protocol::kTcp);
    return {.client = ip("192.168.1.10"),
            .state = state,
            .client_port = client_port,
            .virtual_id = service,
            .server = names_.server(service, "192.168.1.180", udp ? 53 : 80),
            .timeout_seconds = 900};
  }
  void add(const core::SyncRecord& what) { sender_.add(what, names_.directory()); }

  // The entries of all datagrams that went out.
  [[nodiscard]] std::vector<sync::Entry> told() const {
    std::vector<sync::Entry> entries;
    for (const auto& datagram : network_) {
      auto message = sync::read_message(datagram);
      while (auto entry = message->next()) entries.push_back(entry->value());
    }
    return entries;
  }

  DirectoryForTests names_;
  SyncSocket::Sent answer_ = SyncSocket::Sent::kYes;
  std::deque<std::vector<std::byte>> network_;
  SyncSender sender_{1472, 50, [this](std::span<const std::byte> datagram) {
                       if (answer_ == SyncSocket::Sent::kYes) network_.emplace_back(datagram.begin(), datagram.end());
                       return answer_;
                     }};
};

TEST_F(SyncSenderTest, AnEntryAsTheKernelWritesIt) {
  add(record(40001));
  add(record(40002, ConnectionState::kFinWait));
  add(record(40003, ConnectionState::kUdp));
  EXPECT_TRUE(network_.empty());
  sender_.flush();
  ASSERT_EQ(network_.size(), 1U);
  const auto entries = told();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].client.to_string(), "192.168.1.10:40001");
  EXPECT_EQ(entries[0].virtual_server.to_string(), "192.168.1.200:80");
  EXPECT_EQ(entries[0].real_server.to_string(), "192.168.1.180:80");
  EXPECT_EQ(entries[0].flags, 0x83U);
  EXPECT_EQ(entries[0].state, 1U);
  EXPECT_EQ(entries[0].protocol, 6U);
  EXPECT_EQ(entries[0].timeout.count(), 900);
  EXPECT_EQ(entries[1].flags, 0x183U);
  EXPECT_EQ(entries[1].state, 4U);
  EXPECT_EQ(entries[2].protocol, 17U);
  EXPECT_EQ(entries[2].state, 0U);
  EXPECT_EQ(entries[2].flags, 0x183U);
  EXPECT_EQ(sender_.sent().entries, 3U);
}

TEST_F(SyncSenderTest, FortyEntriesFillADatagram) {
  for (std::uint16_t port = 1; port <= 41; ++port) add(record(port));
  sender_.flush();
  ASSERT_EQ(network_.size(), 2U);
  EXPECT_EQ(network_[0].size(), 8U + 40U * 36U);
  EXPECT_EQ(told().size(), 41U);
}

TEST_F(SyncSenderTest, NotesKeepTheirPlaceAmongEntries) {
  sender_.add(sync::Note::kDumpBegins);
  add(record(1));
  sender_.add(sync::Note::kDumpEnds);
  sender_.flush();
  ASSERT_EQ(network_.size(), 3U);
  EXPECT_EQ(sync::read_message(network_[0])->note(), sync::Note::kDumpBegins);
  EXPECT_EQ(sync::read_message(network_[1])->entry_count(), 1U);
  EXPECT_EQ(sync::read_message(network_[2])->note(), sync::Note::kDumpEnds);
}

TEST_F(SyncSenderTest, ABusyInterfaceGetsTheSameAgainInOrder) {
  answer_ = SyncSocket::Sent::kBusy;
  add(record(1));
  sender_.flush();
  EXPECT_TRUE(sender_.is_backed_up());
  add(record(2));
  answer_ = SyncSocket::Sent::kYes;
  sender_.flush();
  EXPECT_FALSE(sender_.is_backed_up());
  const auto entries = told();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].client.port, 1U);
}

TEST_F(SyncSenderTest, WhatWaitsIsBoundedAndTheOldestGivesWay) {
  answer_ = SyncSocket::Sent::kBusy;
  for (unsigned i = 0; i < 6000; ++i) {
    add(record(static_cast<std::uint16_t>(i)));
    sender_.flush();
  }
  EXPECT_EQ(sender_.sent().given_up, 1000U);
  answer_ = SyncSocket::Sent::kYes;
  sender_.flush();
  EXPECT_EQ(told().front().client.port, 1000U);
  EXPECT_EQ(told().size(), 5000U);
}

TEST_F(SyncSenderTest, ARefusedDatagramIsCountedAndDoesNotStopTheOthers) {
  answer_ = SyncSocket::Sent::kFailed;
  add(record(1));
  sender_.flush();
  EXPECT_EQ(sender_.sent().failed, 1U);
  EXPECT_FALSE(sender_.is_backed_up());
}

TEST_F(SyncSenderTest, OfAServiceThatIsGoneNothingIsTold) {
  core::SyncRecord gone = record(1);
  gone.virtual_id = core::VirtualId{999};
  add(gone);
  gone = record(1);
  gone.server = core::ServerId{999};
  add(gone);
  sender_.flush();
  EXPECT_EQ(sender_.sent().forgotten, 2U);
  EXPECT_TRUE(network_.empty());
}

}  // namespace
}  // namespace penstock::control
