#include "tests/dpdk/two_workers.h"

#include <algorithm>
#include <span>

namespace penstock::dpdk::testing {

using core::Action;
using core::DropReason;
using test::Bytes;
using test::Side;
using test::Situation;

Situation for_two(Situation situation) {
  situation.workers = SteeredPlane::kWorkers;
  situation.connections4 = situation.connections6 = 1U << 16U;
  return situation;
}

std::optional<unsigned> server_of(const Bytes& frame) {
  for (unsigned server = 0; server <= kFourth; ++server) {
    if (std::ranges::equal(test::server_mac(server).bytes, std::span{frame}.first(6), {},
                           [](std::uint8_t byte) { return std::byte{byte}; }))
      return server;
  }
  return std::nullopt;
}

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

}  // namespace penstock::dpdk::testing
