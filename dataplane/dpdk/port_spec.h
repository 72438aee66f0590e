// What `--port NAME=DEVARGS` says, and what DPDK's driver must be told beyond it.
//
// DEVARGS is a PCI address ("0000:01:00.0") or a DPDK device string ("net_af_packet0,iface=eth0"). Pure text: nothing here
// opens a device.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::dpdk {

// The drivers that need something said or done that others don't.
enum class Driver : std::uint8_t { kPci, kAfPacket, kAfXdp, kOther };

struct PortSpec {
  std::string name;       // as in keepalived.conf: "eth0"; also the name of the port's TAP
  std::string device;     // "0000:01:00.0" or "net_af_packet0"
  std::string arguments;  // what follows the device's comma: "iface=x,qpairs=2"; may be empty
  Driver driver = Driver::kOther;

  // Reads one option's text. The error is one sentence that says what was expected.
  [[nodiscard]] static std::expected<PortSpec, std::string> parse(std::string_view text);

  [[nodiscard]] bool is_pci() const { return driver == Driver::kPci; }
  // The value of a `key=value` argument; the first when there are several.
  [[nodiscard]] std::optional<std::string> argument(std::string_view key) const;
  // The kernel's interface that the device reads from and writes to, if it is of that kind: af_packet, af_xdp, pcap.
  [[nodiscard]] std::optional<std::string> kernel_interface() const;
  // Device and arguments as DPDK takes them.
  [[nodiscard]] std::string device_string() const;
};

// What is known of the kernel's interface below a port before the device exists.
struct InterfaceBelow {
  unsigned mtu = 1500;
  unsigned receive_queues = 1;   // that its traffic comes by
  unsigned combined_queues = 1;  // that af_xdp may serve
};

// `spec` with the arguments that its driver needs to serve `workers` workers. What the user wrote stays as it is:
// af_packet gets a socket pair per worker and frames that hold the interface's MTU, af_xdp as many queues as workers can use.
[[nodiscard]] PortSpec completed_for(PortSpec spec, unsigned workers, const InterfaceBelow& below);

}  // namespace penstock::dpdk
