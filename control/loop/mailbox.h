// Messages to a loop from other threads: posted in any number, delivered together, in order.
//
// The sender never waits for the receiver; a mutex is held for as long as a vector takes an element. Unbounded: senders bound
// themselves. Made and ended while no other thread can post.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "control/loop/event_loop.h"

namespace penstock::control {

template <typename Message>
class Mailbox {
 public:
  // Called on the receiver's thread, with at least one message. Must not end the mailbox.
  using Deliver = std::move_only_function<void(std::vector<Message>)>;

  Mailbox(EventLoop& receiver, Deliver deliver)
      : deliver_{std::move(deliver)}, wakeup_{receiver.add_wakeup([this] { hand_over(); })} {}

  // Any thread.
  void post(Message message) {
    bool was_empty = false;
    {
      const std::lock_guard lock{mutex_};
      was_empty = messages_.empty();
      messages_.push_back(std::move(message));
    }
    if (was_empty) wakeup_.send();
  }

 private:
  void hand_over() {
    std::vector<Message> messages;
    {
      const std::lock_guard lock{mutex_};
      messages.swap(messages_);
    }
    if (!messages.empty()) deliver_(std::move(messages));
  }

  std::mutex mutex_;
  std::vector<Message> messages_;
  Deliver deliver_;
  Wakeup wakeup_;
};

}  // namespace penstock::control
