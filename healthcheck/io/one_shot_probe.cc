#include "healthcheck/io/one_shot_probe.h"

#include <utility>

#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {

OneShotProbe::OneShotProbe(control::EventLoop& loop, ProbeDone done)
    : loop_{loop}, done_{std::move(done)}, timer_{loop.add_timer([this] {
        if (early_) {
          end(std::move(*early_));
        } else {
          on_deadline();
        }
      })} {}

void OneShotProbe::start_deadline(Duration timeout) {
  if (!early_) timer_.start_once(timeout);
}

bool OneShotProbe::watch(Socket socket, control::FdEvents events) {
  watch_.reset();
  socket_ = std::move(socket);
  auto watching = loop_.try_add_fd(socket_.fd(), events, [this](control::FdEvents seen) { on_events(seen); });
  if (!watching) {
    end_soon(own_failure("epoll", watching.error().value()));
    return false;
  }
  watch_ = std::move(*watching);
  return true;
}

void OneShotProbe::end(ProbeResult result) {
  timer_.stop();
  watch_.reset();
  socket_.close();
  result.latency = std::chrono::duration_cast<Duration>(control::EventLoop::now() - started_);
  // The callback may destroy the probe, and with it what done_ holds: so it is called from the stack.
  ProbeDone done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

void OneShotProbe::end_soon(ProbeResult result) {
  if (early_) return;
  early_ = std::move(result);
  timer_.start_once({});
}

std::string printable(std::string_view text, std::size_t longest) {
  std::string out{text.substr(0, longest)};
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

}  // namespace penstock::healthcheck
