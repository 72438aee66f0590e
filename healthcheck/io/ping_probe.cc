#include "healthcheck/io/ping_probe.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include "healthcheck/icmp_echo.h"
#include "healthcheck/io/one_shot_probe.h"

namespace penstock::healthcheck {
namespace {

// Only echo replies from here on; errors about our own packets come by the socket's error queue, which no filter touches. A
// filter that can't be set costs wake-ups, no correctness.
void filter_replies(int fd, bool is_v6) {
  if (is_v6) {
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    static_cast<void>(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter));
    return;
  }
  constexpr int kIcmpFilter = 1;  // ICMP_FILTER of linux/icmp.h, which can't be included with netinet/ip_icmp.h
  const std::uint32_t blocked = ~std::uint32_t{1};  // bit 0: echo reply
  static_cast<void>(setsockopt(fd, SOL_RAW, kIcmpFilter, &blocked, sizeof blocked));
}

class PingProbe final : public OneShotProbe {
 public:
  PingProbe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done)
      : OneShotProbe{loop, std::move(done)}, is_v6_{!check.connection.target.address.is_v4()} {}

  void start(const CheckSpec& check) {
    Connection connection = check.connection;
    connection.target.port = 0;
    connection.bind_port = 0;
    const int protocol = is_v6_ ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    auto socket = open_datagram_socket(connection, SOCK_RAW, protocol);
    if (!socket && socket.error().failure == ProbeFailure::kLocal) {
      auto second = open_datagram_socket(connection, SOCK_DGRAM, protocol);
      is_raw_ = !second;
      if (second) socket = std::move(second);
    }
    if (!socket) return end_soon(socket.error());
    if (is_raw_) filter_replies(socket->fd(), is_v6_);
    if (!watch(std::move(*socket), {.readable = true})) return;
    static_cast<void>(getrandom(&echo_.identifier, sizeof echo_.identifier, GRND_NONBLOCK));
    static_cast<void>(getrandom(&echo_.nonce, sizeof echo_.nonce, GRND_NONBLOCK));
    const EchoRequest request = encode_echo_request(echo_, is_v6_);
    if (send(fd(), request.data(), request.size(), 0) < 0) return end_soon(failure_of(errno));
    start_deadline(check.connection.timeout);
  }

 private:
  void on_events(control::FdEvents) override {
    std::array<std::byte, 60 + kEchoBytes> bytes;  // an IPv4 header of any length before it
    const ssize_t length = recv(fd(), bytes.data(), bytes.size(), 0);
    if (length < 0) {
      const int error = datagram_error(fd(), errno);
      if (error != 0) end(failure_of(error));
      return;
    }
    std::span<const std::byte> message = std::span{bytes}.first(static_cast<std::size_t>(length));
    if (is_raw_ && !is_v6_) message = after_ipv4_header(message);
    if (is_echo_reply(message, echo_, is_v6_, is_raw_)) end({});
  }

  void on_deadline() override { end({.failure = ProbeFailure::kTimeout, .detail = "no echo reply"}); }

  bool is_v6_;
  bool is_raw_ = true;
  Echo echo_{.sequence = 1};
};

}  // namespace

std::unique_ptr<Probe> start_ping_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done) {
  auto probe = std::make_unique<PingProbe>(loop, check, std::move(done));
  probe->start(check);
  return probe;
}

}  // namespace penstock::healthcheck
