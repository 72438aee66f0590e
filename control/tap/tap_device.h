// The interface through which the host's own network stack sees a DPDK port: a TAP that carries the name which keepalived.conf
// uses, the NIC's MAC and MTU. What is read from it the kernel wants to send; what is written to it the kernel receives.
//
// It lives as long as this object (or the process: a killed daemon leaves nothing behind), and its addresses and routes go with
// it. Control-owned. Frames are Ethernet without FCS; the kernel fills in checksums and segments before it hands them over,
// because no offload is announced to it. Duplicates of its IPv6 addresses aren't looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "control/netlink/link_control.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control {

struct TapOptions {
  std::string name;  // as in keepalived.conf: eth0
  packet::MacAddress mac;
  std::uint32_t mtu = 1500;  // bytes at layer 3
};

class TapDevice {
 public:
  // Creates the interface and brings it up. The error is a sentence for the operator, and says what to do.
  [[nodiscard]] static std::expected<TapDevice, std::string> create(const TapOptions& options, LinkControl& links);
  TapDevice(TapDevice&& other) noexcept;
  TapDevice& operator=(TapDevice&& other) noexcept;
  ~TapDevice();

  // For the event loop: readable when the kernel has a frame to send. End the watch before the device.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int interface_index() const { return interface_index_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // The next frame's length, 0 when there is none. `room` holds at least MTU + 18 bytes (header and VLAN tag): what doesn't fit
  // is lost. The error is an errno: EBADFD when somebody has deleted the interface.
  [[nodiscard]] std::expected<std::size_t, int> read_frame(std::span<std::byte> room);
  // Hands a frame to the kernel, which copies it. The error is an errno: EIO while the interface is down, ENOBUFS or EAGAIN
  // when the kernel can't take more now, EINVAL for less than an Ethernet header.
  [[nodiscard]] std::expected<void, int> write_frame(std::span<const std::byte> frame);

 private:
  TapDevice(int fd, std::string name) : fd_{fd}, name_{std::move(name)} {}
  int fd_ = -1;
  int interface_index_ = 0;
  std::string name_;
};

}  // namespace penstock::control
