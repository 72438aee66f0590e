// The packet rows (tests/support/rows.h) through DPDK: the daemon's own loop between ports of rings, under a real EAL. What is
// looked at is what the world sees: frames that leave by a port, frames that the kernel gets, counters.
//
// No row is left out. One data plane runs all of them, each with new forwarders; time passes when the row says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <set>
#include <span>
#include <string>

#include "tests/dpdk/steered_plane.h"
#include "tests/support/hex.h"
#include "tests/support/rows.h"

namespace penstock::test {

// How GoogleTest names a row in a failure.
static void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

}  // namespace penstock::test

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;
using test::Event;
using test::Outcome;
using test::Row;

// ---- An outcome as texts, one for each thing that can be seen of it

std::string forwarded_text(core::PortIndex port, const test::Bytes& bytes) {
  return "forwarded by port " + std::to_string(port) + ": " + test::to_hex(bytes);
}
std::string answered_text(core::PortIndex port, const test::Bytes& bytes) {
  return "answered by port " + std::to_string(port) + ": " + test::to_hex(test::without_identification(bytes));
}
std::string to_kernel_text(core::PortIndex port, core::PuntClass punt_class, const test::Bytes& bytes) {
  return "to the kernel from port " + std::to_string(port) + " in class " + std::to_string(static_cast<int>(punt_class)) +
         ": " + test::to_hex(bytes);
}
std::string not_forwarded_text(DropReason reason) { return "not forwarded, " + std::string{name_of(reason)}; }

std::vector<std::string> texts_of(const Row& row, const Outcome& outcome) {
  switch (outcome.action) {
    case Action::kForward: return {forwarded_text(outcome.port, outcome.out)};
    case Action::kReply: return {answered_text(outcome.port, outcome.out), not_forwarded_text(outcome.reason)};
    case Action::kPunt: return {to_kernel_text(row.port, outcome.punt, outcome.out)};
    // Here the other worker is a real one. It has no connections either, so the frame goes to the kernel in the end.
    case Action::kHandOver: return {"handed over", to_kernel_text(row.port, core::PuntClass::kOther, row.in)};
    case Action::kHold: return {"held"};
    case Action::kDrop: return {not_forwarded_text(outcome.reason)};
  }
  return {};
}

std::vector<std::string> expected_texts(const Row& row) {
  std::vector<std::string> all;
  const auto add = [&](const Outcome& outcome) {
    for (std::string& text : texts_of(row, outcome)) all.push_back(std::move(text));
  };
  if (!row.in.empty()) add(row.expected);
  for (const Outcome& outcome : row.released) add(outcome);
  return all;
}

// Answers go back to the station that the frame came from; what is forwarded goes to a server.
bool goes_back(const test::Bytes& frame, const test::Bytes& in) {
  constexpr std::size_t kAddress = 6;
  return frame.size() >= kAddress && in.size() >= 2 * kAddress &&
         std::ranges::equal(std::span{frame}.first(kAddress), std::span{in}.subspan(kAddress, kAddress));
}

// ---- The rows

class EalRow : public ::testing::TestWithParam<Row> {
 protected:
  static void SetUpTestSuite() { plane_ = std::make_unique<SteeredPlane>(2); }
  static void TearDownTestSuite() {
    plane_.reset();
    if (GTEST_FLAG_GET(filter) != "*") return;
    std::set<std::string> names;
    for (const Row& row : test::all_rows()) names.insert(row.name);
    EXPECT_EQ(finished_, names) << "all rows of the pure core, and no others";
  }

  static void receive(const Row& row) { plane_->arrive(row.in, row.port, 0, row.contiguous); }
  void happen(const Row& row);
  [[nodiscard]] std::vector<std::string> see(const Row& row);
  void count(std::vector<std::string>& texts);
  void discard();

  static inline std::unique_ptr<SteeredPlane> plane_;
  static inline std::set<std::string> finished_;

  std::uint64_t out_ = 0;  // frames that have left or that the kernel got
  std::array<std::uint64_t, packet::kDropReasonCount> drops_{};
  std::uint64_t held_ = 0;
  std::uint64_t handed_over_ = 0;
};

// What came before, in bursts: frames that nothing comes between may be received together.
void EalRow::happen(const Row& row) {
  std::size_t gathered = 0;
  for (const Event& event : row.before) {
    if (event.change || event.wait != 0 || gathered == core::kBurst) {
      plane_->settle();
      discard();
      gathered = 0;
    }
    if (event.change) plane_->change(*event.change);
    plane_->let_pass(event.wait);
    if (event.frame.empty()) continue;
    plane_->arrive(event.frame, row.port);
    ++gathered;
  }
  plane_->settle();
  discard();
}

void EalRow::discard() {
  std::vector<std::string> unused;
  out_ += plane_->take_departures().size() + plane_->take_punted().size();
  count(unused);
}

// What the counters say that they didn't before.
void EalRow::count(std::vector<std::string>& texts) {
  const auto add = [&](std::uint64_t& before, std::uint64_t now, const std::string& text) {
    texts.insert(texts.end(), now - before, text);
    before = now;
  };
  for (std::size_t i = 0; i < drops_.size(); ++i) {
    const auto reason = static_cast<DropReason>(i);
    add(drops_[i], plane_->dropped(reason), not_forwarded_text(reason));
  }
  add(held_, plane_->acted(Action::kHold), "held");
  add(handed_over_, plane_->handed_over_to(1), "handed over");
}

std::vector<std::string> EalRow::see(const Row& row) {
  std::vector<std::string> texts;
  for (const Departure& frame : plane_->take_departures()) {
    texts.push_back(goes_back(frame.bytes, row.in) ? answered_text(frame.port, frame.bytes)
                                                   : forwarded_text(frame.port, frame.bytes));
    ++out_;
  }
  for (const ToKernel& frame : plane_->take_punted()) {
    texts.push_back(to_kernel_text(frame.port, frame.punt_class, frame.bytes));
    ++out_;
  }
  count(texts);
  return texts;
}

TEST_P(EalRow, Runs) {
  const Row& row = GetParam();
  plane_->begin(row.situation);
  happen(row);
  plane_->let_pass(row.wait);
  if (!row.in.empty()) receive(row);
  plane_->settle();
  const auto expected = expected_texts(row);
  EXPECT_FALSE(expected.empty());
  EXPECT_THAT(see(row), ::testing::UnorderedElementsAreArray(expected));

  // What is still held gives up. Then nothing is left, and each frame has become one thing.
  plane_->let_pass(core::FragmentTable::kHold);
  discard();
  EXPECT_EQ(plane_->buffers_in_use(), 0U);
  EXPECT_EQ(plane_->arrived(), out_ + plane_->acted(Action::kDrop));
  finished_.insert(row.name);
}

INSTANTIATE_TEST_SUITE_P(All, EalRow, ::testing::ValuesIn(test::all_rows()));

}  // namespace
}  // namespace penstock::dpdk::testing
