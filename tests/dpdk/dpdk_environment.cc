#include "tests/dpdk/dpdk_environment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/dpdk/order_for_tsan.h"

namespace penstock::dpdk::testing {
namespace {

std::unique_ptr<Eal> process_eal;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): DPDK has one in a process

class EalEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    EalOptions options;
    options.file_prefix = fmt::format("penstock-test-{}", getpid());
    options.workers = 2;
    options.needed_megabytes = UINT_MAX;  // no huge pages: the tests must run everywhere
    auto started = Eal::start(options, [](LogLevel level, std::string_view line) {
      if (level == LogLevel::kError) fmt::print(stderr, "DPDK: {}\n", line);
    });
    ASSERT_TRUE(started) << started.error();
    process_eal = *std::move(started);
    show_pool_order();
  }
  void TearDown() override { process_eal.reset(); }
};

}  // namespace

Eal& eal() { return *process_eal; }

// The wires that there are.
static std::vector<const RingWire*>& wires() {
  static std::vector<const RingWire*> all;
  return all;
}

void show_order_of_wires(const PortSet& ports) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::uint16_t device = ports[i].device_id();
    const auto wire = std::ranges::find(wires(), int{device}, &RingWire::device_);
    if (wire == wires().end()) continue;
    for (std::uint16_t queue = 0; queue < ports[i].receive_queues(); ++queue)
      show_receive_order(device, queue, (*wire)->receive_[queue]);
    for (std::uint16_t queue = 0; queue < ports.workers(); ++queue)
      show_transmit_order(device, queue, (*wire)->transmit_[queue]);
  }
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

RingWire::RingWire(const Size& size) {
  static int number = 0;
  name_ = fmt::format("wire{}", number++);
  auto pool = make_packet_pool(name_, 8191, 2048, SOCKET_ID_ANY);
  if (!pool) std::abort();
  pool_ = *std::move(pool);
  const auto add = [&](std::vector<rte_ring*>& rings, const char* direction, unsigned count, unsigned room) {
    for (unsigned i = 0; i < count; ++i) {
      const std::string name = fmt::format("{}-{}{}", name_, direction, i);
      rings.push_back(rte_ring_create(name.c_str(), room, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ));
    }
  };
  add(receive_, "rx", size.receive_queues, 4096);
  add(transmit_, "tx", size.transmit_queues, size.transmit_room);
  device_ = rte_eth_from_rings(name_.c_str(), receive_.data(), size.receive_queues, transmit_.data(), size.transmit_queues, 0);
  if (device_ < 0) std::abort();
  wires().push_back(this);
}

RingWire::~RingWire() {
  std::erase(wires(), this);
  for (unsigned i = 0; i < transmit_.size(); ++i) {
    while (left(i)) {
    }
  }
  for (rte_ring* ring : receive_) {
    rte_mbuf* packet = nullptr;
    while (rte_ring_dequeue(ring, reinterpret_cast<void**>(&packet)) == 0) rte_pktmbuf_free(packet);
    rte_ring_free(ring);
  }
  for (rte_ring* ring : transmit_) rte_ring_free(ring);
  EXPECT_EQ(in_use(), 0U) << "buffers that never came back";
}

PortSpec RingWire::spec(const std::string& name) const { return *PortSpec::parse(fmt::format("{}=net_ring_{}", name, name_)); }

void RingWire::arrive(std::span<const std::byte> frame, unsigned queue, std::size_t segment) {
  rte_mbuf* head = nullptr;
  while (!frame.empty()) {
    rte_mbuf* part = rte_pktmbuf_alloc(pool_.get());
    ASSERT_NE(part, nullptr);
    const std::size_t size = std::min(frame.size(), segment);
    std::memcpy(rte_pktmbuf_append(part, static_cast<std::uint16_t>(size)), frame.data(), size);
    frame = frame.subspan(size);
    if (head == nullptr) {
      head = part;
    } else {
      ASSERT_EQ(rte_pktmbuf_chain(head, part), 0);
    }
  }
  release(receive_[queue]);
  ASSERT_EQ(rte_ring_enqueue(receive_[queue], head), 0);
}

std::optional<std::vector<std::byte>> RingWire::left(unsigned queue) {
  rte_mbuf* packet = nullptr;
  if (rte_ring_dequeue(transmit_[queue], reinterpret_cast<void**>(&packet)) != 0) return std::nullopt;
  acquire(transmit_[queue]);
  std::vector<std::byte> bytes(rte_pktmbuf_pkt_len(packet));
  const void* read = rte_pktmbuf_read(packet, 0, rte_pktmbuf_pkt_len(packet), bytes.data());
  if (read != bytes.data()) std::memcpy(bytes.data(), read, bytes.size());
  rte_pktmbuf_free(packet);
  return bytes;
}

std::optional<std::vector<std::byte>> RingWire::wait_left(unsigned queue) {
  std::optional<std::vector<std::byte>> frame;
  (void)eventually([&] { return (frame = left(queue)).has_value(); });
  return frame;
}

Running::Running(const std::vector<PortSpec>& specs, unsigned workers, const DataPlaneOptions& options) {
  PortSetup setup;
  setup.workers = workers;
  auto ports = PortSet::open(specs, setup);
  if (!ports) throw std::runtime_error{ports.error()};
  show_order_of_wires(**ports);
  auto plane = ScriptedPlane::make(*std::move(ports), options);
  if (!plane) throw std::runtime_error{plane.error()};
  plane_ = *std::move(plane);
  std::vector<ScriptedForwarder*> pointers;
  for (unsigned i = 0; i < plane_->ports().workers(); ++i) {
    forwarders_.push_back(std::make_unique<ScriptedForwarder>());
    pointers.push_back(forwarders_.back().get());
  }
  plane_->start(eal().worker_lcores(), pointers, std::make_unique<ScriptedSnapshot>(std::uint8_t{1}));
}

Running::~Running() {
  for (const auto& forwarder : forwarders_) forwarder->let_go = true;
  for (const auto& forwarder : forwarders_) forwarder->blocked = false;
}

unsigned Running::dropped(core::DropReason reason) const {
  unsigned count = 0;
  for (const auto& forwarder : forwarders_) count += forwarder->dropped(reason);
  return count;
}

}  // namespace penstock::dpdk::testing

// libxdp, below DPDK's af_xdp driver, loses the handle of each umem.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): LeakSanitizer's own name
extern "C" const char* __lsan_default_suppressions() { return "leak:libxdp.so"; }

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // Interfaces that the tests make go with the process, and nobody else's traffic comes near them.
  if (unshare(CLONE_NEWNET) != 0) {
    std::perror("these tests need root, for a network namespace of their own");
    return EXIT_FAILURE;
  }
  ::testing::AddGlobalTestEnvironment(new penstock::dpdk::testing::EalEnvironment);
  return RUN_ALL_TESTS();
}
