// One Ethernet device that DPDK drives: found or created by its device string, configured for the workers, closed by scope.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/core/ids.h"
#include "dataplane/dpdk/port_spec.h"
#include "dataplane/packet/mac_address.h"

struct rte_mempool;

namespace penstock::dpdk {

// Of the device, since it was started.
struct PortStatistics {
  std::uint64_t received = 0;  // packets
  std::uint64_t received_bytes = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t missed = 0;  // no room in the device's receive queues
  std::uint64_t rx_errors = 0;
  std::uint64_t tx_errors = 0;
  std::uint64_t no_buffers = 0;  // the pool was empty
};

// How the device is set up; made by PortSet, which knows all ports.
struct PortSetup {
  unsigned workers = 1;         // transmit queues, and receive queues where the device has so many
  std::optional<unsigned> mtu;  // else that of the kernel's interface below, else 1500
  unsigned descriptors = 1024;  // of each receive and each transmit queue, as far as the device allows
};

// Control-owned. Workers use device_id() and their queue numbers only.
class Port {
 public:
  // Creates the device unless DPDK has it already. It receives nothing until start().
  [[nodiscard]] static std::expected<std::unique_ptr<Port>, std::string> open(const PortSpec& spec, core::PortIndex index,
                                                                              const PortSetup& setup);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // For fewer workers than it was opened for, because another port can't serve as many. @pre before start().
  [[nodiscard]] std::expected<void, std::string> agree_on(unsigned workers);
  // @pre pool's data room is at least data_room(); it outlives the port's close().
  [[nodiscard]] std::expected<void, std::string> start(rte_mempool* pool);
  // Stops the device and gives its buffers back. Idempotent; no worker uses the port any more.
  void close();

  [[nodiscard]] const std::string& name() const { return spec_.name; }
  [[nodiscard]] core::PortIndex index() const { return index_; }
  [[nodiscard]] std::uint16_t device_id() const { return device_id_; }
  // Not a PCI device: made of software, so that polling it takes CPU from whatever is at its other end.
  [[nodiscard]] bool is_virtual() const { return virtual_; }
  // The kernel's interface on the same wire, if there is one: its carrier is the port's, and it must be kept from answering.
  [[nodiscard]] std::optional<std::string> kernel_interface() const { return spec_.kernel_interface(); }
  [[nodiscard]] const packet::MacAddress& mac() const { return mac_; }
  // Bytes of the largest IP packet.
  [[nodiscard]] unsigned mtu() const { return mtu_; }
  [[nodiscard]] int numa_node() const { return numa_node_; }

  // Has the device take frames to these addresses too, and no longer to those of the call before (the MAC addresses of virtual
  // routers). A device that takes no second address must be promiscuous for it. The result: a sentence for the operator, the
  // first time that it is so.
  [[nodiscard]] std::optional<std::string> take_also(std::span<const packet::MacAddress> macs);

  // How many workers the device can serve: each needs a transmit queue of its own.
  [[nodiscard]] unsigned max_workers() const { return max_workers_; }
  [[nodiscard]] std::uint16_t receive_queues() const { return receive_queues_; }
  // The transmit queue that no worker uses, where the device had one to spare.
  [[nodiscard]] std::optional<std::uint16_t> urgent_queue() const { return urgent_queue_; }
  [[nodiscard]] unsigned receive_descriptors() const { return receive_descriptors_; }
  [[nodiscard]] unsigned transmit_descriptors() const { return transmit_descriptors_; }
  // The fewest bytes that one buffer must hold, and the most buffers that the device takes.
  [[nodiscard]] unsigned data_room() const { return data_room_; }
  [[nodiscard]] unsigned max_buffers() const;

  // As the driver says; af_packet and its like follow their interface only by the kernel (kernel_interface()).
  [[nodiscard]] bool link_is_up() const;
  [[nodiscard]] PortStatistics statistics() const;
  // What the operator should know, one sentence each.
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }

 private:
  Port(const PortSpec& spec, core::PortIndex index, const PortSetup& setup)
      : asked_{spec}, setup_{setup}, spec_{spec}, index_{index} {}

  [[nodiscard]] std::expected<void, std::string> find_device();
  [[nodiscard]] std::expected<void, std::string> read_limits();
  [[nodiscard]] std::expected<void, std::string> configure();
  void note_unserved_queues();
  [[nodiscard]] std::optional<std::string> without_second_address(int error);
  [[nodiscard]] std::unexpected<std::string> failed(const std::string& what, int error) const;

  PortSpec asked_;  // as the user wrote it
  PortSetup setup_;
  InterfaceBelow below_;
  PortSpec spec_;  // completed for the driver
  core::PortIndex index_;
  std::uint16_t device_id_ = UINT16_MAX;
  bool probed_here_ = false;
  bool virtual_ = false;
  bool open_ = false;
  bool scattered_ = false;  // a large packet comes in several buffers
  packet::MacAddress mac_;
  std::vector<packet::MacAddress> taken_also_;
  bool said_promiscuous_ = false;
  unsigned mtu_ = 1500;
  int numa_node_ = -1;
  unsigned max_workers_ = 1;
  std::uint16_t receive_queues_ = 1;
  std::uint16_t transmit_queues_ = 1;
  std::optional<std::uint16_t> urgent_queue_;
  unsigned receive_descriptors_ = 0;
  unsigned transmit_descriptors_ = 0;
  unsigned data_room_ = 0;
  std::vector<std::string> notices_;
};

}  // namespace penstock::dpdk
