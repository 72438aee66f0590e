#include "healthcheck/io/misc_probe.h"

#include <csignal>
#include <string>
#include <utility>

#include "healthcheck/io/one_shot_probe.h"

namespace penstock::healthcheck {
namespace {

class MiscProbe final : public OneShotProbe {
 public:
  MiscProbe(control::EventLoop& loop, ScriptSlots& slots, MiscCheck check, ProbeDone done)
      : OneShotProbe{loop, std::move(done)},
        slots_{slots},
        check_{std::move(check)},
        place_{slots.queue_up([this] { start_script(); })} {}

 private:
  void start_script() {
    restart_clock();
    auto process = slots_.runner().start(check_.script, [this](control::ExitStatus status) { finish(judge(status)); });
    if (!process) {
      const auto failure = process.error().is_shortage ? ProbeFailure::kNotRun : ProbeFailure::kScriptNotRun;
      return finish({.failure = failure, .detail = std::move(process.error().reason)});
    }
    process_ = std::move(*process);
    start_deadline(check_.timeout);
  }

  [[nodiscard]] ProbeResult timed_out() const {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(check_.timeout).count();
    return {.failure = ProbeFailure::kScriptTimeout, .detail = "not done after " + std::to_string(milliseconds) + " ms"};
  }

  [[nodiscard]] ProbeResult judge(control::ExitStatus status) const {
    if (is_terminated_) return timed_out();
    if (status.signal != 0) {
      return {.failure = ProbeFailure::kScriptSignal, .detail = "ended by signal " + std::to_string(status.signal)};
    }
    if (status.code == 0) return {};
    if (check_.dynamic && status.code >= 2) return {.weight = status.code - 2};
    return {.failure = ProbeFailure::kScriptExit, .detail = "exited with status " + std::to_string(status.code)};
  }

  void on_deadline() override {
    if (std::exchange(is_terminated_, true)) {
      process_.reset();  // SIGKILL; the result needn't wait for its end
      return finish(timed_out());
    }
    process_.kill(SIGTERM);
    start_deadline(kTerminationGrace);
  }

  void finish(ProbeResult result) {
    place_.reset();
    end(std::move(result));
  }

  ScriptSlots& slots_;
  MiscCheck check_;
  bool is_terminated_ = false;
  ScriptSlots::Place place_;
  control::ChildProcess process_;
};

}  // namespace

std::unique_ptr<Probe> start_misc_probe(control::EventLoop& loop, ScriptSlots& slots, const CheckSpec& check, ProbeDone done) {
  return std::make_unique<MiscProbe>(loop, slots, std::get<MiscCheck>(check.kind), std::move(done));
}

}  // namespace penstock::healthcheck
