#include "control/cli/show_sync.h"

#include <gtest/gtest.h>

namespace penstock::control {
namespace {

SyncStatus master() {
  SyncStatus sync;
  sync.daemon = SyncDaemonStatus{.master = true,
                                 .interface = "eth0",
                                 .sync_id = 50,
                                 .max_length = 1472,
                                 .group = packet::IpAddress::parse("224.0.0.81").value(),
                                 .port = 8848,
                                 .ttl = 1};
  sync.instance = "VI_1";
  sync.datagrams_sent = 1200;
  sync.entries_sent = 34567;
  sync.datagrams_received = 3;
  sync.entries_new = 40;
  sync.entries_updated = 2;
  sync.waiting = 1;
  sync.room = 1'179'648;
  sync.claimed = 39;
  sync.dumps_sent = 2;
  sync.last_dump = std::chrono::milliseconds{14};
  sync.dumps_received = 1;
  sync.lag = std::chrono::microseconds{4100};
  sync.worst_lag = std::chrono::microseconds{9900};
  sync.refusals = {{"size_mismatch", "size in the header is not the datagram's length", 0},
                   {"unknown_server", "for a real server that its virtual server doesn't have", 7}};
  return sync;
}

TEST(ShowSync, AMaster) {
  EXPECT_EQ(show_sync(master()), &R"(
state     MASTER, as vrrp_instance VI_1
network   eth0, group 224.0.0.81 port 8848, ttl 1, syncid 50, at most 1472 bytes
sent      34,567 connections in 1,200 datagrams
received  3 datagrams: 40 new connections, 2 known ones
kept      1 wait for a packet (room for 1,179,648), 39 have been taken up here
dumps     2 sent (the last in 14.0 ms), 1 received
lag       4.1 ms, at most 9.9 ms so far

Refused  Reason          Meaning
      7  unknown_server  for a real server that its virtual server doesn't have
)"[1]);
}

TEST(ShowSync, WhatShouldNotBeIsSaidWhereItIs) {
  SyncStatus sync = master();
  sync.daemon->master = false;
  sync.error = "connection sync on eth0: no such interface";
  sync.refusals.clear();
  sync.entries_lost = 5;
  sync.datagrams_failed = 1;
  sync.is_sending_dump = sync.is_asking_for_dump = true;
  const std::string text = show_sync(sync);
  EXPECT_NE(text.find("state     BACKUP"), std::string::npos);
  EXPECT_NE(text.find("error     connection sync on eth0: no such interface\n"), std::string::npos);
  EXPECT_NE(text.find("1 datagrams that the kernel refused"), std::string::npos);
  EXPECT_NE(text.find("5 not told: a worker's ring was full"), std::string::npos);
  EXPECT_NE(text.find("; sending one; asking for one\n"), std::string::npos);
  EXPECT_EQ(text.find("Refused"), std::string::npos);
}

TEST(ShowSync, WithoutADaemon) {
  EXPECT_EQ(show_sync({}), "Connections are not synchronised: there is no lvs_sync_daemon in the configuration.\n");
  EXPECT_TRUE(sync_json({})["daemon"].is_null());
}

TEST(ShowSync, AsJson) {
  const Json json = sync_json(master());
  EXPECT_EQ(json["daemon"]["role"], "master");
  EXPECT_EQ(json["sent"]["entries"], 34567);
  EXPECT_EQ(json["kept"]["claimed"], 39);
  EXPECT_EQ(json["refused"]["size_mismatch"], 0);
  EXPECT_EQ(json["refused"]["unknown_server"], 7);
  EXPECT_DOUBLE_EQ(json["lag_seconds"].get<double>(), 0.0041);
}

}  // namespace
}  // namespace penstock::control
