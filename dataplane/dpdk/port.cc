#include "dataplane/dpdk/port.h"

#include <fmt/format.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "dataplane/dpdk/interface_below.h"
#include "dataplane/dpdk/packet_pool.h"

namespace penstock::dpdk {
namespace {

constexpr unsigned kDataRoom = 2048;            // bytes of a buffer, unless the device can't scatter and its MTU needs more
constexpr unsigned kLinkOverhead = 14 + 4 + 4;  // Ethernet, one VLAN tag, check sequence
constexpr unsigned kMaxSocketBuffers =
    16384 - 1;  // af_xdp: more than that fails when it registers the pool's memory as its umem
// Says of every NIC that it drives that it has two queue pairs. Most have one: what is sent on the other vanishes. And it
// spreads received frames on none of them.
constexpr std::string_view kDriverOfOneQueue = "net_e1000_em";
constexpr std::uint64_t kHashedFields = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

}  // namespace

std::unexpected<std::string> Port::failed(const std::string& what, int error) const {
  return std::unexpected(
      fmt::format("port {} ({}): {}: {}", spec_.name, spec_.device_string(), what, rte_strerror(std::abs(error))));
}

std::expected<std::unique_ptr<Port>, std::string> Port::open(const PortSpec& spec, core::PortIndex index,
                                                             const PortSetup& setup) {
  std::unique_ptr<Port> port{new Port{spec, index, setup}};
  if (const auto interface = spec.kernel_interface()) {
    const auto found = look_at_interface(*interface);
    if (!found) {
      return std::unexpected(fmt::format("port {} ({}): there is no interface '{}' here: `ip link` lists those that there are",
                                         spec.name, spec.device_string(), *interface));
    }
    port->below_ = *found;
  }
  port->mtu_ = setup.mtu.value_or(port->below_.mtu);
  port->spec_ = completed_for(spec, setup.workers, port->below_);
  if (auto found = port->find_device(); !found) return std::unexpected(found.error());
  if (auto read = port->read_limits(); !read) return std::unexpected(read.error());
  return port;
}

std::expected<void, std::string> Port::agree_on(unsigned workers) {
  setup_.workers = workers;
  PortSpec completed = completed_for(asked_, workers, below_);
  if (completed.arguments != spec_.arguments && probed_here_) {
    close();
    spec_ = std::move(completed);
    if (auto found = find_device(); !found) return found;
  }
  return read_limits();
}

// Frames that the kernel gives to a queue which nobody reads.
void Port::note_unserved_queues() {
  if (spec_.driver != Driver::kAfXdp || below_.receive_queues <= receive_queues_) return;
  notices_.push_back(fmt::format(
      "port {}: {} has {} receive queues but only {} served: frames on the others stay with the kernel; `ethtool -L` "
      "sets how many it has",
      spec_.name, *spec_.kernel_interface(), below_.receive_queues,
      receive_queues_ == 1 ? "one is" : fmt::format("{} are", receive_queues_)));
}

Port::~Port() { close(); }

std::expected<void, std::string> Port::find_device() {
  if (rte_eth_dev_get_port_by_name(spec_.device.c_str(), &device_id_) != 0) {
    if (const int error = rte_dev_probe(spec_.device_string().c_str()); error != 0) {
      return failed(
          spec_.is_pci() ? "no driver took it (is it bound to vfio-pci? `dpdk-devbind.py --status` shows)" : "can't be created",
          error);
    }
    probed_here_ = true;
    rte_dev_iterator iterator;
    uint16_t id = RTE_MAX_ETHPORTS;
    RTE_ETH_FOREACH_MATCHING_DEV(id, spec_.device.c_str(), &iterator) {
      device_id_ = id;
      rte_eth_iterator_cleanup(&iterator);
      break;
    }
    if (id == RTE_MAX_ETHPORTS) return failed("is no Ethernet device", ENODEV);
  }
  open_ = true;
  return {};
}

std::expected<void, std::string> Port::read_limits() {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(device_id_, &info); error != 0) return failed("says nothing about itself", error);
  if (info.driver_name == kDriverOfOneQueue) info.max_rx_queues = info.max_tx_queues = 1;
  virtual_ = std::strcmp(rte_bus_name(rte_dev_bus(info.device)), "vdev") == 0;
  numa_node_ = rte_eth_dev_socket_id(device_id_);
  max_workers_ = std::max<unsigned>(info.max_tx_queues, 1);

  const unsigned workers = std::min(setup_.workers, max_workers_);
  receive_queues_ = static_cast<std::uint16_t>(std::min<unsigned>(workers, info.max_rx_queues));
  transmit_queues_ = static_cast<std::uint16_t>(workers);
  // A socket pair of af_packet beyond the workers' would receive a share of the traffic that nobody reads.
  if (info.max_tx_queues > workers && !virtual_) urgent_queue_ = transmit_queues_++;

  unsigned overhead = kLinkOverhead;
  if (info.max_mtu != UINT16_MAX && info.max_rx_pktlen > info.max_mtu) overhead = info.max_rx_pktlen - info.max_mtu;
  scattered_ = mtu_ + overhead > kDataRoom && (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
  data_room_ = scattered_ ? kDataRoom : std::max({kDataRoom, mtu_ + overhead, info.min_rx_bufsize});
  // af_packet's buffers must hold a whole frame of its ring.
  if (const auto frame = spec_.argument("framesz"))
    data_room_ = std::max(data_room_, static_cast<unsigned>(std::atoi(frame->c_str())));

  const auto clamped = [](unsigned wanted, const rte_eth_desc_lim& limit) {
    const unsigned most = limit.nb_max == 0 ? wanted : limit.nb_max;
    const unsigned count = std::clamp(wanted, std::min<unsigned>(limit.nb_min, most), most);
    return limit.nb_align > 1 ? count / limit.nb_align * limit.nb_align : count;
  };
  receive_descriptors_ = clamped(setup_.descriptors, info.rx_desc_lim);
  transmit_descriptors_ = clamped(setup_.descriptors, info.tx_desc_lim);
  return {};
}

std::expected<void, std::string> Port::configure() {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(device_id_, &info); error != 0) return failed("says nothing about itself", error);
  if (spec_.driver == Driver::kAfPacket && info.max_rx_queues > receive_queues_) {
    return std::unexpected(fmt::format(
        "port {} ({}): {} socket pairs but {} workers, so a part of the traffic would reach nobody: make them equal",
        spec_.name, spec_.device_string(), info.max_rx_queues, receive_queues_));
  }
  rte_eth_conf conf{};
  if (receive_queues_ > 1 && (info.flow_type_rss_offloads & kHashedFields) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & kHashedFields;
  }
  if (scattered_) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  // Drivers of software devices announce a packet length that fits no MTU but the default and don't look at this one.
  if (!virtual_) conf.rxmode.mtu = mtu_;
  if (const int error = rte_eth_dev_configure(device_id_, receive_queues_, transmit_queues_, &conf); error != 0) {
    return failed(fmt::format("refuses {} receive and {} transmit queues at MTU {}", receive_queues_, transmit_queues_, mtu_),
                  error);
  }
  return {};
}

std::expected<void, std::string> Port::start(rte_mempool* pool) {
  note_unserved_queues();
  if (auto configured = configure(); !configured) return configured;
  const auto node = static_cast<unsigned>(numa_node_);
  for (std::uint16_t queue = 0; queue < receive_queues_; ++queue) {
    const int error =
        rte_eth_rx_queue_setup(device_id_, queue, static_cast<std::uint16_t>(receive_descriptors_), node, nullptr, pool);
    if (error != 0) return failed(fmt::format("refuses {} receive descriptors", receive_descriptors_), error);
  }
  for (std::uint16_t queue = 0; queue < transmit_queues_; ++queue) {
    const int error =
        rte_eth_tx_queue_setup(device_id_, queue, static_cast<std::uint16_t>(transmit_descriptors_), node, nullptr);
    if (error != 0) return failed(fmt::format("refuses {} transmit descriptors", transmit_descriptors_), error);
  }
  if (const int error = rte_eth_dev_start(device_id_); error != 0) return failed("doesn't start", error);
  // Frames to the VIP's group addresses must come in as well; a device that can't be promiscuous takes all groups at least, or
  // all frames anyway.
  if (rte_eth_promiscuous_enable(device_id_) != 0) (void)rte_eth_allmulticast_enable(device_id_);

  rte_ether_addr address{};
  if (rte_eth_macaddr_get(device_id_, &address) != 0 || rte_is_zero_ether_addr(&address))
    rte_eth_random_addr(address.addr_bytes);
  std::ranges::copy(address.addr_bytes, mac_.bytes.begin());
  return {};
}

std::optional<std::string> Port::take_also(std::span<const packet::MacAddress> macs) {
  const auto is_among = [](std::span<const packet::MacAddress> list, const packet::MacAddress& mac) {
    return std::ranges::find(list, mac) != list.end();
  };
  const auto raw = [](const packet::MacAddress& mac) {
    rte_ether_addr address{};
    std::ranges::copy(mac.bytes, address.addr_bytes);
    return address;
  };
  std::erase_if(taken_also_, [&](const packet::MacAddress& mac) {
    if (is_among(macs, mac)) return false;
    rte_ether_addr address = raw(mac);
    (void)rte_eth_dev_mac_addr_remove(device_id_, &address);
    return true;
  });
  int refused = 0;
  for (const packet::MacAddress& mac : macs) {
    if (is_among(taken_also_, mac)) continue;
    rte_ether_addr address = raw(mac);
    if (const int error = rte_eth_dev_mac_addr_add(device_id_, &address, 0); error == 0) {
      taken_also_.push_back(mac);
    } else {
      refused = error;
    }
  }
  return refused != 0 ? without_second_address(refused) : std::nullopt;
}

std::optional<std::string> Port::without_second_address(int error) {
  if (std::exchange(said_promiscuous_, true)) return std::nullopt;
  const bool is_promiscuous = rte_eth_promiscuous_get(device_id_) == 1 || rte_eth_promiscuous_enable(device_id_) == 0;
  return fmt::format("port {} ({}): takes no second MAC address ({}): {}", spec_.name, spec_.device_string(),
                     rte_strerror(std::abs(error)),
                     is_promiscuous ? "it is promiscuous, so frames to virtual MAC addresses come in"
                                    : "it can't be promiscuous either, so frames to virtual MAC addresses may be lost");
}

void Port::close() {
  if (!open_) return;
  open_ = false;
  rte_eth_dev_info info{};
  const bool known = rte_eth_dev_info_get(device_id_, &info) == 0;
  (void)rte_eth_dev_stop(device_id_);
  (void)rte_eth_dev_close(device_id_);
  if (probed_here_ && known) (void)rte_dev_remove(info.device);
}

unsigned Port::max_buffers() const { return spec_.driver == Driver::kAfXdp ? kMaxSocketBuffers : UINT32_MAX; }

bool Port::link_is_up() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(device_id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

PortStatistics Port::statistics() const {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(device_id_, &stats) != 0) return {};
  return {stats.ipackets, stats.ibytes,  stats.opackets, stats.obytes,
          stats.imissed,  stats.ierrors, stats.oerrors,  stats.rx_nombuf};
}

}  // namespace penstock::dpdk
