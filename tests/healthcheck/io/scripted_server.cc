#include "tests/healthcheck/io/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace penstock::healthcheck::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

sockaddr* as_socket_address(sockaddr_storage& storage) { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }

packet::Endpoint endpoint_of(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    return {packet::Ipv4Address{ntohl(in.sin_addr.s_addr)}, ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &storage, sizeof in);
  packet::Ipv6Address address;
  std::memcpy(address.bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
  return {address, ntohs(in.sin6_port)};
}

}  // namespace

std::string Peer::read_request() {
  std::string request;
  std::array<char, 4096> piece{};
  while (!request.contains("\r\n\r\n")) {
    const ssize_t length = recv(fd_, piece.data(), piece.size(), 0);
    if (length <= 0) break;
    request.append(piece.data(), static_cast<std::size_t>(length));
  }
  return request;
}

std::string Peer::read_some() {
  std::array<char, 4096> piece{};
  const ssize_t length = recv(fd_, piece.data(), piece.size(), 0);
  return {piece.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t length = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (length <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(length));
  }
}

void Peer::close_write() { shutdown(fd_, SHUT_WR); }

void Peer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // Disconnects with a RST, and leaves the descriptor to the server.
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  connect(fd_, &nobody, sizeof nobody);
}

bool Peer::wait_for_end() {
  std::array<char, 4096> scrap{};
  while (true) {
    const ssize_t length = recv(fd_, scrap.data(), scrap.size(), 0);
    if (length <= 0) return length == 0;
  }
}

bool Peer::is_left_within(std::chrono::milliseconds patience) {
  pollfd left{.fd = fd_, .events = POLLIN | POLLRDHUP, .revents = 0};
  return poll(&left, 1, static_cast<int>(patience.count())) != 0;
}

packet::Endpoint Peer::client() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getpeername(fd_, as_socket_address(storage), &length) != 0) return {};
  return endpoint_of(storage);
}

ScriptedServer::ScriptedServer(Script script, const char* address) : script_{std::move(script)} {
  const packet::IpAddress where = packet::IpAddress::parse(address).value();
  listener_ = socket(where.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0) fail("socket");
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (where.is_v4()) {
    sockaddr_in in{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(where.v4().value())}, .sin_zero = {}};
    std::memcpy(&storage, &in, length = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    std::memcpy(&in.sin6_addr, where.v6().bytes.data(), sizeof in.sin6_addr);
    std::memcpy(&storage, &in, length = sizeof in);
  }
  if (bind(listener_, as_socket_address(storage), length) != 0 || listen(listener_, 4096) != 0) fail("listen");
  length = sizeof storage;
  if (getsockname(listener_, as_socket_address(storage), &length) != 0) fail("getsockname");
  endpoint_ = endpoint_of(storage);
  acceptor_ = std::thread{[this] { serve(); }};
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
    for (const Connection& connection : connections_) shutdown(connection.fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);  // wakes accept()
  acceptor_.join();
  for (Connection& connection : connections_) {
    connection.thread.join();
    close(connection.fd);
  }
  close(listener_);
}

int ScriptedServer::accepted() const {
  const std::lock_guard lock{mutex_};
  return accepted_;
}

void ScriptedServer::serve() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock{mutex_};
    if (fd < 0 || ending_) {
      if (fd >= 0) close(fd);
      return;
    }
    ++accepted_;
    connections_.push_back({fd, std::thread{[this, fd] {
                              Peer peer{fd};
                              script_(peer);
                              shutdown(fd, SHUT_RDWR);
                            }}});
  }
}

}  // namespace penstock::healthcheck::test
