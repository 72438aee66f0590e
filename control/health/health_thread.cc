#include "control/health/health_thread.h"

#include <pthread.h>

#include <chrono>
#include <optional>
#include <utility>

#include "control/log.h"
#include "control/vrrp/file_trackers.h"
#include "control/vrrp/process_trackers.h"
#include "control/vrrp/script_trackers.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/mailer.h"
#include "healthcheck/io/probe_factory.h"
#include "healthcheck/io/prober.h"
#include "healthcheck/io/script_queue.h"
#include "healthcheck/io/script_runner.h"

namespace penstock::control {
namespace {

// How often a thread that is to end looks whether its last scripts and mails are done.
constexpr std::chrono::milliseconds kFarewellStep{10};

void report_problem(const std::string& line) { log::warning("{}", line); }

}  // namespace

// What runs in the thread; made and ended there.
class HealthThread::Worker {
 public:
  Worker(EventLoop& loop, Mailbox<healthcheck::CheckReport>& reports, healthcheck::PunctualityRecorder& punctuality,
         const TrackerResults& on_tracker)
      : loop_{loop},
        curl_{loop},
        runner_{loop, {}},
        factory_{loop, curl_, runner_},
        prober_{loop,
                [this](const healthcheck::CheckSpec& check, healthcheck::ProbeDone done) {
                  return factory_.start(check, std::move(done));
                },
                [&reports](healthcheck::CheckReport report) { reports.post(std::move(report)); }, punctuality},
        scripts_{runner_, {}, report_problem},
        mailer_{loop, curl_, report_problem},
        lvs_fifo_{"lvs_notify_fifo", runner_, report_problem},
        vrrp_fifo_{"vrrp_notify_fifo", runner_, report_problem},
        script_trackers_{loop, runner_,
                         [&on_tracker](const std::string& tracker, bool success, std::string_view words) {
                           on_tracker(ScriptResult{tracker, success, std::string{words}});
                         }},
        process_trackers_{
            loop, [&on_tracker](const std::string& tracker, bool enough) { on_tracker(ProcessResult{tracker, enough}); }},
        file_trackers_{
            loop, [&on_tracker](const std::string& tracker, std::int64_t value) { on_tracker(FileResult{tracker, value}); },
            report_problem},
        farewell_{loop.add_timer([this] { stop_when_idle(); })} {}

  void take(const HealthSettings& settings) {
    const healthcheck::GlobalPolicy& global = settings.global;
    runner_.set_options(
        {.refuse_insecure = global.script_security, .default_user = global.script_user, .default_group = global.script_group});
    for (const std::string& line : runner_.look_at(settings.scripts)) report_problem(line);
    factory_.set_tls(global.tls);
    mailer_.set_policy(settings.mail);
    lvs_fifo_.set({.path = global.lvs_notify_fifo,
                   .script = global.lvs_notify_fifo_script,
                   .user = global.lvs_notify_fifo_user,
                   .group = global.lvs_notify_fifo_group});
  }
  void take(const VrrpErrands& order) {
    script_trackers_.set(order.scripts);
    process_trackers_.set(order.processes);
    file_trackers_.set(order.files);
    vrrp_fifo_.set(order.fifo.path == lvs_fifo_.path() ? FifoSettings{} : order.fifo);
  }
  void take(std::shared_ptr<healthcheck::ViaGate> door) { factory_.use(std::move(door)); }
  void take(const healthcheck::StartCheck& order) { prober_.start(order.id, order.spec, order.up); }
  void take(const healthcheck::StopCheck& order) { prober_.stop(order.id); }
  void take(notify::RunScript order) { scripts_.run(std::move(order.script), order.queue); }
  void take(const notify::WriteFifo& order) { lvs_fifo_.write(order.line); }
  void take(const WriteVrrpFifo& order) { vrrp_channel().write(order.line); }
  void take(const notify::SendMail& order) { mailer_.send(order.subject, order.body); }
  void take(Stop) {
    prober_.stop_all();
    ends_at_ = EventLoop::now() + kFarewell;
    stop_when_idle();
  }

 private:
  // Both may be the same fifo (notify_fifo); then one channel writes the lines of both.
  FifoChannel& vrrp_channel() { return vrrp_fifo_.path().empty() ? lvs_fifo_ : vrrp_fifo_; }

  void stop_when_idle() {
    if ((scripts_.is_idle() && mailer_.is_idle()) || EventLoop::now() >= ends_at_) return loop_.stop();
    farewell_.start_once(kFarewellStep);
  }

  EventLoop& loop_;
  healthcheck::CurlMulti curl_;
  healthcheck::ScriptRunner runner_;
  healthcheck::ProbeFactory factory_;
  healthcheck::Prober prober_;
  healthcheck::ScriptQueue scripts_;
  healthcheck::Mailer mailer_;
  FifoChannel lvs_fifo_;
  FifoChannel vrrp_fifo_;
  ScriptTrackers script_trackers_;
  ProcessTrackers process_trackers_;
  FileTrackers file_trackers_;
  EventLoop::Clock::time_point ends_at_{};
  Timer farewell_;
};

HealthThread::HealthThread(EventLoop& control, Reports on_reports, TrackerResults on_tracker)
    : on_tracker_{std::move(on_tracker)},
      reports_{control, std::move(on_reports)},
      orders_{loop_, [this](std::vector<Order> orders) { take(std::move(orders)); }},
      thread_{[this] { run(); }} {
  pthread_setname_np(thread_.native_handle(), "health");
}

HealthThread::~HealthThread() {
  orders_.post(Stop{});
  thread_.join();
}

void HealthThread::run() {
  Worker worker{loop_, reports_, punctuality_, on_tracker_};
  worker_ = &worker;
  loop_.run();
  worker_ = nullptr;
}

void HealthThread::take(std::vector<Order> orders) {
  for (Order& order : orders) {
    if (auto* const of_health = std::get_if<HealthOrder>(&order)) {
      std::visit([this](auto& each) { worker_->take(std::move(each)); }, *of_health);
    } else {
      worker_->take(Stop{});
    }
  }
}

}  // namespace penstock::control
