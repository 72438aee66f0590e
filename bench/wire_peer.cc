// The other end of a memif wire: floods it, sends adverts on time, and notes when which adverts arrive. For lab/floods_bench.py
// and the end-to-end tests, which command it by lines on its standard input; it answers each with one line.
//
//   wire-peer DEVICE CPU      DEVICE: "net_memif0,role=client,socket=..."; CPU: where frames are sent and received
//   flood RATE FILE                 from now on RATE frames a second, those of FILE in turn; 0: none
//   advert MILLISECONDS FILE        beside them the frames of FILE at once, each so many milliseconds; 0: none
//   once 1 FILE                     the frames of FILE once, now
//   drain RATE                      frames a second that are taken off the wire; 0: all
//   report                          {"sent", "refused", "adverts_sent", "received", "seconds", "arrivals": [[time, vrid,
//   priority]]}
//                                   since the last report
// A FILE is a sequence of frames, each behind its length (two bytes, big endian).
//
// The thread that sends wakes each 50 us by the realtime scheduler, so that a busy processor delays its stamps by no more than
// that; where it has no such right it says so ("realtime": false).
#include <pthread.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using Frames = std::vector<std::string>;

constexpr std::chrono::microseconds kPeriod{50};
constexpr unsigned kBurst = 32;
constexpr unsigned kMostAtOnce = 512;  // frames of a flood in one period: what was missed before that is not made up for

struct Arrival {
  double time;  // seconds of the monotonic clock
  unsigned virtual_router_id;
  unsigned priority;
};

struct Plan {
  double flood_rate = 0;  // frames a second
  Frames flood;
  std::chrono::milliseconds advert_interval{0};  // 0: none
  Frames adverts;
  double drain_rate = 0;  // frames a second, 0: no limit
};

struct Report {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  // the wire was full
  std::uint64_t adverts_sent = 0;
  std::uint64_t received = 0;
  std::vector<Arrival> arrivals;
};

class Peer {
 public:
  Peer(std::uint16_t port, rte_mempool* pool) : port_{port}, pool_{pool} {}

  void run() {
    next_advert_ = last_ = Clock::now();
    while (!stopped_.load(std::memory_order_relaxed)) {
      {
        const std::scoped_lock lock{mutex_};
        turn(Clock::now());
      }
      const timespec span{0, std::chrono::nanoseconds{kPeriod}.count()};
      clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
    }
  }
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

  // Any thread.
  void change(const std::function<void(Plan&)>& edit) {
    const std::scoped_lock lock{mutex_};
    edit(plan_);
    owed_ = 0;
    next_advert_ = Clock::now();
  }
  void send_once(Frames frames) {
    const std::scoped_lock lock{mutex_};
    once_ = std::move(frames);
  }
  Report take_report() {
    const std::scoped_lock lock{mutex_};
    return std::exchange(report_, {});
  }

 private:
  void turn(Clock::time_point now) {
    const double elapsed = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    receive(now, elapsed);
    if (plan_.advert_interval.count() > 0 && now >= next_advert_) {
      if (send(plan_.adverts, 0, static_cast<unsigned>(plan_.adverts.size())) == plan_.adverts.size()) {
        report_.adverts_sent += plan_.adverts.size();
        next_advert_ += plan_.advert_interval;
      }
    }
    if (!once_.empty()) once_.erase(once_.begin(), once_.begin() + send(once_, 0, static_cast<unsigned>(once_.size())));
    if (plan_.flood.empty()) return;
    owed_ = std::min<double>(owed_ + plan_.flood_rate * elapsed, kMostAtOnce);
    const auto count = static_cast<unsigned>(owed_);
    owed_ -= count;
    const unsigned sent = send(plan_.flood, next_frame_, count);
    next_frame_ = (next_frame_ + count) % plan_.flood.size();
    report_.sent += sent;
    report_.refused += count - sent;
  }

  void receive(Clock::time_point now, double elapsed) {
    may_take_ = std::min(may_take_ + plan_.drain_rate * elapsed, 1024.0);
    std::array<rte_mbuf*, kBurst> packets;
    while (plan_.drain_rate == 0 || may_take_ >= 1) {
      const auto most = plan_.drain_rate == 0 ? kBurst : std::min<unsigned>(kBurst, static_cast<unsigned>(may_take_));
      const unsigned count = rte_eth_rx_burst(port_, 0, packets.data(), static_cast<std::uint16_t>(most));
      if (count == 0) return;
      for (unsigned i = 0; i < count; ++i) look(packets[i], now);
      rte_pktmbuf_free_bulk(packets.data(), count);
      report_.received += count;
      if (plan_.drain_rate != 0) may_take_ -= count;
    }
  }

  // IPv4 without options and protocol 112.
  void look(const rte_mbuf* packet, Clock::time_point now) {
    const auto* const bytes = rte_pktmbuf_mtod(packet, const std::uint8_t*);
    if (rte_pktmbuf_data_len(packet) < 42 || bytes[12] != 8 || bytes[13] != 0 || bytes[14] != 0x45 || bytes[23] != 112) return;
    report_.arrivals.push_back({std::chrono::duration<double>(now.time_since_epoch()).count(), bytes[35], bytes[36]});
  }

  unsigned send(const Frames& frames, std::size_t first, unsigned count) {
    unsigned sent = 0;
    while (sent < count) {
      std::array<rte_mbuf*, kBurst> packets;
      const unsigned some = std::min(kBurst, count - sent);
      if (rte_pktmbuf_alloc_bulk(pool_, packets.data(), some) != 0) return sent;
      for (unsigned i = 0; i < some; ++i) {
        const std::string& frame = frames[(first + sent + i) % frames.size()];
        std::copy(frame.begin(), frame.end(), rte_pktmbuf_append(packets[i], static_cast<std::uint16_t>(frame.size())));
      }
      const unsigned taken = rte_eth_tx_burst(port_, 0, packets.data(), static_cast<std::uint16_t>(some));
      sent += taken;
      if (taken < some) {
        rte_pktmbuf_free_bulk(packets.data() + taken, some - taken);
        return sent;
      }
    }
    return sent;
  }

  const std::uint16_t port_;
  rte_mempool* const pool_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // of all below
  Plan plan_;
  Frames once_;  // still to be sent
  Report report_;
  Clock::time_point last_;
  Clock::time_point next_advert_;
  std::size_t next_frame_ = 0;
  double owed_ = 0;
  double may_take_ = 0;
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "wire-peer: " << what << '\n';
  std::exit(1);
}

Frames read_frames(const std::string& name) {
  std::ifstream file{name, std::ios::binary};
  if (!file) fail("can't read " + name);
  Frames frames;
  std::array<char, 2> length{};
  while (file.read(length.data(), length.size())) {
    std::string frame(
        static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8 | static_cast<unsigned char>(length[1]), 0);
    if (!file.read(frame.data(), static_cast<std::streamsize>(frame.size()))) fail("a frame of " + name + " is cut short");
    frames.push_back(std::move(frame));
  }
  return frames;
}

bool take_precedence(unsigned cpu) {
  prctl(PR_SET_TIMERSLACK, 1UL);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
  sched_param parameter{};
  parameter.sched_priority = sched_get_priority_min(SCHED_FIFO);
  return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter) == 0;
}

std::uint16_t open_port(const std::string& device, rte_mempool* pool) {
  if (rte_dev_probe(device.c_str()) != 0) fail(device + " can't be created");
  const std::uint16_t port = 0;
  rte_eth_conf configuration{};
  if (rte_eth_dev_configure(port, 1, 1, &configuration) != 0 || rte_eth_rx_queue_setup(port, 0, 1024, 0, nullptr, pool) != 0 ||
      rte_eth_tx_queue_setup(port, 0, 1024, 0, nullptr) != 0 || rte_eth_dev_start(port) != 0) {
    fail(device + " doesn't start");
  }
  return port;
}

bool is_connected(std::uint16_t port) {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

Json json_of(Report report, double seconds) {
  Json arrivals = Json::array();
  for (const Arrival& each : report.arrivals) arrivals.push_back({each.time, each.virtual_router_id, each.priority});
  return {{"sent", report.sent},         {"refused", report.refused}, {"adverts_sent", report.adverts_sent},
          {"received", report.received}, {"seconds", seconds},        {"arrivals", std::move(arrivals)}};
}

void serve(Peer& peer) {
  Clock::time_point reported = Clock::now();
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words{line};
    std::string verb;
    std::string file;
    double number = 0;
    words >> verb >> number >> file;
    Json answer = Json::object();
    if (verb == "flood") {
      const Frames frames = number > 0 ? read_frames(file) : Frames{};
      peer.change([&](Plan& plan) { plan.flood_rate = number, plan.flood = frames; });
    } else if (verb == "advert") {
      const Frames frames = number > 0 ? read_frames(file) : Frames{};
      peer.change([&](Plan& plan) {
        plan.advert_interval = std::chrono::milliseconds{static_cast<long>(number)}, plan.adverts = frames;
      });
    } else if (verb == "once") {
      peer.send_once(read_frames(file));
    } else if (verb == "drain") {
      peer.change([&](Plan& plan) { plan.drain_rate = number; });
    } else if (verb == "report") {
      const Clock::time_point now = Clock::now();
      answer = json_of(peer.take_report(), std::chrono::duration<double>(now - reported).count());
      reported = now;
    } else {
      fail("what is '" + line + "'?");
    }
    std::cout << answer << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: wire-peer DEVICE CPU");
  const std::string prefix = "--file-prefix=wire-peer-" + std::to_string(getpid());
  std::vector<std::string> words{argv[0],
                                 "--no-huge",
                                 "-m",
                                 "128",
                                 "--no-pci",
                                 "--no-shconf",
                                 "--no-telemetry",
                                 "--log-level=3",
                                 prefix,
                                 "--lcores=0@(0-" + std::to_string(std::thread::hardware_concurrency() - 1) + ")"};
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) fail("DPDK doesn't start");
  rte_mempool* const pool = rte_pktmbuf_pool_create("peer", 8191, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool == nullptr) fail("no memory");
  const std::uint16_t port = open_port(argv[1], pool);
  for (int i = 0; !is_connected(port); ++i) {
    if (i == 1000) fail("nobody is at the other end");
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  Peer peer{port, pool};
  std::atomic<int> realtime{-1};
  std::thread wire{[&] {
    (void)rte_thread_register();
    realtime = take_precedence(static_cast<unsigned>(std::atoi(argv[2]))) ? 1 : 0;
    peer.run();
    rte_thread_unregister();
  }};
  while (realtime < 0) std::this_thread::yield();
  std::cout << Json{{"realtime", realtime == 1}} << std::endl;
  serve(peer);
  peer.stop();
  wire.join();
  rte_eal_cleanup();
  return 0;
}
