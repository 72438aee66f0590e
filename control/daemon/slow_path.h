// Between the data plane and the kernel: each port's TAP, and the frames that cross it in both directions.
//
// What workers punt is written to the port's TAP, most urgent class first; what the kernel sends by the TAP is injected into
// the port. The TAP follows the port's link, and an interface that the kernel also hears (af_packet) is kept from answering.
// Control-owned.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/daemon/kernel_network.h"
#include "control/log.h"
#include "control/loop/event_loop.h"
#include "control/tap/ingress_drop.h"
#include "control/tap/multicast_membership.h"
#include "control/tap/tap_device.h"
#include "dataplane/dpdk/exchange.h"
#include "dataplane/dpdk/port_set.h"

namespace penstock::control {

struct SlowPathCounters {
  std::uint64_t to_kernel = 0;  // frames
  std::uint64_t refused = 0;    // by the kernel: the TAP is down or full
  std::uint64_t from_kernel = 0;
};

class SlowPath {
 public:
  // A TAP for each port, up and with the port's MAC and MTU. All arguments must outlive it. The error is a sentence for the
  // operator.
  [[nodiscard]] static std::expected<std::unique_ptr<SlowPath>, std::string> open(EventLoop& loop, KernelNetwork& kernel,
                                                                                  const dpdk::PortSet& ports,
                                                                                  dpdk::Exchange& exchange);
  SlowPath(const SlowPath&) = delete;
  SlowPath& operator=(const SlowPath&) = delete;

  // The interface of the port with this name, 0 when there is none.
  [[nodiscard]] int interface_index(const std::string& port) const;
  // Asked about each frame that a worker took for an answer to a check: true when it is taken care of and not for the kernel's
  // ordinary stack.
  using TakeAnswer = std::function<bool(std::span<const std::byte> frame)>;
  void set_take_answer(TakeAnswer take) { take_answer_ = std::move(take); }
  // Asked about each frame that no class of its own has: false: the kernel doesn't get it.
  using MayAccept = std::function<bool(std::span<const std::byte> frame)>;
  void set_may_accept(MayAccept may_accept) { may_accept_ = std::move(may_accept); }
  // Told of each frame of ARP and neighbour discovery, which the kernel gets in any case.
  using SeeNeighbour = std::function<void(const std::string& port, std::span<const std::byte> frame)>;
  void set_see_neighbour(SeeNeighbour see) { see_neighbour_ = std::move(see); }
  // Asked about each frame from the kernel whose source isn't the port's own MAC address: false: it is not sent.
  using MaySendFrom = std::function<bool(const packet::MacAddress& source)>;
  void set_may_send_from(MaySendFrom may_send_from) { may_send_from_ = std::move(may_send_from); }
  // Sends what the kernel has given to the TAPs so far, as at other times the loop does.
  void send_what_waits();
  [[nodiscard]] const SlowPathCounters& counters() const { return counters_; }

 private:
  struct Gate {
    core::PortIndex port;
    int below = 0;        // the kernel's interface on the same wire, 0: none
    bool carrier = true;  // as last told to the TAP
    std::unique_ptr<IngressDrop> ingress_drop;
    std::vector<MulticastMembership> memberships;
    TapDevice tap;
    FdWatch watch;  // ends before the TAP
  };

  SlowPath(EventLoop& loop, KernelNetwork& kernel, const dpdk::PortSet& ports, dpdk::Exchange& exchange);
  [[nodiscard]] std::expected<void, std::string> add_gate(const dpdk::Port& port);
  void join_vrrp_groups(Gate& gate);
  void on_punted();
  void write_to_kernel(const dpdk::PuntedFrame& frame);
  // How many frames were taken.
  int on_tap_readable(Gate& gate);
  [[nodiscard]] bool may_send(const Gate& gate, std::span<const std::byte> frame) const;
  void on_link(int index, const Link* now);
  void follow_device_links();
  void set_carrier(Gate& gate, bool carrier);

  EventLoop& loop_;
  KernelNetwork& kernel_;
  const dpdk::PortSet& ports_;
  dpdk::Exchange& exchange_;
  std::vector<std::unique_ptr<Gate>> gates_;  // by port
  TakeAnswer take_answer_;
  MayAccept may_accept_;
  SeeNeighbour see_neighbour_;
  MaySendFrom may_send_from_;
  SlowPathCounters counters_;
  log::RateLimit refused_{std::chrono::seconds{10}};
  std::array<std::byte, 65536> frame_;
  FdWatch punted_;
  Timer device_links_;
  NetworkMirror::Subscription links_;
};

}  // namespace penstock::control
