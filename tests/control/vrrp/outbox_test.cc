#include "control/vrrp/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace penstock::control {
namespace {

using Bytes = std::vector<std::byte>;

class OutboxTest : public ::testing::Test {
 protected:
  static Bytes frame(unsigned number) { return {std::byte(number >> 8), std::byte(number)}; }
  // The numbers of the frames that have left by a port, in order.
  std::vector<unsigned> left_by(core::PortIndex port) const {
    std::vector<unsigned> numbers;
    for (const Bytes& each : sent_[port]) {
      numbers.push_back(std::to_integer<unsigned>(each[0]) << 8 | std::to_integer<unsigned>(each[1]));
    }
    return numbers;
  }
  static std::vector<unsigned> up_to(unsigned count) {
    std::vector<unsigned> numbers(count);
    for (unsigned i = 0; i < count; ++i) numbers[i] = i;
    return numbers;
  }

  std::vector<std::size_t> room_ = {100'000, 100'000};  // by port
  std::vector<std::vector<Bytes>> sent_{2};
  std::size_t largest_burst_ = 0;
  std::size_t calls_ = 0;
  Outbox outbox_{[this](core::PortIndex port, std::span<const std::span<const std::byte>> frames) {
                   ++calls_;
                   largest_burst_ = std::max(largest_burst_, frames.size());
                   const std::size_t taken = std::min(room_[port], frames.size());
                   for (const auto& each : frames.first(taken)) sent_[port].emplace_back(each.begin(), each.end());
                   room_[port] -= taken;
                   return taken;
                 },
                 2};
};

TEST_F(OutboxTest, SendsInOrderAndInBursts) {
  for (unsigned i = 0; i < 255; ++i) outbox_.add(0, frame(i));
  EXPECT_TRUE(sent_[0].empty());
  EXPECT_TRUE(outbox_.flush());
  EXPECT_EQ(left_by(0), up_to(255));
  EXPECT_EQ(largest_burst_, core::kBurst);
  EXPECT_EQ(calls_, (255 + core::kBurst - 1) / core::kBurst);
}

TEST_F(OutboxTest, WhatHasNoRoomWaitsAndPortsDontWaitForEachOther) {
  room_[0] = 40;
  for (unsigned i = 0; i < 100; ++i) outbox_.add(0, frame(i));
  outbox_.add(1, frame(0));
  EXPECT_FALSE(outbox_.flush());
  EXPECT_EQ(left_by(0), up_to(40));
  EXPECT_EQ(left_by(1), up_to(1));
  outbox_.add(0, frame(100));
  EXPECT_FALSE(outbox_.flush());
  room_[0] = 1000;
  EXPECT_TRUE(outbox_.flush());
  EXPECT_EQ(left_by(0), up_to(101));
  EXPECT_EQ(outbox_.lost(), 0U);
}

TEST_F(OutboxTest, ABoundedNumberWaits) {
  room_[0] = 0;
  for (unsigned i = 0; i < Outbox::kMostWaiting + 7; ++i) outbox_.add(0, frame(i));
  EXPECT_EQ(outbox_.lost(), 7U);
  room_[0] = 100'000;
  EXPECT_TRUE(outbox_.flush());
  EXPECT_EQ(left_by(0), up_to(Outbox::kMostWaiting));
}

}  // namespace
}  // namespace penstock::control
