// Texts made on a thread of their own.
#include "control/cli/printer.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

namespace penstock::control {
namespace {

using std::chrono::seconds;

class PrinterTest : public ::testing::Test {
 protected:
  PrinterTest() { bound.start_once(seconds{20}); }

  // All of it, as a reader takes it.
  std::string read(AnswerStream& stream) {
    std::string text;
    std::optional<bool> last;
    do {
      last.reset();
      stream.more([&](std::string piece, bool is_last) {
        largest = std::max(largest, piece.size());
        text += piece;
        last = is_last;
      });
      while (!last && !timed_out) loop.run_once();
    } while (!timed_out && !*last);
    EXPECT_FALSE(timed_out);
    return text;
  }

  EventLoop loop;
  bool timed_out = false;
  Timer bound = loop.add_timer([this] { timed_out = true; });
  std::size_t largest = 0;
  Printer printer{loop};
};

TEST_F(PrinterTest, makes_the_text_on_another_thread) {
  std::thread::id maker;
  const auto stream = printer.print([&maker] {
    maker = std::this_thread::get_id();
    return std::string{"text"};
  });
  EXPECT_EQ(read(*stream), "text");
  EXPECT_NE(maker, std::this_thread::get_id());
}

TEST_F(PrinterTest, hands_a_long_text_out_in_pieces) {
  std::string text;
  while (text.size() < 3 * Printer::kPieceBytes + 100) text += std::to_string(text.size()) + ' ';
  const auto stream = printer.print([text] { return text; });
  EXPECT_EQ(read(*stream), text);
  EXPECT_EQ(largest, Printer::kPieceBytes);
}

TEST_F(PrinterTest, an_empty_text_ends_at_once) {
  const auto stream = printer.print([] { return std::string{}; });
  EXPECT_EQ(read(*stream), "");
}

TEST_F(PrinterTest, a_stream_that_ends_early_takes_nothing_with_it) {
  std::promise<void> go_on;
  auto dropped = printer.print([done = go_on.get_future()] {
    done.wait();
    return std::string{"nobody's"};
  });
  dropped->more([](const std::string&, bool) { FAIL() << "it is gone"; });
  dropped.reset();
  go_on.set_value();
  const auto stream = printer.print([] { return std::string{"the next one"}; });
  EXPECT_EQ(read(*stream), "the next one");
}

TEST_F(PrinterTest, ends_with_a_text_in_the_making) {
  auto stream = printer.print([] { return std::string(1'000'000, 'x'); });
  stream.reset();
}

}  // namespace
}  // namespace penstock::control
