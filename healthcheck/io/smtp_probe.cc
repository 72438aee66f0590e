#include "healthcheck/io/smtp_probe.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "healthcheck/io/one_shot_probe.h"
#include "healthcheck/smtp_dialogue.h"

namespace penstock::healthcheck {
namespace {

bool is_transient(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

class SmtpProbe final : public OneShotProbe {
 public:
  SmtpProbe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done)
      : OneShotProbe{loop, std::move(done)}, dialogue_{std::get<SmtpCheck>(check.kind).helo_name} {}

  void start(const CheckSpec& check) {
    auto socket = open_probe_socket(check.connection, SOCK_STREAM);
    if (!socket) return end_soon(socket.error());
    const auto connecting = start_connecting(*socket, check.connection);
    if (!connecting) return end_soon(connecting.error());
    if (!watch(std::move(*socket), {.writable = true})) return;
    start_deadline(check.connection.timeout);
  }

 private:
  void on_events(control::FdEvents seen) override {
    if (!is_connected_) return on_connected();
    if (seen.writable && !flush()) return;
    if (seen.readable || seen.error) read_some();
  }

  void on_connected() {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return end(failure_of(error));
    is_connected_ = true;
    set_events({.readable = true});
  }

  void read_some() {
    std::array<char, 4096> bytes;
    const ssize_t length = recv(fd(), bytes.data(), bytes.size(), 0);
    if (length < 0) {
      if (!is_transient(errno)) end(failure_of(errno));
      return;
    }
    if (length == 0) return end(dialogue_.on_close());
    auto step = dialogue_.on_bytes({bytes.data(), static_cast<std::size_t>(length)});
    if (step.end) return end(std::move(*step.end));
    unsent_ += step.send;
    flush();
  }

  // False: the probe has ended.
  bool flush() {
    if (!unsent_.empty()) {
      const ssize_t sent = send(fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (sent < 0 && !is_transient(errno)) {
        end(failure_of(errno));
        return false;
      }
      if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
    }
    set_events({.readable = true, .writable = !unsent_.empty()});
    return true;
  }

  void on_deadline() override {
    end({.failure = is_connected_ ? ProbeFailure::kTimeout : ProbeFailure::kConnectTimeout, .detail = "no answer in time"});
  }

  SmtpDialogue dialogue_;
  bool is_connected_ = false;
  std::string unsent_;
};

}  // namespace

std::unique_ptr<Probe> start_smtp_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done) {
  auto probe = std::make_unique<SmtpProbe>(loop, check, std::move(done));
  probe->start(check);
  return probe;
}

}  // namespace penstock::healthcheck
