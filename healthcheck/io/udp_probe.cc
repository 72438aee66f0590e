#include "healthcheck/io/udp_probe.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "healthcheck/io/one_shot_probe.h"

namespace penstock::healthcheck {
namespace {

// Sent where the configuration has no payload, as keepalived sends 32 bytes then.
constexpr std::array<std::uint8_t, 32> kDefaultPayload{};

class UdpProbe final : public OneShotProbe {
 public:
  UdpProbe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done)
      : OneShotProbe{loop, std::move(done)}, check_{std::get<UdpCheck>(check.kind)} {}

  void start(const CheckSpec& check) {
    auto socket = open_datagram_socket(check.connection, SOCK_DGRAM);
    if (!socket) return end_soon(socket.error());
    if (!watch(std::move(*socket), {.readable = true})) return;
    const std::span<const std::uint8_t> payload =
        check_.payload.empty() ? std::span<const std::uint8_t>{kDefaultPayload} : check_.payload;
    if (send(fd(), payload.data(), payload.size(), 0) < 0) return end_soon(failure_of(errno));
    start_deadline(check.connection.timeout);
  }

 private:
  void on_events(control::FdEvents) override {
    std::vector<std::uint8_t> reply(std::max<std::size_t>(check_.reply.size(), 1));
    const ssize_t length = recv(fd(), reply.data(), reply.size(), MSG_TRUNC);  // the length of the whole datagram
    if (length >= 0) return end(judge(reply, static_cast<std::size_t>(length)));
    const int error = datagram_error(fd(), errno);
    if (error != 0) end(failure_of(error));
  }

  void on_deadline() override {
    if (!check_.require_reply) return end({});
    end({.failure = ProbeFailure::kTimeout, .detail = "no reply"});
  }

  [[nodiscard]] ProbeResult judge(std::span<const std::uint8_t> reply, std::size_t length) const {
    if (!check_.require_reply || check_.reply.empty()) return {};
    const auto wrong = [](std::string detail) {
      return ProbeResult{.failure = ProbeFailure::kWrongReply, .detail = std::move(detail)};
    };
    if (length < check_.min_reply_length || length > check_.max_reply_length) {
      return wrong("a reply of " + std::to_string(length) + " bytes");
    }
    for (std::size_t i = 0; i < std::min(length, check_.reply.size()); ++i) {
      const MaskedByte wanted = check_.reply[i];
      if (((reply[i] ^ wanted.value) & wanted.mask) != 0) return wrong("byte " + std::to_string(i) + " of the reply differs");
    }
    return {};
  }

  UdpCheck check_;
};

}  // namespace

std::unique_ptr<Probe> start_udp_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done) {
  auto probe = std::make_unique<UdpProbe>(loop, check, std::move(done));
  probe->start(check);
  return probe;
}

}  // namespace penstock::healthcheck
