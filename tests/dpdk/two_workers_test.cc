// Two workers on the two queues of one port, each on its own thread, as RSS would feed them: flows stay where they are, and
// what comes by the wrong queue still finds its flow. At the end of each test every frame must have become exactly one thing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "dataplane/packet/icmp.h"
#include "tests/dpdk/steered_plane.h"
#include "tests/support/fragments.h"
#include "tests/support/hex.h"
#include "tests/support/rows_words.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;
using test::Bytes;
using test::Side;
using test::Situation;

// The place that the three servers' situation leaves free.
constexpr unsigned kFourth = 3;

Situation for_two(Situation situation) {
  situation.workers = SteeredPlane::kWorkers;
  situation.connections4 = situation.connections6 = 1U << 16U;
  return situation;
}

// One more server in all services.
Situation four_servers() {
  Situation situation = for_two(test::three_servers());
  situation.servers.resize(kFourth + 1);
  for (test::RowService& service : situation.services) service.servers.push_back(kFourth);
  return situation;
}

// To which server a frame left; nullopt: to none of them.
std::optional<unsigned> server_of(const Bytes& frame) {
  for (unsigned server = 0; server <= kFourth; ++server) {
    if (std::ranges::equal(test::server_mac(server).bytes, std::span{frame}.first(6), {},
                           [](std::uint8_t byte) { return std::byte{byte}; }))
      return server;
  }
  return std::nullopt;
}

class TwoWorkers : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { plane_ = std::make_unique<SteeredPlane>(1); }
  static void TearDownTestSuite() { plane_.reset(); }
  void SetUp() override { plane_->begin(for_two(test::three_servers())); }
  void TearDown() override;

  static void arrive(const Bytes& frame, unsigned queue) { plane_->arrive(frame, 0, queue); }
  // Takes what has come out, and counts it for the end's balance.
  std::vector<Departure> take_departures();
  std::vector<ToKernel> take_punted();
  // The one frame that has left after all that has come.
  std::optional<Departure> only_departure();
  // A new connection by this queue. @return its server.
  unsigned connect(const Side& side, std::uint16_t client_port, unsigned queue);

  static inline std::unique_ptr<SteeredPlane> plane_;
  std::uint64_t left_ = 0;
  std::uint64_t punted_ = 0;
};

std::vector<Departure> TwoWorkers::take_departures() {
  auto all = plane_->take_departures();
  left_ += all.size();
  return all;
}

std::vector<ToKernel> TwoWorkers::take_punted() {
  auto all = plane_->take_punted();
  punted_ += all.size();
  return all;
}

std::optional<Departure> TwoWorkers::only_departure() {
  plane_->settle();
  auto all = take_departures();
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? std::nullopt : std::optional{all.front()};
}

unsigned TwoWorkers::connect(const Side& side, std::uint16_t client_port, unsigned queue) {
  arrive(side.syn(client_port), queue);
  const auto out = only_departure();
  EXPECT_TRUE(out && out->queue == queue);
  const auto server = out ? server_of(out->bytes) : std::nullopt;
  EXPECT_TRUE(server);
  return server.value_or(0);
}

// The balance: frames in = out + to the kernel + dropped, once nothing is held any more; and no buffer is missing.
void TwoWorkers::TearDown() {
  plane_->settle();
  plane_->let_pass(core::FragmentTable::kHold);
  (void)take_departures();
  (void)take_punted();
  EXPECT_EQ(plane_->arrived(), left_ + punted_ + plane_->acted(Action::kDrop));
  EXPECT_EQ(plane_->acted(Action::kForward) + plane_->acted(Action::kReply), left_) << "each was sent once";
  EXPECT_EQ(plane_->acted(Action::kPunt), punted_);
  for (const DropReason full : {DropReason::kTxQueueFull, DropReason::kHandoverRingFull, DropReason::kPuntRingFull,
                                DropReason::kPuntLimited, DropReason::kFragmentHoldFull}) {
    EXPECT_EQ(plane_->dropped(full), 0U) << name_of(full);
  }
  EXPECT_EQ(plane_->buffers_in_use(), 0U);
}

// ---- Connections

TEST_F(TwoWorkers, EachBeginsConnectionsOfItsOwnAndKeepsThem) {
  constexpr std::uint16_t kFlows = 300;  // of each family and protocol
  std::map<std::string, unsigned> queue_of;
  const auto begin = [&](const Bytes& frame, unsigned queue) {
    arrive(frame, queue);
    for (unsigned server = 0; server < 3; ++server) queue_of[test::to_hex(test::forwarded(frame, server).out)] = queue;
  };
  for (const Side* side : test::both_sides()) {
    for (std::uint16_t port = 1; port <= kFlows; ++port) {
      begin(side->syn(port), port % 2);
      begin(side->udp(port), port % 2);
    }
  }
  plane_->settle();
  const auto first = take_departures();
  ASSERT_EQ(first.size(), 4U * kFlows);
  std::map<std::pair<unsigned, unsigned>, unsigned> count_of;  // by queue and server
  for (const Departure& out : first) {
    const auto expected = queue_of.find(test::to_hex(out.bytes));
    ASSERT_NE(expected, queue_of.end()) << test::to_hex(out.bytes);
    EXPECT_EQ(out.queue, expected->second) << "its own worker sends it";
    ++count_of[{out.queue, *server_of(out.bytes)}];
  }
  // Round robin on each worker: 150 flows of each of 4 services over 3 servers.
  for (unsigned queue = 0; queue < 2; ++queue) {
    for (unsigned server = 0; server < 3; ++server) EXPECT_EQ((count_of[{queue, server}]), 4 * kFlows / 2 / 3);
    EXPECT_EQ(plane_->board().worker(static_cast<core::WorkerIndex>(queue)).connections4.get(), kFlows);
    EXPECT_EQ(plane_->board().worker(static_cast<core::WorkerIndex>(queue)).connections6.get(), kFlows);
  }

  // The same frames once more (a SYN sent again keeps its connection): to the same servers.
  for (const Side* side : test::both_sides()) {
    for (std::uint16_t port = 1; port <= kFlows; ++port) {
      arrive(side->syn(port), port % 2);
      arrive(side->udp(port), port % 2);
    }
  }
  plane_->settle();
  const auto text_of = [](const std::vector<Departure>& all) {
    std::multiset<std::string> texts;
    for (const Departure& out : all) texts.insert(std::to_string(out.queue) + test::to_hex(out.bytes));
    return texts;
  };
  EXPECT_EQ(text_of(take_departures()), text_of(first));
  EXPECT_EQ(plane_->acted(Action::kHandOver), 0U);
}

// ---- ICMP errors

// A router's "too big" about a server's answer to this client port.
Bytes too_big(const Side& side, std::uint16_t client_port) {
  const auto type = side.is_v4 ? packet::icmp_type::kDestinationUnreachable : packet::icmpv6_type::kPacketTooBig;
  const auto code = side.is_v4 ? packet::icmp_code::kFragmentationNeeded : std::uint8_t{0};
  return side.from(side.router).icmp_error(type, code, 1400, side.answer(client_port)).build();
}

TEST_F(TwoWorkers, ATooBigMessageByTheWrongQueueReachesTheFlowsServer) {
  std::uint16_t client_port = 1000;
  std::array<std::uint64_t, 2> handed_over{};
  for (const Side* side : test::both_sides()) {
    for (unsigned round = 0; round < 12; ++round) {
      const unsigned owner = round % 2;
      const unsigned server = connect(*side, ++client_port, owner);
      const Bytes error = too_big(*side, client_port);
      arrive(error, 1 - owner);
      const auto out = only_departure();
      ASSERT_TRUE(out);
      EXPECT_EQ(test::to_hex(out->bytes), test::to_hex(test::forwarded(error, server).out)) << side->name;
      EXPECT_EQ(out->queue, owner) << "sent by the worker that owns the flow";
      ++handed_over[owner];
      EXPECT_EQ(plane_->handed_over_to(owner), handed_over[owner]);
      EXPECT_EQ(plane_->handed_over_to(1 - owner), handed_over[1 - owner]) << "not sent round";
    }
  }
  EXPECT_EQ(plane_->board().worker(0).related_icmp.get() + plane_->board().worker(1).related_icmp.get(), 24U);
  EXPECT_TRUE(take_punted().empty());
}

TEST_F(TwoWorkers, ATooBigMessageByTheRightQueueIsNotHandedOver) {
  for (const Side* side : test::both_sides()) {
    const unsigned server = connect(*side, 1000, 1);
    const Bytes error = too_big(*side, 1000);
    arrive(error, 1);
    const auto out = only_departure();
    ASSERT_TRUE(out);
    EXPECT_EQ(test::to_hex(out->bytes), test::to_hex(test::forwarded(error, server).out)) << side->name;
  }
  EXPECT_EQ(plane_->acted(Action::kHandOver), 0U);
}

TEST_F(TwoWorkers, AnErrorAboutNobodysFlowGoesToTheKernelOnceAndUnchanged) {
  for (const Side* side : test::both_sides()) {
    for (unsigned queue = 0; queue < 2; ++queue) {
      (void)connect(*side, static_cast<std::uint16_t>(2000 + queue), queue);
      const Bytes error = too_big(*side, 999);
      arrive(error, queue);
      plane_->settle();
      const auto punted = take_punted();
      ASSERT_EQ(punted.size(), 1U) << side->name << " by queue " << queue;
      EXPECT_EQ(test::to_hex(punted[0].bytes), test::to_hex(error));
      EXPECT_EQ(punted[0].punt_class, core::PuntClass::kOther);
      EXPECT_TRUE(take_departures().empty());
    }
  }
  EXPECT_EQ(plane_->acted(Action::kHandOver), 4U) << "each was shown to the other worker once";
}

// ---- Fragments

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
  // So many at once that what waits for its first fragment stays below FragmentTable::kHeldFrames, however the workers run.
  static constexpr unsigned kAtOnce = 40;

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

// ---- Snapshots under traffic

class TwoWorkersUnderTraffic : public TwoWorkers {
 protected:
  static constexpr std::uint16_t kFlows = 64;

  void SetUp() override {
    plane_->begin(four_servers());
    for (std::uint16_t port = 1; port <= kFlows; ++port) {
      for (const Side* side : test::both_sides()) servers_[{side, port}] = connect(*side, port, port % 2);
    }
  }
  // One round of traffic by both queues, without waiting: a packet of each known flow, and so many new flows.
  void send_round(unsigned new_flows);
  // Sorts what has left into the known flows' packets, which must have gone to `servers_`, and the new flows' servers.
  void look(std::multiset<unsigned>& new_flows_servers);
  // No more than so many frames are on their way, so that no ring overflows.
  void keep_up(std::multiset<unsigned>& new_flows_servers);

  std::map<std::pair<const Side*, std::uint16_t>, unsigned> servers_;
  std::set<std::string> known_;  // what the known flows' packets look like as they leave
  std::uint16_t next_port_ = 10'000;
  std::uint64_t known_sent_ = 0;
  std::uint64_t known_left_ = 0;
};

void TwoWorkersUnderTraffic::send_round(unsigned new_flows) {
  for (const auto& [flow, server] : servers_) {
    const auto& [side, port] = flow;
    arrive(side->ack(port), port % 2);
    ++known_sent_;
  }
  for (unsigned i = 0; i < new_flows; ++i) {
    const std::uint16_t port = next_port_++;
    arrive((port / 2 % 2 == 0 ? test::ipv4_side() : test::ipv6_side()).syn(port), port % 2);
  }
}

void TwoWorkersUnderTraffic::look(std::multiset<unsigned>& new_flows_servers) {
  if (known_.empty()) {
    for (const auto& [flow, server] : servers_)
      known_.insert(test::to_hex(test::forwarded(flow.first->ack(flow.second), server).out));
  }
  for (const Departure& out : take_departures()) {
    if (known_.contains(test::to_hex(out.bytes))) {
      ++known_left_;
      continue;
    }
    const auto server = server_of(out.bytes);
    ASSERT_TRUE(server) << test::to_hex(out.bytes);
    new_flows_servers.insert(*server);
  }
}

void TwoWorkersUnderTraffic::keep_up(std::multiset<unsigned>& new_flows_servers) {
  constexpr std::uint64_t kUnderWay = 1500;
  ASSERT_TRUE(eventually([&] {
    look(new_flows_servers);
    return plane_->arrived() - left_ - plane_->acted(Action::kDrop) < kUnderWay;
  }));
}

TEST_F(TwoWorkersUnderTraffic, ChangesOfWeightsAndServersTakeEffectWithoutLossOrAMovedFlow) {
  // No known flow is at the fourth server, so taking it away loses nothing; the second one is only quiesced.
  std::erase_if(servers_, [](const auto& entry) { return entry.second == kFourth; });
  const Situation all = four_servers();
  const Situation removed = test::without_server(all, kFourth);
  const Situation quiesced = test::with_server(removed, 1, {.weight = 0});
  Situation weighted = test::with_server(removed, 2, {.weight = 5});
  for (test::RowService& service : weighted.services) service.scheduler = core::SchedulerKind::kWeightedRoundRobin;

  std::multiset<unsigned> any;  // new flows' servers while snapshots change under them
  for (unsigned round = 0; round < 200; ++round) {
    send_round(4);
    const std::array<const Situation*, 4> sequence{&weighted, &quiesced, &removed, &weighted};
    plane_->publish(*sequence[round % 4]);
    (void)plane_->reclaim();
    keep_up(any);
  }
  // A change is in effect, at the latest, when the one before it is free: from here on without waiting for old frames.
  plane_->change(quiesced);
  plane_->settle();
  look(any);
  std::multiset<unsigned> after;
  send_round(400);
  plane_->settle();
  look(after);
  EXPECT_EQ(after.size(), 400U);
  EXPECT_EQ(after.count(1) + after.count(kFourth), 0U) << "neither the quiesced nor the removed one";
  EXPECT_NEAR(static_cast<double>(after.count(0)), static_cast<double>(after.count(2)), 8) << "round robin on each worker";

  EXPECT_EQ(known_left_, known_sent_) << "each packet of a known flow went to its server";
  EXPECT_EQ(any.size(), 200U * 4);
  EXPECT_EQ(plane_->acted(Action::kDrop), 0U);
  EXPECT_TRUE(take_punted().empty());
}

TEST_F(TwoWorkersUnderTraffic, ARemovedServersFlowsAreDroppedByNameUntilItComesBack) {
  std::multiset<unsigned> none;
  const auto at_fourth =
      static_cast<std::uint64_t>(std::ranges::count_if(servers_, [](const auto& entry) { return entry.second == kFourth; }));
  ASSERT_GT(at_fourth, 0U);
  plane_->change(test::without_server(four_servers(), kFourth));
  for (unsigned round = 0; round < 20; ++round) {
    send_round(0);
    keep_up(none);
  }
  plane_->settle();
  EXPECT_EQ(plane_->dropped(DropReason::kServerRemoved), 20 * at_fourth);
  plane_->change(four_servers());
  for (unsigned round = 0; round < 20; ++round) {
    send_round(0);
    keep_up(none);
  }
  plane_->settle();
  look(none);
  EXPECT_EQ(plane_->dropped(DropReason::kServerRemoved), 20 * at_fourth) << "and no more since it came back";
  EXPECT_EQ(known_left_, known_sent_ - 20 * at_fourth);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace penstock::dpdk::testing
