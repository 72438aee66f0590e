#include "dataplane/core/connection_listing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "dataplane/core/connection_tracker.h"

namespace penstock::core {
namespace {

// A worker's tables with connections of both families.
class Tables {
 public:
  Tables() {
    for (std::uint16_t port = 1; port <= 3000; ++port) {
      begin(ipv4_, {packet::Ipv4Address{0x0a00'0001}, port, VirtualId{1}}, ConnectionState::kEstablished);
      if (port % 10 == 0) begin(ipv6_, {packet::IpAddress::parse("fd77::1")->v6(), port, VirtualId{2}}, ConnectionState::kUdp);
    }
  }

  void serve(ConnectionListing& listing, Tick now) { listing.serve(ipv4_.table(), ipv6_.table(), now); }
  // What a busy worker does meanwhile.
  void churn(std::uint16_t port, Tick now) {
    const ConnectionKey4 key{packet::Ipv4Address{0x0b00'0001}, port, VirtualId{1}};
    const auto place = ipv4_.place_of(key);
    if (Connection4* const entry = ipv4_.find(key, place, now)) {
      ipv4_.end(*entry);
    } else {
      ASSERT_NE(ipv4_.begin(key, place, ServerId{4}, ConnectionState::kUdp, 40, StateTimeouts{}, now), nullptr);
    }
  }

 private:
  template <typename Tracker>
  void begin(Tracker& tracker, const typename Tracker::Key& key, ConnectionState state) {
    ASSERT_NE(tracker.begin(key, tracker.place_of(key), ServerId{3}, state, 40, StateTimeouts{}, 0), nullptr);
  }

  CounterBoard board_{1};
  ConnectionTracker<Connection4> ipv4_{10'000, board_, 0, board_.worker(0).connections4};
  ConnectionTracker<Connection6> ipv6_{1000, board_, 0, board_.worker(0).connections6};
};

// The asker's side until the end; `wait` is called while the worker is at it. Returns how often each client was listed.
template <typename Wait>
std::multiset<std::string> listed(ConnectionListing& listing, Wait wait) {
  std::multiset<std::string> clients;
  listing.start();
  for (;;) {
    while (listing.is_wanted()) wait();
    for (const ConnectionRow& row : listing.rows()) {
      if (row.server != ServerId{3}) continue;  // of the churn
      clients.insert(row.client.to_string());
      EXPECT_EQ(row.state, row.client.address.is_v4() ? ConnectionState::kEstablished : ConnectionState::kUdp);
      EXPECT_EQ(row.virtual_id, row.client.address.is_v4() ? VirtualId{1} : VirtualId{2});
    }
    if (listing.was_last()) return clients;
    listing.next();
  }
}

TEST(ConnectionListing, ListsEachConnectionOnceAndAgainWhenAskedAgain) {
  Tables tables;
  ConnectionListing listing;
  for (int again = 0; again < 2; ++again) {
    const auto clients = listed(listing, [&] { tables.serve(listing, 0); });
    EXPECT_EQ(clients.size(), 3300U);
    EXPECT_EQ(std::set(clients.begin(), clients.end()).size(), 3300U);
    EXPECT_TRUE(clients.contains("10.0.0.1:3000"));
    EXPECT_TRUE(clients.contains("[fd77::1]:10"));
  }
}

TEST(ConnectionListing, LeavesOutWhoseTimeIsUpAndSaysHowLongOthersHave) {
  Tables tables;
  ConnectionListing listing;
  listing.start();
  while (listing.is_wanted()) tables.serve(listing, 100 * kTicksPerSecond);
  ASSERT_FALSE(listing.rows().empty());
  EXPECT_EQ(listing.rows().front().seconds_left, 800U);
  while (!listing.was_last()) {
    listing.next();
    while (listing.is_wanted()) tables.serve(listing, 100 * kTicksPerSecond);
  }
  const auto later = listed(listing, [&] { tables.serve(listing, 300 * kTicksPerSecond); });
  EXPECT_EQ(later.size(), 3000U);  // UDP's 300 seconds are over
  EXPECT_EQ(listed(listing, [&] { tables.serve(listing, 900 * kTicksPerSecond); }).size(), 0U);
}

TEST(ConnectionListing, WorksWhileTheWorkerWorks) {
  Tables tables;
  ConnectionListing listing;
  std::atomic<bool> stop{false};
  std::jthread worker{[&] {
    for (std::uint16_t port = 1; !stop.load(std::memory_order_relaxed); ++port) {
      tables.churn(port % 2000, 1);
      tables.serve(listing, 1);
    }
  }};
  for (int again = 0; again < 20; ++again) {
    const auto clients = listed(listing, [] { std::this_thread::yield(); });
    // An insert may move a connection to its other bucket while the listing goes on: few are missed or come twice.
    EXPECT_GT(clients.size(), 3200U);
    EXPECT_LT(clients.size(), 3400U);
  }
  stop = true;
}

TEST(ConnectionListing, CostsNothingWhenNobodyAsks) {
  Tables tables;
  ConnectionListing listing;
  for (int i = 0; i < 1000; ++i) tables.serve(listing, 0);
  EXPECT_TRUE(listing.rows().empty());
}

}  // namespace
}  // namespace penstock::core
