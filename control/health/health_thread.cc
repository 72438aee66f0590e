#include "control/health/health_thread.h"

#include <pthread.h>

#include <chrono>
#include <optional>
#include <utility>

#include "control/log.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/mailer.h"
#include "healthcheck/io/notify_fifo.h"
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
  Worker(EventLoop& loop, Mailbox<healthcheck::CheckReport>& reports, healthcheck::PunctualityRecorder& punctuality)
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
        farewell_{loop.add_timer([this] { stop_when_idle(); })} {}

  void take(HealthSettings settings) {
    const healthcheck::GlobalPolicy& global = settings.global;
    runner_.set_options(
        {.refuse_insecure = global.script_security, .default_user = global.script_user, .default_group = global.script_group});
    for (const std::string& line : runner_.look_at(settings.scripts)) report_problem(line);
    factory_.set_tls(global.tls);
    mailer_.set_policy(settings.mail);
    if (global.lvs_notify_fifo != fifo_path_) open_fifo(global);
    if (global.lvs_notify_fifo_script != fifo_script_) start_fifo_script(global.lvs_notify_fifo_script);
  }
  void take(std::shared_ptr<healthcheck::ViaGate> door) { factory_.use(std::move(door)); }
  void take(const healthcheck::StartCheck& order) { prober_.start(order.id, order.spec, order.up); }
  void take(const healthcheck::StopCheck& order) { prober_.stop(order.id); }
  void take(healthcheck::RunScript order) { scripts_.run(std::move(order.script), order.queue); }
  void take(const healthcheck::WriteFifo& order) {
    if (fifo_ && !fifo_->write(order.line) && fifo_->lost() == 1) report_problem(fifo_path_ + ": nobody reads: lines are lost");
  }
  void take(const healthcheck::SendMail& order) { mailer_.send(order.subject, order.body); }
  void take(Stop) {
    prober_.stop_all();
    ends_at_ = EventLoop::now() + kFarewell;
    stop_when_idle();
  }

 private:
  void open_fifo(const healthcheck::GlobalPolicy& global) {
    fifo_.reset();
    fifo_path_ = global.lvs_notify_fifo;
    if (fifo_path_.empty()) return;
    const auto owner = runner_.resolve({.user = global.lvs_notify_fifo_user, .group = global.lvs_notify_fifo_group});
    if (!owner) report_problem(fifo_path_ + ": " + owner.error());
    auto fifo = healthcheck::NotifyFifo::open(fifo_path_, owner ? std::optional{*owner} : std::nullopt);
    if (!fifo) return report_problem(fifo.error());
    fifo_ = std::move(*fifo);
  }

  // The program that reads the fifo, named to it as its last argument; it runs as long as the daemon does.
  void start_fifo_script(const healthcheck::Script& script) {
    fifo_reader_.reset();
    fifo_script_ = script;
    if (script.empty() || !fifo_) return;
    healthcheck::Script with_path = script;
    with_path.command.push_back(fifo_path_);
    auto started = runner_.start(with_path, [](ExitStatus) { report_problem("the script of lvs_notify_fifo has ended"); });
    if (!started) return report_problem(script.command.front() + ": " + started.error().reason);
    fifo_reader_ = std::move(*started);
  }

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
  std::string fifo_path_;
  std::optional<healthcheck::NotifyFifo> fifo_;
  healthcheck::Script fifo_script_;
  ChildProcess fifo_reader_;
  EventLoop::Clock::time_point ends_at_{};
  Timer farewell_;
};

HealthThread::HealthThread(EventLoop& control, Reports on_reports)
    : reports_{control, std::move(on_reports)},
      orders_{loop_, [this](std::vector<Order> orders) { take(std::move(orders)); }},
      thread_{[this] { run(); }} {
  pthread_setname_np(thread_.native_handle(), "health");
}

HealthThread::~HealthThread() {
  orders_.post(Stop{});
  thread_.join();
}

void HealthThread::run() {
  Worker worker{loop_, reports_, punctuality_};
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
