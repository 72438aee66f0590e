// A load without a wire: EAL loads this library with `-d`, and from then on each packet that a net_null port receives is one of
// a client of a virtual service. penstockd and testpmd load the very same one, so what they cost can be compared.
//
// PENSTOCK_SOURCE says what comes, as words KEY=VALUE with commas between them:
//   to=ADDRESS:PORT  the virtual service (IPv4)
//   protocol=udp     or tcp: then a flow's first packet is a SYN and the others are ACKs
//   flows=N          so many flows take turns
//   size=BYTES       of a frame, the same as net_null's size= (64)
//   new=K            each Kth packet begins a flow, in the place of the oldest one; 0: none once all have begun; 1: each packet
//   after=FILE       nothing comes before this file exists
// Each receive queue has flows of its own. A packet's first 64 bytes are written, as much as a NIC's own writing would bring
// into the cache; its memory is the receiver's mbuf, in the order of its pool.
//
// Only DPDK's public interface: net_null gives the mbufs, a receive callback fills them.
#include <arpa/inet.h>
#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::uint32_t kFirstClient = 0x0a000000;   // 10.0.0.0
constexpr std::uint32_t kClientsOfQueue = 1U << 20;  // addresses; a queue's flows begin so far after the one's before it
constexpr unsigned kPortBits = 14;                   // of each address: ports 1024 to 17407
constexpr std::uint16_t kFirstClientPort = 1024;
constexpr unsigned kFrameStart = 64;  // bytes that are written
constexpr std::chrono::milliseconds kWatchPeriod{1};
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

struct Plan {
  std::uint32_t virtual_address = 0;  // host order
  std::uint16_t virtual_port = 0;
  bool is_tcp = false;
  std::uint16_t size = 64;  // bytes of a frame
  std::uint64_t flows = 1;
  std::uint64_t new_each = 0;
  std::string after;  // a file's path
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_destination(std::string_view text, Plan& plan) {
  const std::size_t colon = text.find(':');
  in_addr address{};
  if (colon == std::string_view::npos || inet_pton(AF_INET, std::string{text.substr(0, colon)}.c_str(), &address) != 1)
    return false;
  const auto port = number(text.substr(colon + 1));
  if (!port || *port > 0xffff) return false;
  plan.virtual_address = ntohl(address.s_addr);
  plan.virtual_port = static_cast<std::uint16_t>(*port);
  return true;
}

bool read_word(std::string_view word, Plan& plan) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "to") return read_destination(value, plan);
  if (key == "protocol") {
    plan.is_tcp = value == "tcp";
    return plan.is_tcp || value == "udp";
  }
  if (key == "after") {
    plan.after = value;
    return !value.empty();
  }
  const auto count = number(value);
  if (!count) return false;
  if (key == "flows" && *count > 0) {
    plan.flows = *count;
  } else if (key == "new") {
    plan.new_each = *count;
  } else if (key == "size" && *count >= 60 && *count <= 1518) {
    plan.size = static_cast<std::uint16_t>(*count);
  } else {
    return false;
  }
  return true;
}

// Ends the process on a word that it doesn't know: a bench of something else than was asked for is worse than none.
Plan read_plan(const char* text) {
  Plan plan;
  std::string_view rest{text};
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (!read_word(rest.substr(0, comma), plan)) {
      std::fprintf(stderr, "PENSTOCK_SOURCE: %.*s is not understood\n", static_cast<int>(comma), rest.data());
      std::exit(2);
    }
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return plan;
}

// What one queue receives. Used by the thread that polls it.
class alignas(RTE_CACHE_LINE_SIZE) Source {
 public:
  Source(const Plan& plan, const rte_ether_addr& to, unsigned queue);

  void fill(rte_mbuf* const* packets, unsigned count) {
    for (unsigned i = 0; i < count; ++i) fill(*packets[i]);
  }

 private:
  struct Flow {
    std::uint64_t id;
    bool begins;
  };

  // All flows begin in turn; then the slots take turns, and each Kth packet puts a new flow into the slot of the oldest.
  Flow next() {
    if (begun_ < flows_) return {begun_++, true};
    if (new_each_ != 0 && ++since_new_ >= new_each_) {
      since_new_ = 0;
      if (++renewed_ == flows_) {
        renewed_ = 0;
        ++generation_;
      }
      return {begun_++, true};
    }
    if (++slot_ >= flows_) slot_ = 0;
    return {(generation_ + (slot_ < renewed_ ? 1 : 0)) * flows_ + slot_, false};
  }

  void fill(rte_mbuf& packet) {
    const Flow flow = next();
    auto* const bytes = rte_pktmbuf_mtod(&packet, std::uint8_t*);
    std::memcpy(bytes, template_.data(), kFrameStart);
    const std::uint32_t client = client_base_ + static_cast<std::uint32_t>(flow.id >> kPortBits);
    std::uint32_t sum = header_sum_ + (client >> 16) + (client & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(bytes + 24, static_cast<std::uint16_t>(~sum));
    put16(bytes + 26, static_cast<std::uint16_t>(client >> 16));
    put16(bytes + 28, static_cast<std::uint16_t>(client));
    put16(bytes + 34, static_cast<std::uint16_t>(kFirstClientPort + (flow.id & ((1U << kPortBits) - 1))));
    if (tcp_) bytes[47] = flow.begins ? kSyn : kAck;
  }

  static void put16(std::uint8_t* at, std::uint16_t value) {
    const std::uint16_t big = rte_cpu_to_be_16(value);
    std::memcpy(at, &big, sizeof(big));
  }

  const std::uint64_t new_each_;
  const std::uint64_t flows_;
  const bool tcp_;
  const std::uint32_t client_base_;
  std::uint64_t begun_ = 0;  // flows that ever began
  std::uint64_t since_new_ = 0;
  std::uint64_t slot_ = 0;
  std::uint64_t renewed_ = 0;  // slots of this generation that have been given to a new flow
  std::uint64_t generation_ = 0;
  std::uint32_t header_sum_ = 0;  // of the IPv4 header without the client's address
  std::array<std::uint8_t, kFrameStart> template_{};
};

Source::Source(const Plan& plan, const rte_ether_addr& to, unsigned queue)
    : new_each_{plan.new_each}, flows_{plan.flows}, tcp_{plan.is_tcp}, client_base_{kFirstClient + queue * kClientsOfQueue} {
  std::uint8_t* const bytes = template_.data();
  std::memcpy(bytes, to.addr_bytes, sizeof(to.addr_bytes));
  bytes[6] = 0x02;  // some router's
  put16(bytes + 12, RTE_ETHER_TYPE_IPV4);
  std::uint8_t* const ip = bytes + 14;
  ip[0] = 0x45;
  put16(ip + 2, static_cast<std::uint16_t>(plan.size - 14));
  ip[8] = 64;
  ip[9] = tcp_ ? IPPROTO_TCP : IPPROTO_UDP;
  put16(ip + 16, static_cast<std::uint16_t>(plan.virtual_address >> 16));
  put16(ip + 18, static_cast<std::uint16_t>(plan.virtual_address));
  for (unsigned i = 0; i < 20; i += 2) header_sum_ += static_cast<unsigned>(ip[i] << 8 | ip[i + 1]);
  put16(bytes + 36, plan.virtual_port);
  if (tcp_) {
    bytes[46] = 0x50;  // a header of 20 bytes
  } else {
    put16(bytes + 38, static_cast<std::uint16_t>(plan.size - 34));
  }
}

// What is kept for as long as the process runs: drivers may call until its end.
struct Load {
  Plan plan;
  std::vector<std::unique_ptr<Source>> sources;
  std::atomic<bool> has_begun{false};
};

Load& load() {
  static Load* const the_load = new Load{read_plan(std::getenv("PENSTOCK_SOURCE")), {}, {}};
  return *the_load;
}

std::uint16_t fill_burst(std::uint16_t, std::uint16_t, rte_mbuf** packets, std::uint16_t count, std::uint16_t, void* source) {
  if (!load().has_begun.load(std::memory_order_relaxed)) [[unlikely]] {
    rte_pktmbuf_free_bulk(packets, count);
    return 0;
  }
  static_cast<Source*>(source)->fill(packets, count);
  return count;
}

// Only a port that runs has queues that a callback can be given to. @return false: it doesn't run yet, or is none of ours.
bool attach(std::uint16_t port) {
  rte_eth_dev_info info{};
  rte_eth_link link{};
  if (rte_eth_dev_info_get(port, &info) != 0 || std::string_view{info.driver_name} != "net_null") return false;
  if (rte_eth_link_get_nowait(port, &link) != 0 || link.link_status != RTE_ETH_LINK_UP) return false;
  rte_ether_addr own{};
  rte_eth_macaddr_get(port, &own);
  for (std::uint16_t queue = 0; queue < info.nb_rx_queues; ++queue) {
    load().sources.push_back(std::make_unique<Source>(load().plan, own, queue));
    rte_eth_add_rx_callback(port, queue, fill_burst, load().sources.back().get());
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
}

__attribute__((constructor)) void begin_to_watch() {
  if (std::getenv("PENSTOCK_SOURCE") != nullptr) std::thread{watch}.detach();
}

}  // namespace
