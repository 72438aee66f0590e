// What tests of probes share: running one probe to its end with all that the daemon's probes share, and servers on loopback.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/loop/event_loop.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/probe_factory.h"
#include "healthcheck/io/probe_socket.h"
#include "healthcheck/io/script_runner.h"
#include "tests/support/waiting.h"

namespace penstock::healthcheck::test {

using namespace std::chrono_literals;

inline packet::IpAddress address(const char* text) { return packet::IpAddress::parse(text).value(); }

// A check of that server with a deadline that no probe of a test needs, unless it waits for it.
inline CheckSpec check_of(const packet::Endpoint& server, CheckKind kind, Duration timeout = 20s) {
  CheckSpec check;
  check.server = server;
  check.protocol = packet::Protocol::kTcp;
  check.connection.target = server;
  check.connection.timeout = timeout;
  check.kind = std::move(kind);
  return check;
}

class ProbeTest : public ::testing::Test {
 protected:
  using Starter = std::function<std::unique_ptr<Probe>(ProbeDone)>;

  // The result of a probe, which must not come from within the start; fails the test when none comes within half a minute.
  ProbeResult run(const Starter& start) {
    std::optional<ProbeResult> result;
    std::unique_ptr<Probe> probe;
    probe = start([&](ProbeResult ended) {
      EXPECT_FALSE(result) << "a second result";
      result = std::move(ended);
      probe.reset();  // as owners do
    });
    EXPECT_FALSE(result) << "a result from within the start";
    penstock::test::wait_until(loop_, "the probe's end", [&] { return result.has_value(); }, 30s);
    return result.value_or(ProbeResult{.failure = ProbeFailure::kLocal, .detail = "no result"});
  }
  ProbeResult run(const CheckSpec& check) {
    return run([&](ProbeDone done) { return factory_.start(check, std::move(done)); });
  }
  ProbeFailure failure_of_run(const CheckSpec& check) { return run(check).failure; }
  void wait_until(const std::string& what, const std::function<bool()>& condition) {
    penstock::test::wait_until(loop_, what, condition);
  }

  control::EventLoop loop_;
  CurlMulti curl_{loop_};
  ScriptRunner scripts_{loop_, {}};
  ProbeFactory factory_{loop_, curl_, scripts_};
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

}  // namespace penstock::healthcheck::test
