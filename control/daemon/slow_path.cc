#include "control/daemon/slow_path.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/overlay.h"

namespace penstock::control {
namespace {

// Frames that one readable TAP brings before the loop looks at anything else.
constexpr int kFramesAtOnce = 64;
// How often a device without a kernel interface below is asked for its link.
constexpr std::chrono::milliseconds kLinkPeriod{200};

}  // namespace

std::expected<std::unique_ptr<SlowPath>, std::string> SlowPath::open(EventLoop& loop, KernelNetwork& kernel,
                                                                     const dpdk::PortSet& ports, dpdk::Exchange& exchange) {
  std::unique_ptr<SlowPath> path{new SlowPath{loop, kernel, ports, exchange}};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (auto added = path->add_gate(ports[i]); !added) return std::unexpected{added.error()};
  }
  kernel.mirror().poll();  // so that the new interfaces are known to all who ask by name
  return path;
}

SlowPath::SlowPath(EventLoop& loop, KernelNetwork& kernel, const dpdk::PortSet& ports, dpdk::Exchange& exchange)
    : loop_{loop}, kernel_{kernel}, ports_{ports}, exchange_{exchange} {
  punted_ = loop.add_fd(exchange.event_fd(dpdk::Taker::kControl), {.readable = true}, [this](FdEvents) { on_punted(); });
  device_links_ = loop.add_timer([this] { follow_device_links(); });
  device_links_.start_every(kLinkPeriod);
  links_ = kernel.mirror().subscribe({.link_changed = [this](int index, const Link* now) { on_link(index, now); },
                                      .address_changed = {},
                                      .neighbour_changed = {},
                                      .routes_changed = {}});
  on_punted();  // from now on the descriptor tells
}

std::expected<void, std::string> SlowPath::add_gate(const dpdk::Port& port) {
  std::unique_ptr<IngressDrop> ingress_drop;
  const Link* below = nullptr;
  if (const auto interface = port.kernel_interface()) {
    auto installed = IngressDrop::install(loop_, *interface, [](const std::string& problem) { log::warning("{}", problem); });
    if (!installed) return std::unexpected{installed.error()};
    ingress_drop = std::move(*installed);
    below = kernel_.mirror().find_link(*interface);
  }
  auto tap = TapDevice::create({.name = port.name(), .mac = port.mac(), .mtu = port.mtu()}, kernel_.links());
  if (!tap) return std::unexpected{tap.error()};
  auto gate = std::make_unique<Gate>(Gate{.port = port.index(),
                                          .below = below != nullptr ? below->index : 0,
                                          .ingress_drop = std::move(ingress_drop),
                                          .memberships = {},
                                          .tap = std::move(*tap),
                                          .watch = {}});
  Gate* const at = gate.get();
  gate->watch = loop_.add_fd(gate->tap.fd(), {.readable = true}, [this, at](FdEvents) { on_tap_readable(*at); });
  join_vrrp_groups(*gate);
  if (below != nullptr) set_carrier(*gate, below->is_running());
  gates_.push_back(std::move(gate));
  return {};
}

// A switch that snoops lets adverts through only to members.
void SlowPath::join_vrrp_groups(Gate& gate) {
  for (const char* const group : {"224.0.0.18", "ff02::12"}) {
    auto membership = MulticastMembership::join(gate.tap.interface_index(), packet::IpAddress::parse(group).value());
    if (membership) {
      gate.memberships.push_back(std::move(*membership));
    } else {
      log::warning("{}", membership.error());
    }
  }
}

int SlowPath::interface_index(const std::string& port) const {
  const auto gate = std::ranges::find_if(gates_, [&](const auto& each) { return each->tap.name() == port; });
  return gate != gates_.end() ? (*gate)->tap.interface_index() : 0;
}

void SlowPath::on_punted() {
  exchange_.drain_all(dpdk::Taker::kControl, [this](const dpdk::PuntedFrame& frame) {
    if (frame.punt_class == core::PuntClass::kCheck && take_answer_ && take_answer_(frame.bytes)) return;
    if (frame.punt_class == core::PuntClass::kNeighbour && see_neighbour_) {
      see_neighbour_(gates_[frame.port]->tap.name(), frame.bytes);
    }
    if (frame.punt_class == core::PuntClass::kOther && may_accept_ && !may_accept_(frame.bytes)) return;
    write_to_kernel(frame);
  });
}

void SlowPath::write_to_kernel(const dpdk::PuntedFrame& frame) {
  TapDevice& tap = gates_[frame.port]->tap;
  const auto written = tap.write_frame(frame.bytes);
  if (written) {
    ++counters_.to_kernel;
    return;
  }
  ++counters_.refused;
  if (const auto pass = refused_.pass(EventLoop::now())) {
    log::warning("{}: the kernel refused a frame: {}{}", tap.name(), std::strerror(written.error()), pass.suffix());
  }
}

void SlowPath::send_what_waits() {
  for (const auto& gate : gates_) {
    while (gate->watch && on_tap_readable(*gate) == kFramesAtOnce) {
    }
  }
}

int SlowPath::on_tap_readable(Gate& gate) {
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const auto length = gate.tap.read_frame(frame_);
    if (!length) {
      log::error("{}: the interface is gone ({}): the host is cut off from this port until penstockd is started anew",
                 gate.tap.name(), std::strerror(length.error()));
      gate.watch.reset();
      return i;
    }
    if (*length == 0) return i;
    ++counters_.from_kernel;
    if (!may_send(gate, std::span{frame_}.first(*length))) continue;
    // A full ring is counted there; the kernel's protocols cope with a lost frame.
    exchange_.inject(gate.port, std::span{frame_}.first(*length), dpdk::Urgency::kBulk);
  }
  return kFramesAtOnce;
}

bool SlowPath::may_send(const Gate& gate, std::span<const std::byte> frame) const {
  if (!may_send_from_ || frame.size() < sizeof(packet::EthernetHeader)) return true;
  const packet::MacAddress& source = packet::overlay<packet::EthernetHeader>(frame.data()).source;
  return source == ports_[gate.port].mac() || may_send_from_(source);
}

void SlowPath::on_link(int index, const Link* now) {
  for (const auto& gate : gates_) {
    if (gate->below == index) set_carrier(*gate, now != nullptr && now->is_running());
  }
}

void SlowPath::follow_device_links() {
  for (const auto& gate : gates_) {
    if (gate->below == 0) set_carrier(*gate, ports_[gate->port].link_is_up());
  }
}

void SlowPath::set_carrier(Gate& gate, bool carrier) {
  if (carrier == gate.carrier) return;
  gate.carrier = carrier;
  exchange_.set_carrier(gate.port, carrier);
  log::info("Netlink reports {} {}", gate.tap.name(), carrier ? "up" : "down");
  if (const auto set = kernel_.links().set_carrier(gate.tap.interface_index(), carrier); !set) log::warning("{}", set.error());
}

}  // namespace penstock::control
