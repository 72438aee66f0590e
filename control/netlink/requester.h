// Questions and orders to the kernel, answered before the call returns.
//
// rtnetlink and nf_tables work inside send(2): when it returns, every answer already waits in the socket (a dump's next piece
// is made while its previous one is read). So this neither waits nor needs the event loop. Limit: the kernel may hold send(2)
// up while another process has its configuration lock; route questions take none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "control/netlink/message.h"
#include "control/netlink/socket.h"

namespace penstock::control {

struct NetlinkError {
  int code = 0;      // an errno; ENODATA: the kernel gave no answer
  std::string text;  // the kernel's own explanation where it has one, else the errno's; with a hint where rights are missing
};
using NetlinkResult = std::expected<void, NetlinkError>;

class Requester {
 public:
  // As many messages may go at once as leave room for their answers in an unprivileged socket buffer (208 KiB by default, about
  // 4 KiB for an answer).
  static constexpr std::size_t kMaxBatch = 32;
  using ReplyHandler = std::function<void(std::size_t index, const nlmsghdr& reply)>;

  [[nodiscard]] static std::expected<Requester, std::string> open(int protocol = NETLINK_ROUTE);

  // Sends the messages as one datagram; the result has one entry for each. A message is answered by an acknowledgement (ask for
  // one by NLM_F_ACK), an error or its data, which go to `on_reply` with the message's index.
  std::vector<NetlinkResult> execute(std::span<Message> messages, const ReplyHandler& on_reply = {});
  // The same for one message, a dump included.
  NetlinkResult execute(Message& message, const ReplyHandler& on_reply = {});

 private:
  explicit Requester(NetlinkSocket socket) : socket_{std::move(socket)} {}
  NetlinkSocket socket_;
  std::uint32_t next_sequence_ = 1;
};

// What an NLMSG_ERROR message says; success for an acknowledgement.
[[nodiscard]] NetlinkResult read_error(const nlmsghdr& message);

}  // namespace penstock::control
