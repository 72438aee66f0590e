// What tests of probes share: running one probe to its end, and servers on loopback in the same loop that act as they are told.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "healthcheck/io/probe.h"
#include "healthcheck/io/probe_socket.h"
#include "tests/support/waiting.h"

namespace penstock::healthcheck::test {

using namespace std::chrono_literals;

inline packet::IpAddress address(const char* text) { return packet::IpAddress::parse(text).value(); }

// A check of `kind` on a server; whoever expects an answer gives it time, whoever expects none doesn't.
inline CheckSpec check_of(CheckKind kind, const packet::Endpoint& target, Duration timeout = 5s) {
  CheckSpec check;
  check.server = target;
  check.connection.target = target;
  check.connection.timeout = timeout;
  check.kind = std::move(kind);
  return check;
}

class ProbeTest : public ::testing::Test {
 protected:
  using Starter = std::function<std::unique_ptr<Probe>(ProbeDone)>;

  // The result of a probe, which must not come from within the start.
  ProbeResult run(const Starter& start) {
    std::optional<ProbeResult> result;
    std::unique_ptr<Probe> probe;
    probe = start([&](ProbeResult ended) {
      EXPECT_FALSE(result) << "a second result";
      result = std::move(ended);
      probe.reset();  // as owners do
    });
    EXPECT_FALSE(result) << "a result from within the start";
    wait_until("the probe's end", [&] { return result.has_value(); });
    return result.value_or(ProbeResult{.failure = ProbeFailure::kLocal, .detail = "no result"});
  }
  void wait_until(const std::string& what, const std::function<bool()>& condition) {
    penstock::test::wait_until(loop_, what, condition);
  }

  control::EventLoop loop_;
};

// A socket bound to a free port of an address of this host.
struct LocalSocket {
  LocalSocket(int type, const char* text) : socket{::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text, &in.sin_addr), 1);
    EXPECT_EQ(bind(socket.fd(), reinterpret_cast<const sockaddr*>(&in), sizeof in), 0);
    socklen_t length = sizeof in;
    EXPECT_EQ(getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&in), &length), 0);
    endpoint = {.address = address(text), .port = ntohs(in.sin_port)};
  }
  Socket socket;
  packet::Endpoint endpoint{};
};

// Where nobody listens.
inline packet::Endpoint closed_port(int type) { return LocalSocket{type, "127.0.0.1"}.endpoint; }

// Answers each datagram with those that `answer` gives.
class UdpServer {
 public:
  using Answer = std::function<std::vector<std::string>(std::string_view)>;
  UdpServer(control::EventLoop& loop, Answer answer)
      : answer_{std::move(answer)},
        local_{SOCK_DGRAM, "127.0.0.1"},
        watch_{loop.add_fd(local_.socket.fd(), {.readable = true}, [this](control::FdEvents) { serve(); })} {}
  [[nodiscard]] packet::Endpoint endpoint() const { return local_.endpoint; }
  [[nodiscard]] const std::vector<std::string>& received() const { return received_; }

 private:
  void serve() {
    char bytes[2048];
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    const ssize_t got = recvfrom(local_.socket.fd(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&peer), &length);
    if (got < 0) return;
    received_.emplace_back(bytes, static_cast<std::size_t>(got));
    for (const std::string& reply : answer_(received_.back())) {
      sendto(local_.socket.fd(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&peer), length);
    }
  }
  Answer answer_;
  LocalSocket local_;
  std::vector<std::string> received_;
  control::FdWatch watch_;
};

// Takes one connection, says `greeting`, and answers the n-th read with the n-th reply; "" closes the connection.
class TcpServer {
 public:
  TcpServer(control::EventLoop& loop, std::string greeting, std::vector<std::string> replies)
      : loop_{loop}, greeting_{std::move(greeting)}, replies_{std::move(replies)}, local_{SOCK_STREAM, "127.0.0.1"} {
    EXPECT_EQ(listen(local_.socket.fd(), 1), 0);
    accepting_ = loop.add_fd(local_.socket.fd(), {.readable = true}, [this](control::FdEvents) { take(); });
  }
  [[nodiscard]] packet::Endpoint endpoint() const { return local_.endpoint; }
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] bool was_left() const { return was_left_; }
  void say(std::string_view text) {
    EXPECT_EQ(send(peer_.fd(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    serving_.reset();
    peer_.close();
  }

 private:
  void take() {
    peer_ = Socket{accept4(local_.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!peer_) return;
    serving_ = loop_.add_fd(peer_.fd(), {.readable = true}, [this](control::FdEvents) { serve(); });
    greeting_.empty() ? hang_up() : say(greeting_);
  }
  void serve() {
    char bytes[2048];
    const ssize_t got = recv(peer_.fd(), bytes, sizeof bytes, 0);
    if (got <= 0) {
      was_left_ = got == 0;
      return hang_up();
    }
    received_.append(bytes, static_cast<std::size_t>(got));
    if (next_ >= replies_.size()) return;
    const std::string& reply = replies_[next_++];
    reply.empty() ? hang_up() : say(reply);
  }
  control::EventLoop& loop_;
  std::string greeting_;
  std::vector<std::string> replies_;
  std::size_t next_ = 0;
  std::string received_;
  bool was_left_ = false;
  LocalSocket local_;
  Socket peer_;
  control::FdWatch accepting_;
  control::FdWatch serving_;
};

}  // namespace penstock::healthcheck::test
