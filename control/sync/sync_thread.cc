#include "control/sync/sync_thread.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "control/log.h"
#include "control/sync/dump.h"

namespace penstock::control {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// How often workers' news are sent: with what the thread may be late, a connection of 10 ms is known to the other director.
constexpr milliseconds kBatch{4};
// How often the thread looks after the rest.
constexpr milliseconds kIdle{50};
// Connections of a dump in a batch, on average: 200,000 a second, a million in 5 s. They fill 20 datagrams of 1,472 bytes
// (IPv6: 40), and the other director's ring of these takes 256 (dpdk::kPuntRing, PuntClass::kSync): none is lost there while a
// turn of its control thread takes less than 50 ms (25).
constexpr std::ptrdiff_t kDumpBatch = 800;
// Datagrams that are taken before timers get their turn.
constexpr unsigned kReceiveBatch = 64;
// In what time the standby tables are looked through for connections that have ended.
constexpr milliseconds kSweep{8000};
constexpr seconds kAskAgain{1};
// How often a dump says that it goes on: some of these may be lost before anybody asks again.
constexpr milliseconds kGoesOn{250};
// A kernel never answers, and a master that is ours has answered by then.
constexpr unsigned kAsks = 10;
// Who comes back so late has perhaps missed what was told meanwhile: nothing keeps so much for him.
constexpr milliseconds kStoodStill{500};
// How often the interface is looked for, or looked at.
constexpr seconds kLookAgain{1};

}  // namespace

// What runs in the thread; made before it begins and ended after it.
class SyncThread::Worker {
 public:
  using Clock = EventLoop::Clock;

  Worker(EventLoop& loop, Surroundings surroundings)
      : loop_{loop},
        surroundings_{std::move(surroundings)},
        dump_{surroundings_.forwarders, surroundings_.outboxes, surroundings_.standby},
        timer_{loop.add_timer([this] { turn(); })} {}

  void take(SyncSettings order) {
    directory_ = std::move(order.directory);
    const bool same = order.daemon == (session_ ? std::optional{session_->daemon} : std::nullopt);
    if (!same) {
      if (session_) end_session();
      if (order.daemon) begin_session(*order.daemon);
    }
    plan();
  }

  void take(const SyncRole& order) {
    masters_[order.instance] = order.master;
    if (!session_ || order.instance != session_->daemon.instance || order.master == session_->master) return;
    log_stop();
    session_->master = order.master;
    log_start();
    if (!order.master) session_->asks_left = kAsks;
    turn();
    plan();
  }

  void take(const SyncLink& order) {
    const bool was_running = std::exchange(links_.try_emplace(order.interface, true).first->second, order.is_running);
    if (session_ && session_->daemon.interface == order.interface && order.is_running && !was_running) want_dump();
  }

  void take(Ask order) {
    SyncThreadStatus status{.dump = dump_status_, .lag = lag_, .worst_lag = worst_lag_};
    status.dump.is_sending = dump_.is_running();
    if (session_) {
      status.daemon = session_->daemon;
      status.master = session_->master;
      status.error = session_->error;
      status.sent = session_->sender.sent();
      status.received = session_->receiver.received();
      status.dump.is_wanted = session_->asks_left != 0;
    }
    order.answer.set_value(std::move(status));
  }

  void take(Stop) {
    if (session_) end_session();
    loop_.stop();
  }

 private:
  // One run of the daemon, by one configuration.
  struct Session {
    Session(config::SyncDaemon what, core::StandbyTables& standby, SyncSender::Send send)
        : daemon{std::move(what)}, sender{daemon.max_length, daemon.id, std::move(send)}, receiver{standby, daemon.id} {}

    config::SyncDaemon daemon;
    bool master = false;
    SyncSender sender;
    SyncReceiver receiver;
    std::string error{};
    Clock::time_point look_again{};  // after the interface
    unsigned asks_left = 0;          // for a dump: how often still
    Clock::time_point ask_again{};
    bool dump_begun = false;  // since we asked: we hear all of it
    std::optional<SyncSocket> socket{};
    FdWatch watch{};  // ends before the socket
  };

  void begin_session(const config::SyncDaemon& daemon) {
    session_.emplace(daemon, surroundings_.standby, [this](std::span<const std::byte> datagram) {
      return session_->socket ? session_->socket->send(datagram) : SyncSocket::Sent::kFailed;
    });
    session_->master = masters_[daemon.instance];
    // A dump comes to all of it at once: a few ms for each piece then were half a second in which nobody was told anything.
    surroundings_.standby.populate();
    turned_ = EventLoop::now();
    for (core::SyncOutbox* const outbox : surroundings_.outboxes) outbox->open();
    log_start();
    turn();
  }

  void end_session() {
    tell_news();
    for (core::SyncOutbox* const outbox : surroundings_.outboxes) outbox->close();
    log_stop();
    session_.reset();
  }

  // An interface may come later than we, or go and come back as another one.
  void look_after_socket(Clock::time_point now) {
    if (now < session_->look_again) return;
    session_->look_again = now + kLookAgain;
    if (session_->socket && session_->socket->is_stale()) {
      session_->watch.reset();
      session_->socket.reset();
    }
    if (!session_->socket) open_socket();
  }

  // From then on we listen: what has been told before we haven't heard.
  void open_socket() {
    const config::SyncDaemon& daemon = session_->daemon;
    auto socket =
        SyncSocket::open({.interface = daemon.interface, .group = daemon.group, .port = daemon.port, .ttl = daemon.ttl});
    if (!socket) {
      if (session_->error != socket.error()) log::warning("{}", socket.error());
      session_->error = socket.error();
      return;
    }
    if (!session_->error.empty()) log::info("connection sync on {} works again", daemon.interface);
    session_->error.clear();
    want_dump();
    session_->socket.emplace(std::move(*socket));
    session_->watch = loop_.add_fd(session_->socket->receive_fd(), {.readable = true}, [this](FdEvents) { receive(); });
  }

  // The kernel's lines, which the how-to has its readers look for (ip_vs_sync.c, start_sync_thread and stop_sync_thread).
  void log_start() const {
    log::info("IPVS: sync thread started: state = {}, mcast_ifn = {}, syncid = {}, id = 0",
              session_->master ? "MASTER" : "BACKUP", session_->daemon.interface, session_->daemon.id);
  }
  void log_stop() const { log::info("IPVS: stopping {} sync thread {} ...", session_->master ? "master" : "backup", gettid()); }

  void receive() {
    for (unsigned i = 0; i < kReceiveBatch; ++i) {
      const auto datagram = session_->socket->receive();
      if (!datagram) return;
      const auto note = session_->receiver.take(*datagram, *directory_, surroundings_.now(), session_->master);
      if (note) take_note(*note);
    }
  }

  void take_note(sync::Note note) {
    switch (note) {
      case sync::Note::kWantDump:
        // Who waits for one himself has nothing to give, unless the clients' packets come to him.
        if (session_->asks_left != 0 && !session_->master) return;
        if (!dump_.is_running()) begin_dump();
        dump_.start();
        plan();
        return;
      case sync::Note::kDumpBegins:
        session_->dump_begun = true;
        session_->ask_again = EventLoop::now() + kAskAgain;
        return;
      case sync::Note::kDumpGoesOn: session_->ask_again = EventLoop::now() + kAskAgain; return;
      case sync::Note::kDumpEnds:
        if (!std::exchange(session_->dump_begun, false)) return;  // the end of somebody else's, whose begin we have missed
        session_->asks_left = 0;
        ++dump_status_.received;
        return;
    }
  }

  void turn() {
    const Clock::time_point now = EventLoop::now();
    sweep(now);
    if (session_) {
      if (std::exchange(turned_, now) + kStoodStill < now) want_dump();
      look_after_socket(now);
      ask_for_dump(now);
      tell_news();
      go_on_with_dump(now);
      session_->sender.flush();
    }
    plan();
  }

  void want_dump() {
    session_->asks_left = kAsks;
    session_->ask_again = {};
  }

  void ask_for_dump(Clock::time_point now) {
    if (session_->asks_left == 0 || !session_->socket || now < session_->ask_again) return;
    --session_->asks_left;
    session_->ask_again = now + kAskAgain;
    session_->dump_begun = false;
    session_->sender.add(sync::Note::kWantDump);
  }

  // Everything that the workers have said, to the network: as BACKUP, too. Our addresses of other instances bring connections,
  // and when we have resigned a worker may still have a burst in hand.
  void tell_news() {
    const Clock::time_point now = EventLoop::now();
    std::array<core::SyncRecord, 256> records;
    bool any = false;
    for (core::SyncOutbox* const outbox : surroundings_.outboxes) {
      while (const std::size_t count = outbox->take(records)) {
        any = true;
        for (std::size_t i = 0; i < count; ++i) session_->sender.add(records[i], *directory_);
      }
    }
    if (any) {
      session_->sender.flush();
      lag_ = std::chrono::duration_cast<microseconds>(EventLoop::now() - looked_);
      worst_lag_ = std::max(worst_lag_, lag_);
    }
    looked_ = now;
  }

  void begin_dump() {
    dump_began_ = EventLoop::now();
    say_it_goes_on_ = dump_began_ + kGoesOn;
    session_->sender.add(sync::Note::kDumpBegins);
  }

  void go_on_with_dump(Clock::time_point now) {
    if (!dump_.is_running() || session_->sender.is_backed_up()) return;
    // A worker's batch is larger than ours: what was too much last time is less now. What a late turn has missed is not made up
    // for.
    dump_budget_ = std::min(dump_budget_, std::ptrdiff_t{0}) + kDumpBatch;
    if (dump_budget_ <= 0) return;
    const auto tell = [this](const core::SyncRecord& record) {
      --dump_budget_;
      session_->sender.add(record, *directory_);
    };
    const bool goes_on = dump_.step(static_cast<std::size_t>(dump_budget_), surroundings_.now(), tell);
    if (!goes_on) return end_dump();
    if (now < say_it_goes_on_) return;
    say_it_goes_on_ = now + kGoesOn;
    session_->sender.add(sync::Note::kDumpGoesOn);
  }

  void end_dump() {
    session_->sender.add(sync::Note::kDumpEnds);
    ++dump_status_.sent;
    dump_status_.last_took = std::chrono::duration_cast<milliseconds>(EventLoop::now() - dump_began_);
    if (dump_.is_running()) begin_dump();
  }

  void sweep(Clock::time_point now) {
    const auto elapsed = std::min<Clock::duration>(now - swept_, kSweep);
    swept_ = now;
    sweep_table(surroundings_.standby.ipv4, elapsed);
    sweep_table(surroundings_.standby.ipv6, elapsed);
  }
  template <typename Table>
  void sweep_table(Table& table, Clock::duration elapsed) {
    if (table.unclaimed() == 0) return;
    const double share = std::chrono::duration<double>(elapsed) / std::chrono::duration<double>(kSweep);
    table.sweep(static_cast<std::size_t>(share * static_cast<double>(table.bucket_count())) + 1, surroundings_.now(),
                [](const auto&, const core::StandbyConnection&) {});
  }

  void plan() {
    const milliseconds period = session_ ? kBatch : surroundings_.standby.any_unclaimed() ? kIdle : milliseconds{0};
    if (period == std::exchange(period_, period)) return;
    if (period.count() == 0) {
      timer_.stop();
    } else {
      timer_.start_every(period);
    }
  }

  EventLoop& loop_;
  Surroundings surroundings_;
  std::shared_ptr<const SyncDirectory> directory_;
  std::map<std::string, bool> masters_;  // instances
  std::map<std::string, bool> links_;    // interfaces that can carry packets
  SyncDump dump_;
  SyncDumpStatus dump_status_;
  Clock::time_point dump_began_{};
  Clock::time_point say_it_goes_on_{};
  std::ptrdiff_t dump_budget_ = 0;  // connections that the next batch of the dump may have
  Clock::time_point turned_{};      // last, in a session
  Clock::time_point looked_{};      // after the workers' news
  microseconds lag_{0};
  microseconds worst_lag_{0};
  Clock::time_point swept_{};
  milliseconds period_{0};
  Timer timer_;
  std::optional<Session> session_;
};

SyncThread::SyncThread(Surroundings surroundings)
    : worker_{std::make_unique<Worker>(loop_, std::move(surroundings))},
      orders_{loop_,
              [this](std::vector<Order> orders) {
                for (Order& order : orders) {
                  if (auto* const of_sync = std::get_if<SyncOrder>(&order)) {
                    std::visit([this](auto& each) { worker_->take(std::move(each)); }, *of_sync);
                  } else if (auto* const ask = std::get_if<Ask>(&order)) {
                    worker_->take(std::move(*ask));
                  } else {
                    worker_->take(Stop{});
                  }
                }
              }},
      thread_{[this] { loop_.run(); }} {
  pthread_setname_np(thread_.native_handle(), "sync");
}

SyncThread::~SyncThread() { stop(); }

SyncThreadStatus SyncThread::status() {
  Ask ask;
  auto answer = ask.answer.get_future();
  orders_.post(Order{std::move(ask)});
  return answer.get();
}

void SyncThread::stop() {
  if (!thread_.joinable()) return;
  orders_.post(Order{Stop{}});
  thread_.join();
}

}  // namespace penstock::control
