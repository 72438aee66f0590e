#include "control/daemon/port_advice.h"

#include <filesystem>

#include <fmt/format.h>

#include "control/loop/event_loop.h"
#include "control/netlink/mirror.h"

namespace penstock::control {
namespace {

// "0000:01:00.0" for an interface on the PCI bus, else empty.
std::string pci_address_of(const std::string& interface) {
  std::error_code error;
  const std::filesystem::path device = std::filesystem::canonical("/sys/class/net/" + interface + "/device", error);
  if (error) return {};
  // virtio's network device is a child of its PCI function
  for (std::filesystem::path at = device; at.has_relative_path(); at = at.parent_path()) {
    const std::string name = at.filename().string();
    if (name.size() == 12 && name[4] == ':' && name[7] == ':' && name[10] == '.') return name;
    if (at == at.parent_path()) break;
  }
  return {};
}

std::string advice_for(const Link& link) {
  std::string text = fmt::format("  {:<15} {} {}\n", link.name, link.mac.to_string(), link.is_running() ? "up" : "down");
  if (const std::string pci = pci_address_of(link.name); !pci.empty()) {
    text +=
        fmt::format("      --port NAME={:<32} fastest; takes the NIC away from the kernel (bind it to vfio-pci first)\n", pci);
  }
  text += fmt::format("      --port NAME={:<32} fast; shares the kernel's driver\n", "net_af_xdp0,iface=" + link.name);
  text +=
      fmt::format("      --port NAME={:<32} works everywhere; for trying things out\n", "net_af_packet0,iface=" + link.name);
  return text;
}

}  // namespace

std::string port_advice() {
  std::string text =
      "penstockd: no port to forward by: say with --port NAME=DEVICE which interface to drive, NAME being what the "
      "configuration calls it\n"
      "(`interface eth0`). Penstock makes a TAP of that name, so an interface that stays in the kernel must be called "
      "otherwise\n"
      "(ip link set eth0 name x0). DEVICE is a NIC's PCI address, or a DPDK device such as net_af_xdp0,iface=x0.\n"
      "This host's interfaces:\n";
  EventLoop loop;
  const auto mirror = NetworkMirror::open(loop);
  if (!mirror) return text + "  " + mirror.error() + "\n";
  (*mirror)->for_each_link([&](const Link& link) {
    if (link.name != "lo") text += advice_for(link);
  });
  return text;
}

}  // namespace penstock::control
