#include "control/netlink/socket.h"

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "control/netlink/message.h"

namespace penstock::control {
namespace {

// The kernel makes dump datagrams of at most 32 KiB; a notification about a NIC with hundreds of virtual functions may be
// larger.
constexpr std::size_t kBufferBytes = std::size_t{256} * 1024;

void set_option(int fd, int level, int option, int value) {
  // Each option set by this is an improvement that old kernels lack, so a failure changes nothing that we rely on.
  setsockopt(fd, level, option, &value, sizeof(value));
}

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

NetlinkSocket::NetlinkSocket(std::unique_ptr<nl_sock, Free> socket)
    : socket_{std::move(socket)}, buffer_{std::make_unique_for_overwrite<std::byte[]>(kBufferBytes)} {}

std::expected<NetlinkSocket, std::string> NetlinkSocket::open(const NetlinkSocketOptions& options) {
  std::unique_ptr<nl_sock, Free> socket{nl_socket_alloc()};
  if (socket == nullptr) return std::unexpected{"cannot create a netlink socket: out of memory"};
  const auto failed = [](const char* step, int error) {
    const char* hint = error == -NLE_PERM ? " (this needs root or CAP_NET_ADMIN)" : "";
    return std::unexpected{std::string{"cannot "} + step + ": " + nl_geterror(error) + hint};
  };
  if (const int error = nl_connect(socket.get(), options.protocol); error < 0) return failed("open a netlink socket", error);
  const int fd = nl_socket_get_fd(socket.get());
  set_option(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer_bytes);
  set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  for (const int group : options.groups) {
    if (const int error = nl_socket_add_membership(socket.get(), group); error < 0)
      return failed("join a netlink group", error);
  }
  return NetlinkSocket{std::move(socket)};
}

int NetlinkSocket::fd() const { return nl_socket_get_fd(socket_.get()); }

std::expected<void, int> NetlinkSocket::send(std::span<const std::byte> bytes) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  while (sendto(fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) < 0) {
    if (errno != EINTR) return std::unexpected{errno};
  }
  return {};
}

NetlinkSocket::Received NetlinkSocket::receive(const Handler& handler) {
  sockaddr_nl sender{};
  iovec place{.iov_base = buffer_.get(), .iov_len = kBufferBytes};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof(sender);
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  ssize_t size = 0;
  do {
    size = recvmsg(fd(), &header, MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Received::kNothing : Received::kOverrun;
  if ((header.msg_flags & MSG_TRUNC) != 0) return Received::kOverrun;
  if (sender.nl_pid != 0) return Received::kMessages;  // another process wrote to us: nothing of it is taken

  for_each_message({buffer_.get(), static_cast<std::size_t>(size)}, handler);
  return Received::kMessages;
}

}  // namespace penstock::control
