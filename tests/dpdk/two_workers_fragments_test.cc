// Fragments of one datagram that come by both queues, in any order: they meet on one worker, and reach one server.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/dpdk/two_workers.h"
#include "tests/support/fragments.h"
#include "tests/support/hex.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;
using test::Bytes;
using test::Side;

struct FragmentCase {
  const Side* side;
  std::optional<unsigned> flow_of;  // the datagrams belong to flows that this worker has already
};

void PrintTo(const FragmentCase& value, std::ostream* out) {
  *out << value.side->name << (value.flow_of ? ", flow of worker " + std::to_string(*value.flow_of) : ", new flow");
}

class TwoWorkersWithFragments : public TwoWorkers, public ::testing::WithParamInterface<FragmentCase> {
 protected:
  static constexpr unsigned kFragments = 4;
  // So many at once that what waits for its first fragment stays below FragmentTable::kHeldFrames, however the workers run, and
  // that five of them don't meet in one of its sets of four.
  static constexpr unsigned kAtOnce = 12;

  struct Datagram {
    std::uint16_t client_port;
    std::vector<Bytes> fragments;
    std::optional<unsigned> server;  // known before
  };
  // As many datagrams as there are orders of four fragments and ways to spread them over two queues.
  Datagram make();
  void send(const Datagram& datagram, const std::array<unsigned, kFragments>& order, unsigned spread);
  void expect_arrived_together(const std::vector<Datagram>& datagrams);

  std::uint16_t made_ = 0;
};

TwoWorkersWithFragments::Datagram TwoWorkersWithFragments::make() {
  const auto& [side, flow_of] = GetParam();
  const auto port = static_cast<std::uint16_t>(1000 + ++made_);
  Datagram datagram{port, test::fragments_of(side->packet().udp(port, test::kDomain).payload(203).build(), 64, made_), {}};
  EXPECT_EQ(datagram.fragments.size(), kFragments);
  if (flow_of) {
    arrive(side->udp(port), *flow_of);
    const auto out = only_departure();
    datagram.server = out ? server_of(out->bytes) : std::nullopt;
    EXPECT_TRUE(datagram.server);
  }
  return datagram;
}

// Bit i of `spread`: the queue of the i-th fragment to come.
void TwoWorkersWithFragments::send(const Datagram& datagram, const std::array<unsigned, kFragments>& order, unsigned spread) {
  for (unsigned i = 0; i < kFragments; ++i) arrive(datagram.fragments[order[i]], spread >> i & 1U);
}

void TwoWorkersWithFragments::expect_arrived_together(const std::vector<Datagram>& datagrams) {
  plane_->settle();
  std::multiset<std::string> left;
  for (const Departure& out : take_departures()) left.insert(test::to_hex(out.bytes));
  EXPECT_EQ(left.size(), kFragments * datagrams.size());
  for (const Datagram& datagram : datagrams) {
    // The servers that have got all of it: exactly one, and the flow's where there was one.
    std::vector<unsigned> complete;
    for (unsigned server = 0; server < 3; ++server) {
      const auto at_server = [&](const Bytes& fragment) {
        return left.count(test::to_hex(test::forwarded(fragment, server).out)) == 1;
      };
      if (std::ranges::all_of(datagram.fragments, at_server)) complete.push_back(server);
    }
    ASSERT_EQ(complete.size(), 1U) << "client port " << datagram.client_port;
    if (datagram.server) {
      EXPECT_EQ(complete.front(), *datagram.server) << "client port " << datagram.client_port;
    }
  }
}

TEST_P(TwoWorkersWithFragments, OfOneDatagramInAnyOrderByAnyQueuesReachOneServer) {
  std::array<unsigned, kFragments> order{0, 1, 2, 3};
  std::vector<Datagram> under_way;
  std::vector<std::pair<std::array<unsigned, kFragments>, unsigned>> ways;
  do {
    for (unsigned spread = 0; spread < 1U << kFragments; ++spread) ways.emplace_back(order, spread);
  } while (std::ranges::next_permutation(order).found);
  ASSERT_EQ(ways.size(), 24U * 16);
  for (std::size_t begin = 0; begin < ways.size(); begin += kAtOnce) {
    const std::size_t end = std::min(begin + kAtOnce, ways.size());
    std::vector<Datagram> datagrams;
    for (std::size_t i = begin; i < end; ++i) datagrams.push_back(make());
    for (std::size_t i = begin; i < end; ++i) send(datagrams[i - begin], ways[i].first, ways[i].second);
    expect_arrived_together(datagrams);
  }
  EXPECT_GT(plane_->acted(Action::kHandOver), 0U);
  EXPECT_GT(plane_->acted(Action::kHold), 0U);
}

TEST_P(TwoWorkersWithFragments, WhoseFirstNeverComesAreHeldAndThenDropped) {
  const Datagram datagram = make();
  for (unsigned i = 1; i < kFragments; ++i) arrive(datagram.fragments[i], i % 2);
  plane_->settle();
  EXPECT_TRUE(take_departures().empty());
  EXPECT_EQ(plane_->acted(Action::kHold), kFragments - 1);
  EXPECT_EQ(plane_->arrived(), left_ + kFragments - 1) << "the balance, with what is held";
  plane_->let_pass(core::FragmentTable::kHold - 1);
  EXPECT_EQ(plane_->dropped(DropReason::kFragmentHoldExpired), 0U);
  plane_->let_pass(1);
  EXPECT_EQ(plane_->dropped(DropReason::kFragmentHoldExpired), kFragments - 1);
}

INSTANTIATE_TEST_SUITE_P(All, TwoWorkersWithFragments,
                         ::testing::Values(FragmentCase{&test::ipv4_side(), {}}, FragmentCase{&test::ipv6_side(), {}},
                                           FragmentCase{&test::ipv4_side(), 0}, FragmentCase{&test::ipv6_side(), 0},
                                           FragmentCase{&test::ipv4_side(), 1}, FragmentCase{&test::ipv6_side(), 1}));

}  // namespace
}  // namespace penstock::dpdk::testing
