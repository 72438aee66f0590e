// Scenarios over two and four workers: what comes to the wrong worker reaches the right server, and no frame is lost or
// doubled.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/core/worker_group.h"
#include "tests/support/fragments.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::Action;

// The server that a frame was sent to, by its MAC address.
int chosen_server(const Handled& handled) {
  if (handled.verdict.action != Action::kForward) return -1;
  return std::to_integer<int>(handled.bytes.at(5));
}

struct Case {
  unsigned workers;
  const Side* side;
};

class Workers : public testing::TestWithParam<Case> {
 protected:
  // To the only outcome.
  Handled send(unsigned worker, const Bytes& frame) {
    auto out = group_.receive(static_cast<core::WorkerIndex>(worker), *snapshot_, now_, frame);
    EXPECT_EQ(out.size(), 1U);
    return out.empty() ? Handled{} : out.front();
  }

  const Side& side_ = *GetParam().side;
  const unsigned workers_ = GetParam().workers;
  WorkerGroup group_{workers_};
  std::unique_ptr<const core::Snapshot> snapshot_ = snapshot_of(three_servers(), 1);
  core::Tick now_ = 0;
};

INSTANTIATE_TEST_SUITE_P(All, Workers,
                         testing::Values(Case{1, &ipv4_side()}, Case{2, &ipv4_side()}, Case{4, &ipv4_side()},
                                         Case{2, &ipv6_side()}, Case{4, &ipv6_side()}),
                         [](const testing::TestParamInfo<Case>& each) {
                           return each.param.side->name + "Over" + std::to_string(each.param.workers);
                         });

TEST_P(Workers, AnIcmpErrorAtAnyWorkerReachesTheServerOfItsConnection) {
  for (unsigned owner = 0; owner < workers_; ++owner) {
    for (std::uint16_t turn = 0; turn < 3; ++turn) {  // so that each server has its connection
      const auto port = static_cast<std::uint16_t>(1000 + 10 * owner + turn);
      const int server = chosen_server(send(owner, side_.syn(port)));
      ASSERT_GE(server, 0);
      for (unsigned arrival = 0; arrival < workers_; ++arrival) {
        const Bytes error = side_.from(side_.router).icmp_error(side_.icmp_unreachable, 1, 0, side_.answer(port)).build();
        EXPECT_EQ(chosen_server(send(arrival, error)), server) << "owner " << owner << ", arrival " << arrival;
      }
    }
  }
}

TEST_P(Workers, AnIcmpErrorAboutNobodysConnectionGoesToTheKernelOnce) {
  for (unsigned arrival = 0; arrival < workers_; ++arrival) {
    const Bytes error = side_.from(side_.router).icmp_error(side_.icmp_unreachable, 1, 0, side_.answer(9)).build();
    EXPECT_EQ(send(arrival, error).verdict.action, Action::kPunt);
  }
  EXPECT_EQ(group_.counted(Action::kPunt), workers_);
  EXPECT_EQ(group_.counted(Action::kHandOver), workers_ * (workers_ - 1));
}

// Every order of four fragments, each at every worker (a sample of the ways for four workers): all reach one server, once.
TEST_P(Workers, FragmentsInAnyOrderAtAnyWorkersReachOneServer) {
  std::mt19937 random{7};
  std::uint32_t id = 0;
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  do {
    unsigned ways = 1;
    for (std::size_t i = 0; i < order.size(); ++i) ways *= workers_;
    for (unsigned way = 0; way < ways; way += 1 + static_cast<unsigned>(random() % (ways / 16 + 1))) {
      ++id;
      const auto port = static_cast<std::uint16_t>(1024 + id);
      // Half of the datagrams belong to a connection that is there already, at any worker.
      int server = -1;
      if (id % 2 == 0) server = chosen_server(send(id / 2 % workers_, side_.udp(port)));
      const auto fragments = fragments_of(side_.packet().udp(port, kDomain).payload(203).build(), 64, id);
      ASSERT_EQ(fragments.size(), order.size());
      std::set<std::uint64_t> seen;
      for (unsigned i = 0, digits = way; i < order.size(); ++i, digits /= workers_) {
        const auto worker = static_cast<core::WorkerIndex>(digits % workers_);
        for (const Handled& handled : group_.receive(worker, *snapshot_, now_, fragments[order[i]], order[i])) {
          if (server < 0) server = chosen_server(handled);
          EXPECT_EQ(chosen_server(handled), server) << "datagram " << id;
          EXPECT_EQ(to_hex(handled.bytes), to_hex(forwarded(fragments[handled.tag], static_cast<unsigned>(server)).out));
          EXPECT_TRUE(seen.insert(handled.tag).second) << "a fragment came twice";
        }
      }
      EXPECT_EQ(seen.size(), fragments.size()) << "datagram " << id;
    }
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(group_.held(), 0U);
}

TEST_P(Workers, FragmentsWhoseFirstIsRefusedAreDroppedWithIt) {
  snapshot_ = snapshot_of(without_server(one_server(), 0), 1);
  const auto fragments = fragments_of(side_.packet().udp(1000, kDomain).payload(203).build(), 64, 7);
  std::size_t out = 0;
  for (unsigned i : {2U, 0U, 1U, 3U}) {
    out += group_.receive(static_cast<core::WorkerIndex>(i % workers_), *snapshot_, now_, fragments[i]).size();
  }
  EXPECT_EQ(out, fragments.size());
  EXPECT_EQ(group_.counted(Action::kReply), 1U);
  EXPECT_EQ(group_.counted(Action::kDrop), 3U);
}

// All frames of the rows, again and again in any order at any worker, while servers come and go: each goes in once and comes
// out once.
TEST_P(Workers, EachFrameThatGoesInComesOutOnce) {
  const auto& rows = all_rows();
  std::vector<Bytes> frames;
  for (const Row& row : rows) {
    if (!row.in.empty()) frames.push_back(row.in);
    for (const Event& event : row.before) {
      if (!event.frame.empty() && frames.size() % 7 == 0) frames.push_back(event.frame);
    }
  }
  const std::array situations{three_servers(), one_server(), without_server(one_server(), 0), without_services(three_servers()),
                              expiring_nodest(without_server(three_servers(), 2))};
  std::mt19937 random{GetParam().workers};
  std::map<std::uint64_t, std::size_t> inside;  // tag to frame
  const auto take = [&](const std::vector<Handled>& out) {
    for (const Handled& handled : out) {
      const auto found = inside.find(handled.tag);
      ASSERT_NE(found, inside.end()) << "frame " << handled.tag << " came out twice";
      if (handled.verdict.action == Action::kPunt) {  // the kernel sees what the wire brought
        EXPECT_EQ(to_hex(handled.bytes), to_hex(frames[found->second]));
      }
      inside.erase(found);
    }
  };
  constexpr std::uint64_t kFrames = 20'000;
  for (std::uint64_t tag = 0; tag < kFrames; ++tag) {
    if (tag % 500 == 0)
      snapshot_ = snapshot_of(situations.at(random() % situations.size()), static_cast<std::uint32_t>(tag + 2));
    if (tag % 10 == 0) take(group_.maintain(*snapshot_, now_ += static_cast<core::Tick>(random() % 20)));
    const std::size_t frame = random() % frames.size();
    inside.emplace(tag, frame);
    take(group_.receive(static_cast<core::WorkerIndex>(random() % workers_), *snapshot_, now_, frames[frame], tag));
    ASSERT_EQ(inside.size(), group_.held());
  }
  take(group_.maintain(*snapshot_, now_ + kSecond));
  EXPECT_TRUE(inside.empty());
  EXPECT_EQ(group_.held(), 0U);
  EXPECT_EQ(group_.counted(Action::kForward) + group_.counted(Action::kReply) + group_.counted(Action::kPunt) +
                group_.counted(Action::kDrop),
            kFrames);
}

}  // namespace
}  // namespace penstock::test
