// The packet rows through the pure core: each row is a test of its own, and together they must meet everything that can happen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <set>

#include "tests/core/outcome_text.h"
#include "tests/core/test_worker.h"
#include "tests/support/rows.h"

namespace penstock::test {

// How GoogleTest names a row in a failure.
static void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

namespace {

using core::Action;
using core::ServerId;
using packet::DropReason;
using packet::FrameKind;

// Runs one row from the start on a worker of its own.
class RowRun {
 public:
  // `start`: where the clock begins. `with_sync`: the peer is told of connections, and has told of one that no row has.
  RowRun(const Row& row, core::Tick start, bool with_sync) : board_{row.situation.workers}, now_{start} {
    worker_ = std::make_unique<TestWorker>(board_, core::Forwarder::Options{.connections4 = row.situation.connections4,
                                                                            .connections6 = row.situation.connections6,
                                                                            .standby = with_sync ? &standby_ : nullptr,
                                                                            .outbox = with_sync ? &outbox_ : nullptr});
    outbox_.open();
    const core::StandbyConnection other{
        .server = ServerId{0}, .state = core::ConnectionState::kEstablished, .expires = now_ - 1};
    standby_.ipv4.put({packet::Ipv4Address{1}, 1, core::VirtualId{1}}, other, now_);
    change(row.situation);
    for (const Event& event : row.before) {
      if (event.change) change(*event.change);
      pass(event.wait);
      if (!event.frame.empty()) static_cast<void>(worker_->receive(*snapshot_, now_, {.bytes = event.frame, .port = row.port}));
    }
    const auto before = drops();
    released_ = pass(row.wait);
    if (!row.in.empty()) {
      auto all = worker_->receive(*snapshot_, now_, {.bytes = row.in, .port = row.port, .contiguous = row.contiguous});
      result_ = all.front();
      released_.insert(released_.end(), all.begin() + 1, all.end());
    }
    for (std::size_t i = 0; i < counted_.size(); ++i) counted_[i] = drops()[i] - before[i];
  }

  [[nodiscard]] const Handled& result() const { return result_; }
  [[nodiscard]] const std::vector<Handled>& released() const { return released_; }
  // What the row's own frames added to the counter of a reason.
  [[nodiscard]] std::uint64_t counted(DropReason reason) const { return counted_[static_cast<std::size_t>(reason)]; }

 private:
  using Drops = std::array<std::uint64_t, packet::kDropReasonCount>;

  void change(const Situation& situation) { snapshot_ = snapshot_of(situation, ++generation_); }
  std::vector<Handled> pass(core::Tick ticks) {
    if (ticks == 0) return {};
    now_ += ticks;
    std::vector<Handled> all;
    // A worker's loop goes round thousands of times in a tick: often enough to sweep all of these small tables.
    for (int round = 0; round < 32; ++round) {
      const auto some = worker_->maintain(*snapshot_, now_);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  [[nodiscard]] Drops drops() const {
    Drops values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = board_.worker(0).drops[i].get();
    return values;
  }

  core::CounterBoard board_;
  core::StandbyTables standby_{10, 10, board_.standby()};
  core::SyncOutbox outbox_{2};  // nobody takes from it: it is full soon
  core::Tick now_;
  std::uint32_t generation_ = 0;
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::unique_ptr<TestWorker> worker_;
  Handled result_{};
  std::vector<Handled> released_;
  Drops counted_{};
};

template <typename Item>
std::vector<std::string> texts_of(const std::vector<Item>& items) {
  std::vector<std::string> texts;
  for (const Item& item : items) texts.push_back(text_of(item));
  return texts;
}

class PacketRow : public testing::TestWithParam<Row> {};

void expect_row(const Row& row, core::Tick start, bool with_sync = false) {
  const RowRun run{row, start, with_sync};
  if (!row.in.empty()) {
    EXPECT_EQ(text_of(run.result()), text_of(row.expected));
  }
  EXPECT_THAT(texts_of(run.released()), testing::UnorderedElementsAreArray(texts_of(row.released)));
  for (std::size_t i = 0; i < packet::kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    const auto is_counted = [reason](const Outcome& outcome) {
      return (outcome.action == Action::kDrop || outcome.action == Action::kReply) && outcome.reason == reason;
    };
    const auto expected =
        std::ranges::count_if(row.released, is_counted) + (!row.in.empty() && is_counted(row.expected) ? 1 : 0);
    EXPECT_EQ(run.counted(reason), static_cast<std::uint64_t>(expected)) << name_of(reason);
  }
}

TEST_P(PacketRow, Runs) { expect_row(GetParam(), 0); }

TEST_P(PacketRow, RunsTheSameWithConnectionSync) { expect_row(GetParam(), 0, true); }

// The tick counter wraps after 776 days: in the middle of the row, or between its last two frames.
TEST_P(PacketRow, RunsWhileTheTickCounterWraps) {
  expect_row(GetParam(), static_cast<core::Tick>(0) - 1);
  expect_row(GetParam(), static_cast<core::Tick>(0) - 200 * core::kTicksPerSecond);
}

std::string test_name_of(const testing::TestParamInfo<Row>& info) {
  std::string name;
  bool starts_word = true;
  for (const char letter : info.param.name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) {
      starts_word = true;
      continue;
    }
    name += starts_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    starts_word = false;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, PacketRow, testing::ValuesIn(all_rows()), test_name_of);

// ---- What the rows meet

template <typename Id>
std::set<int> numbers_below(std::size_t count, std::initializer_list<Id> without) {
  std::set<int> all;
  for (std::size_t i = 0; i < count; ++i) all.insert(static_cast<int>(i));
  for (const Id id : without) all.erase(static_cast<int>(id));
  return all;
}

// All outcomes that the rows expect; that they also happen is each row's own test.
std::vector<Outcome> expected_outcomes() {
  std::vector<Outcome> outcomes;
  for (const Row& row : all_rows()) {
    if (!row.in.empty()) outcomes.push_back(row.expected);
    outcomes.insert(outcomes.end(), row.released.begin(), row.released.end());
  }
  return outcomes;
}

TEST(PacketRows, AreManyAndEachHasItsName) {
  std::set<std::string> names;
  for (const Row& row : all_rows()) {
    EXPECT_TRUE(names.insert(test_name_of({row, 0})).second) << row.name;
  }
  EXPECT_GE(names.size(), 180U);
}

TEST(PacketRows, MeetEachReasonToDropThatTheCoreCanGive) {
  // The shell's own: only a full queue or ring makes them, which the core doesn't have.
  const auto expected = numbers_below(packet::kDropReasonCount, {DropReason::kTxQueueFull, DropReason::kHandoverRingFull,
                                                                 DropReason::kPuntRingFull, DropReason::kPuntLimited});
  std::set<int> met;
  for (const Outcome& outcome : expected_outcomes()) {
    if (outcome.action == Action::kDrop || outcome.action == Action::kReply) met.insert(static_cast<int>(outcome.reason));
  }
  EXPECT_EQ(met, expected);
}

TEST(PacketRows, MeetEachAction) {
  std::set<int> met;
  for (const Outcome& outcome : expected_outcomes()) met.insert(static_cast<int>(outcome.action));
  EXPECT_EQ(met, numbers_below<Action>(core::kActionCount, {}));
}

TEST(PacketRows, MeetEachClassForTheKernel) {
  std::set<int> met;
  for (const Outcome& outcome : expected_outcomes()) {
    if (outcome.action == Action::kPunt) met.insert(static_cast<int>(outcome.punt));
  }
  EXPECT_EQ(met, numbers_below<core::PuntClass>(core::kPuntClassCount, {}));
}

TEST(PacketRows, MeetEachKindOfFrame) {
  std::set<int> met;
  for (const Row& row : all_rows()) {
    const std::size_t contiguous = std::min(row.contiguous, row.in.size());
    met.insert(static_cast<int>(packet::parse_frame(row.in.data(), contiguous, row.in.size()).kind));
  }
  EXPECT_EQ(met, numbers_below<FrameKind>(static_cast<std::size_t>(FrameKind::kMalformed) + 1, {}));
}

// A punted or dropped frame leaves the core as it came: the kernel must see what the wire brought.
TEST(PacketRows, OnlyForwardedAndAnsweredFramesAreRewritten) {
  for (const Row& row : all_rows()) {
    if (row.in.empty() || row.expected.action != Action::kPunt) continue;
    EXPECT_EQ(to_hex(row.expected.out), to_hex(row.in)) << row.name;
  }
}

}  // namespace
}  // namespace penstock::test
