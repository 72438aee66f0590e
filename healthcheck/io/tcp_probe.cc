#include "healthcheck/io/tcp_probe.h"

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

using control::EventLoop;

class TcpProbe final : public Probe {
 public:
  TcpProbe(EventLoop& loop, ProbeSockets& sockets, const CheckSpec& check, ProbeDone done)
      : sockets_{sockets}, done_{std::move(done)}, started_{EventLoop::now()} {
    timer_ = loop.add_timer([this] { on_timer(); });
    auto socket = sockets.open_stream(check.connection);
    const auto connecting = socket ? start_connecting(*socket, check.connection) : std::unexpected{socket.error()};
    if (!connecting) {
      end_soon(connecting.error());
      return;
    }
    socket_ = std::move(*socket);
    auto watching = loop.try_add_fd(socket_.fd(), {.writable = true}, [this](control::FdEvents) { on_connected(); });
    if (!watching) {
      end_soon(own_failure("epoll", watching.error().value()));
      return;
    }
    watch_ = std::move(*watching);
    timer_.start_once(check.connection.timeout);
  }

 private:
  // The result must not come from within the start.
  void end_soon(ProbeResult result) {
    early_ = std::move(result);
    timer_.start_once({});
  }

  void on_timer() { finish(std::exchange(early_, {.failure = ProbeFailure::kConnectTimeout})); }

  void on_connected() {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
      watch_.reset();
      sockets_.close_orderly(std::move(socket_));
      finish({});
    } else {
      finish(failure_of(error));
    }
  }

  void finish(ProbeResult result) {
    watch_.reset();
    timer_.stop();
    socket_.close();
    result.latency = std::chrono::duration_cast<Duration>(EventLoop::now() - started_);
    std::exchange(done_, {})(std::move(result));  // may destroy this probe
  }

  ProbeSockets& sockets_;
  ProbeDone done_;
  EventLoop::Clock::time_point started_;
  ProbeResult early_{.failure = ProbeFailure::kConnectTimeout};
  Socket socket_;
  control::FdWatch watch_;  // ends before the socket
  control::Timer timer_;
};

}  // namespace

std::unique_ptr<Probe> start_tcp_probe(EventLoop& loop, ProbeSockets& sockets, const CheckSpec& check, ProbeDone done) {
  return std::make_unique<TcpProbe>(loop, sockets, check, std::move(done));
}

}  // namespace penstock::healthcheck
