#include "healthcheck/io/dns_probe.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "healthcheck/dns_message.h"
#include "healthcheck/io/one_shot_probe.h"

namespace penstock::healthcheck {
namespace {

class DnsProbe final : public OneShotProbe {
 public:
  DnsProbe(control::EventLoop& loop, ProbeDone done) : OneShotProbe{loop, std::move(done)} {}

  void start(const CheckSpec& check) {
    const auto& dns = std::get<DnsCheck>(check.kind);
    std::uint16_t id = 0;
    static_cast<void>(getrandom(&id, sizeof id, GRND_NONBLOCK));
    auto query = encode_dns_query(id, dns.name, dns.type);
    if (!query) return end_soon({.failure = ProbeFailure::kLocal, .detail = query.error()});
    query_ = std::move(*query);
    auto socket = open_datagram_socket(check.connection, SOCK_DGRAM);
    if (!socket) return end_soon(socket.error());
    if (!watch(std::move(*socket), {.readable = true})) return;
    if (send(fd(), query_.data(), query_.size(), 0) < 0) return end_soon(failure_of(errno));
    start_deadline(check.connection.timeout);
  }

 private:
  void on_events(control::FdEvents) override {
    // More than the question is never looked at: a name of 255 bytes, and the header.
    std::array<std::byte, 512> reply;
    const ssize_t length = recv(fd(), reply.data(), reply.size(), 0);
    if (length < 0) {
      const int error = datagram_error(fd(), errno);
      if (error != 0) end(failure_of(error));
      return;
    }
    const DnsReply read = read_dns_reply(std::span{reply}.first(static_cast<std::size_t>(length)), query_);
    if (!read.is_ours) {
      saw_others_ = true;
      return;
    }
    if (read.response_code == 0) return end({});
    end({.failure = ProbeFailure::kDnsResponseCode, .detail = dns_response_code_name(read.response_code)});
  }

  void on_deadline() override {
    if (saw_others_)
      return end({.failure = ProbeFailure::kMalformedReply, .detail = "only datagrams that don't answer the query"});
    end({.failure = ProbeFailure::kTimeout, .detail = "no reply"});
  }

  std::vector<std::byte> query_;
  bool saw_others_ = false;
};

}  // namespace

std::unique_ptr<Probe> start_dns_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done) {
  auto probe = std::make_unique<DnsProbe>(loop, std::move(done));
  probe->start(check);
  return probe;
}

}  // namespace penstock::healthcheck
