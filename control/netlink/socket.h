// One netlink socket: opened by libnl, read one datagram at a time, never waited on.
//
// The kernel says that it dropped messages for us (ENOBUFS) or cut one short; both come back as kOverrun, because the cure is
// the same: ask for everything again.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct nl_sock;

namespace penstock::control {

struct NetlinkSocketOptions {
  int protocol = NETLINK_ROUTE;
  std::vector<int> groups;             // multicast groups to join (RTNLGRP_*)
  int receive_buffer_bytes = 1 << 20;  // beyond net.core.rmem_max where we may (CAP_NET_ADMIN)
};

class NetlinkSocket {
 public:
  enum class Received : std::uint8_t { kMessages, kNothing, kOverrun };
  using Handler = std::function<void(const nlmsghdr&)>;

  // In the network namespace of the calling thread. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<NetlinkSocket, std::string> open(const NetlinkSocketOptions& options);

  [[nodiscard]] int fd() const;
  // One datagram, which may hold several messages. Fails with the errno of send(2).
  [[nodiscard]] std::expected<void, int> send(std::span<const std::byte> bytes);
  // Reads one datagram if there is one, and hands each of its messages to `handler`. Only the kernel's own messages count.
  [[nodiscard]] Received receive(const Handler& handler);

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit NetlinkSocket(std::unique_ptr<nl_sock, Free> socket);

  std::unique_ptr<nl_sock, Free> socket_;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace penstock::control
