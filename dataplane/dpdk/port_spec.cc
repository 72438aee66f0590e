#include "dataplane/dpdk/port_spec.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <bit>
#include <cstdio>

namespace penstock::dpdk {
namespace {

// Room that a frame of af_packet's ring needs beside the IP packet: the ring's own header, its alignment, Ethernet and a VLAN
// tag.
constexpr unsigned kRingOverhead = 128;
constexpr unsigned kDefaultRingFrame = 2048;
constexpr unsigned kDefaultRingBlock = 4096;

// "0000:01:00.0", the domain may be left out.
bool is_pci_address(const std::string& text) {
  unsigned domain = 0;
  unsigned bus = 0;
  unsigned slot = 0;
  unsigned function = 0;
  int end = 0;
  const bool whole = std::sscanf(text.c_str(), "%8x:%2x:%2x.%1o%n", &domain, &bus, &slot, &function, &end) == 4;
  const bool brief = !whole && std::sscanf(text.c_str(), "%2x:%2x.%1o%n", &bus, &slot, &function, &end) == 3;
  return (whole || brief) && static_cast<std::size_t>(end) == text.size();
}

bool is_virtual_device(std::string_view text) {
  return text.starts_with("net_") || text.starts_with("eth_") || text.starts_with("virtio_user");
}

Driver driver_of(const std::string& device) {
  if (is_pci_address(device)) return Driver::kPci;
  const std::string_view name{device};
  if (name.starts_with("net_af_packet") || name.starts_with("eth_af_packet")) return Driver::kAfPacket;
  if (name.starts_with("net_af_xdp")) return Driver::kAfXdp;
  return Driver::kOther;
}

void add(PortSpec& spec, std::string_view key, unsigned value) {
  if (spec.argument(key)) return;
  if (!spec.arguments.empty()) spec.arguments += ',';
  spec.arguments += fmt::format("{}={}", key, value);
}

}  // namespace

std::expected<PortSpec, std::string> PortSpec::parse(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return std::unexpected(
        fmt::format("--port {}: expected NAME=DEVICE, as in eth0=0000:01:00.0 or eth0=net_af_packet0,iface=x", text));
  }
  PortSpec spec;
  spec.name = text.substr(0, equals);
  if (spec.name.size() >= IF_NAMESIZE || spec.name.find_first_of("/: \t,") != std::string::npos) {
    return std::unexpected(
        fmt::format("--port {}: '{}' can't be the name of an interface (at most {} characters, no '/', ':' or ',')", text,
                    spec.name, IF_NAMESIZE - 1));
  }
  const std::string_view devargs = text.substr(equals + 1);
  const auto comma = devargs.find(',');
  spec.device = devargs.substr(0, comma);
  if (comma != std::string_view::npos) spec.arguments = devargs.substr(comma + 1);
  spec.driver = driver_of(spec.device);
  if (!spec.is_pci() && !is_virtual_device(spec.device)) {
    return std::unexpected(
        fmt::format("--port {}: '{}' is neither a PCI address (0000:01:00.0) nor a DPDK device (net_af_packet0,iface=x; "
                    "net_af_xdp0,iface=x)",
                    text, spec.device));
  }
  const bool kernel_driver = spec.driver == Driver::kAfPacket || spec.driver == Driver::kAfXdp;
  if (kernel_driver && !spec.argument("iface")) {
    return std::unexpected(fmt::format("--port {}: {} needs iface=INTERFACE", text, spec.device));
  }
  if (kernel_driver && spec.argument("iface") == spec.name) {
    return std::unexpected(fmt::format(
        "--port {}: the port's TAP will be called '{}', so the interface below needs another name", text, spec.name));
  }
  return spec;
}

std::optional<std::string> PortSpec::argument(std::string_view key) const {
  std::string_view rest{arguments};
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    const auto equals = item.find('=');
    if (equals != std::string_view::npos && item.substr(0, equals) == key) return std::string{item.substr(equals + 1)};
  }
  return std::nullopt;
}

std::optional<std::string> PortSpec::kernel_interface() const {
  if (driver == Driver::kAfPacket || driver == Driver::kAfXdp) return argument("iface");
  if (!device.starts_with("net_pcap")) return std::nullopt;
  for (const auto* key : {"iface", "rx_iface", "rx_iface_in"}) {
    if (auto value = argument(key)) return value;
  }
  return std::nullopt;
}

std::string PortSpec::device_string() const { return arguments.empty() ? device : device + "," + arguments; }

PortSpec completed_for(PortSpec spec, unsigned workers, const InterfaceBelow& below) {
  if (spec.driver == Driver::kAfPacket) {
    if (workers > 1) add(spec, "qpairs", workers);
    if (below.mtu + kRingOverhead > kDefaultRingFrame) {
      const unsigned frame = std::bit_ceil(below.mtu + kRingOverhead);
      add(spec, "blocksz", std::max(frame, kDefaultRingBlock));
      add(spec, "framesz", frame);
    }
  }
  if (spec.driver == Driver::kAfXdp && workers > 1 && below.combined_queues > 1) {
    add(spec, "queue_count", std::min(workers, below.combined_queues));
  }
  return spec;
}

}  // namespace penstock::dpdk
