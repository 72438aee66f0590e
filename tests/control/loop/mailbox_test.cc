// Messages from other threads arrive all, once, and in each sender's order.
#include "control/loop/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <utility>

namespace penstock::control {
namespace {

struct Message {
  std::size_t sender;
  int number;
};

TEST(Mailbox, DeliversEverySendersMessagesInOrder) {
  constexpr std::size_t kSenders = 4;
  constexpr int kEach = 20'000;
  EventLoop loop;
  std::array<int, kSenders> next{};
  int received = 0;
  bool in_order = true;
  Mailbox<Message> mailbox{loop, [&](std::vector<Message> messages) {
                             EXPECT_FALSE(messages.empty());
                             for (const Message& message : messages) {
                               in_order = in_order && message.number == next[message.sender]++;
                               ++received;
                             }
                             if (received == static_cast<int>(kSenders) * kEach) loop.stop();
                           }};
  std::vector<std::thread> senders;
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&mailbox, sender] {
      for (int number = 0; number < kEach; ++number) mailbox.post({sender, number});
    });
  }
  loop.run();
  for (std::thread& sender : senders) sender.join();
  EXPECT_TRUE(in_order);
}

TEST(Mailbox, DeliversWhatIsPostedWhileItDelivers) {
  EventLoop loop;
  std::vector<int> seen;
  Mailbox<int>* self = nullptr;
  Mailbox<int> mailbox{loop, [&](std::vector<int> messages) {
                         for (const int message : messages) {
                           seen.push_back(message);
                           if (message < 3) self->post(message + 1);
                           if (message == 3) loop.stop();
                         }
                       }};
  self = &mailbox;
  mailbox.post(1);
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace penstock::control
