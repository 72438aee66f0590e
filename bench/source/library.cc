// A load without a wire: EAL loads this library with `-d`, and from then on each packet that a net_null port receives is one of
// a client of a virtual service. penstockd and testpmd load the very same one, so what they cost can be compared. A net_pcap
// or net_memif port goes on to receive what it does, and is only measured (pace=).
//
// PENSTOCK_SOURCE says what comes, as words KEY=VALUE with commas between them:
//   to=ADDRESS:PORT  the virtual service (IPv4)
//   protocol=udp     or tcp: then a flow's first packet is a SYN and the others are ACKs
//   flows=N          so many flows take turns
//   size=BYTES       of a frame, the same as net_null's size= (64)
//   new=K            each Kth packet begins a flow, in the place of the oldest one; 0: none once all have begun; 1: each packet
//   flood=N          behind each packet come N SYNs of clients that never answer, of random addresses and ports (protocol=tcp)
//   rate=PPS         so many come a second; who lets more than 1,024 wait loses them, as with a NIC
//   report=FILE      there stands, rewritten each 50 ms, how long packets were on their way since they came until they were
//                    sent, and how many were lost (with rate=, protocol=udp): {"lost": N, "delays": [[NANOSECONDS, PACKETS],
//                    ...]}
//   after=FILE       nothing comes before this file exists
//   pace=FILE        what packets cost whoever takes them is added there each 50 ms, slice by slice (bench/pace.h)
// Each receive queue has flows of its own. A packet's first 64 bytes are written, as much as a NIC's own writing would bring
// into the cache; its memory is the receiver's mbuf, in the order of its pool.
//
// Only DPDK's public interface: net_null gives the mbufs, a receive callback fills them, another counts them, a transmit
// callback reads when they came.
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/pace.h"
#include "bench/source/delays.h"
#include "bench/source/plan.h"
#include "bench/source/source.h"

namespace penstock::bench {
namespace {

constexpr std::chrono::milliseconds kWatchPeriod{1};
constexpr std::chrono::milliseconds kReportPeriod{50};

struct Queue {
  Queue(const Plan& plan, const rte_ether_addr& to, unsigned number) : source{plan, to, number} {}

  Source source;  // of the receive queue
  Pace pace;      // of the receive queue
  Delays delays;  // of what leaves by the transmit queue of the same number
};

// What is kept for as long as the process runs: drivers may call until its end.
struct Load {
  Plan plan;
  std::vector<std::unique_ptr<Queue>> queues;
  std::atomic<bool> has_begun{false};
};

Load& load() {
  static Load* const the_load = new Load{read_plan(std::getenv("PENSTOCK_SOURCE")), {}, {}};
  return *the_load;
}

std::uint16_t fill_burst(std::uint16_t, std::uint16_t, rte_mbuf** packets, std::uint16_t count, std::uint16_t, void* queue) {
  unsigned come = 0;
  if (load().has_begun.load(std::memory_order_relaxed)) [[likely]]
    come = static_cast<Queue*>(queue)->source.fill(packets, count);
  // As they were allocated, all from one pool: nothing in them is to be reset.
  if (come < count) rte_mempool_put_bulk(packets[come]->pool, reinterpret_cast<void* const*>(packets + come), count - come);
  return static_cast<std::uint16_t>(come);
}

std::uint16_t count_burst(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t count, std::uint16_t, void* queue) {
  static_cast<Queue*>(queue)->pace.count(count);
  return count;
}

std::uint16_t measure_burst(std::uint16_t, std::uint16_t, rte_mbuf** packets, std::uint16_t count, void* queue) {
  const std::uint64_t now = rte_rdtsc();
  Queue& own = *static_cast<Queue*>(queue);
  for (unsigned i = 0; i < count; ++i) {
    if (const auto came = own.source.came(*packets[i])) own.delays.record(now - *came);
  }
  return count;
}

void write_report() {
  const Load& all = load();
  const double nanoseconds = 1e9 / static_cast<double>(rte_get_tsc_hz());
  const std::string draft = all.plan.report + ".new";
  std::uint64_t lost = 0;
  for (const auto& queue : all.queues) lost += queue->source.lost();
  {
    std::ofstream out{draft};
    out << R"({"lost": )" << lost << R"(, "delays": [)";
    const char* comma = "";
    for (unsigned each = 0; each < Delays::kClasses; ++each) {
      std::uint64_t count = 0;
      for (const auto& queue : all.queues) count += queue->delays.count(each);
      if (count == 0) continue;
      out << comma << '[' << static_cast<double>(Delays::first_of(each)) * nanoseconds << ',' << count << ']';
      comma = ",";
    }
    out << "]}\n";
  }
  std::error_code ignored;  // whoever reads it waits for it in vain
  std::filesystem::rename(draft, all.plan.report, ignored);
}

// Behind what stands there.
void write_pace() {
  std::ofstream out{load().plan.pace, std::ios::app};
  for (unsigned number = 0; number < load().queues.size(); ++number) load().queues[number]->pace.write_new(out, number);
}

// Only a port that runs has queues that a callback can be given to. @return false: it doesn't run yet, or is none of ours.
bool attach(std::uint16_t port) {
  rte_eth_dev_info info{};
  rte_eth_link link{};
  if (rte_eth_dev_info_get(port, &info) != 0) return false;
  const bool is_filled = std::string_view{info.driver_name} == "net_null";
  if (!is_filled && std::string_view{info.driver_name} != "net_pcap" && std::string_view{info.driver_name} != "net_memif")
    return false;
  if (rte_eth_link_get_nowait(port, &link) != 0 || link.link_status != RTE_ETH_LINK_UP) return false;
  rte_ether_addr own{};
  rte_eth_macaddr_get(port, &own);
  for (std::uint16_t queue = 0; queue < info.nb_rx_queues; ++queue) {
    Queue* const added = load().queues.emplace_back(std::make_unique<Queue>(load().plan, own, queue)).get();
    if (is_filled) rte_eth_add_rx_callback(port, queue, fill_burst, added);
    if (!load().plan.pace.empty()) rte_eth_add_rx_callback(port, queue, count_burst, added);
    if (!load().plan.report.empty()) rte_eth_add_tx_callback(port, queue, measure_burst, added);
  }
  return true;
}

// EAL loads this before it has any port, so a thread waits for the first that runs.
void watch() {
  const auto any_attached = [] {
    for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; ++port) {
      if (rte_eth_dev_is_valid_port(port) != 0 && attach(port)) return true;
    }
    return false;
  };
  while (!any_attached()) std::this_thread::sleep_for(kWatchPeriod);
  while (!load().plan.after.empty() && !std::filesystem::exists(load().plan.after)) std::this_thread::sleep_for(kWatchPeriod);
  load().has_begun.store(true, std::memory_order_relaxed);
  while (!load().plan.report.empty() || !load().plan.pace.empty()) {
    std::this_thread::sleep_for(kReportPeriod);
    if (!load().plan.report.empty()) write_report();
    if (!load().plan.pace.empty()) write_pace();
  }
}

__attribute__((constructor)) void begin_to_watch() {
  if (std::getenv("PENSTOCK_SOURCE") != nullptr) std::thread{watch}.detach();
}

}  // namespace
}  // namespace penstock::bench
