// A thread that makes the long texts, so that the control thread's turns stay short.
//
// Each text is made whole, from values that were copied for it, and then handed out in pieces. Texts wait for one another, not
// for their readers. Control-owned: all but the making happens on the control thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "control/cli/answer.h"
#include "control/loop/event_loop.h"
#include "control/loop/mailbox.h"

namespace penstock::control {

class Printer {
 public:
  static constexpr std::size_t kPieceBytes = 65'536;

  // Throws std::runtime_error when there is no thread or descriptor left.
  explicit Printer(EventLoop& control);
  // Waits for the text that is being made; those that wait for their turn are dropped. After the streams.
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  // The text is made as soon as the thread comes to it. A stream that ends early drops it.
  [[nodiscard]] std::unique_ptr<AnswerStream> print(MakeText make);

 private:
  class Stream;
  using TextId = std::uint64_t;
  struct Job {
    TextId id = 0;
    MakeText make;
  };
  struct Stop {};
  using Order = std::variant<Job, Stop>;
  using Text = std::pair<TextId, std::string>;

  void work(std::vector<Order> orders);  // on the thread
  void hand_out(std::vector<Text> texts);

  EventLoop loop_;  // the thread's
  std::map<TextId, Stream*> streams_;
  TextId last_ = 0;
  Mailbox<Text> texts_;
  Mailbox<Order> orders_;
  std::thread thread_;
};

}  // namespace penstock::control
