#include "control/netlink/requester.h"

#include <netlink/msg.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace penstock::control {
namespace {

std::string with_hint(int code, std::string text) {
  if (code == EPERM || code == EACCES) text += " (this needs root or CAP_NET_ADMIN)";
  return text;
}

NetlinkError make_error(int code) { return {code, with_hint(code, std::strerror(code))}; }

}  // namespace

NetlinkResult read_error(const nlmsghdr& message) {
  const auto header = fixed_header<nlmsgerr>(message);
  if (!header) return std::unexpected{make_error(EBADMSG)};
  if (header->error == 0) return {};
  const int code = -header->error;
  std::size_t before_attributes = sizeof(nlmsgerr);
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) before_attributes += header->msg.nlmsg_len - NLMSG_HDRLEN;
  std::string text;
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) != 0) text = Attributes{message, before_attributes}.text(NLMSGERR_ATTR_MSG);
  if (text.empty()) return std::unexpected{make_error(code)};
  return std::unexpected{NetlinkError{code, with_hint(code, std::move(text))}};
}

std::expected<Requester, std::string> Requester::open(int protocol) {
  auto socket = NetlinkSocket::open({.protocol = protocol, .groups = {}});
  if (!socket) return std::unexpected{std::move(socket.error())};
  return Requester{std::move(*socket)};
}

std::vector<NetlinkResult> Requester::execute(std::span<Message> messages, const ReplyHandler& on_reply) {
  if (messages.empty()) return {};
  const std::uint32_t first = next_sequence_;
  next_sequence_ += static_cast<std::uint32_t>(messages.size());
  std::vector<std::byte> datagram;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    nlmsghdr& header = messages[i].raw();
    header.nlmsg_seq = first + static_cast<std::uint32_t>(i);
    const auto bytes = std::as_bytes(std::span{reinterpret_cast<const char*>(&header), header.nlmsg_len});
    datagram.insert(datagram.end(), bytes.begin(), bytes.end());
    datagram.resize(NLMSG_ALIGN(datagram.size()));
  }
  std::vector<NetlinkResult> results(messages.size(), std::unexpected{make_error(ENODATA)});
  if (const auto sent = socket_.send(datagram); !sent) {
    results.assign(messages.size(), std::unexpected{make_error(sent.error())});
    return results;
  }
  const auto take = [&](const nlmsghdr& reply) {
    const std::size_t index = reply.nlmsg_seq - first;
    if (index >= results.size()) return;  // the rest of an answer that an earlier call gave up on
    if (reply.nlmsg_type == NLMSG_ERROR) {
      results[index] = read_error(reply);
      return;
    }
    results[index] = {};
    if (reply.nlmsg_type != NLMSG_DONE && on_reply) on_reply(index, reply);
  };
  while (socket_.receive(take) != NetlinkSocket::Received::kNothing) {
  }
  return results;
}

NetlinkResult Requester::execute(Message& message, const ReplyHandler& on_reply) {
  return execute(std::span{&message, 1}, on_reply).front();
}

}  // namespace penstock::control
