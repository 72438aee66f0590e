// Probes of a virtual address on their way through the data plane (`check_via vip`): a namespace of their own with a TAP, and
// the frames that cross it in both directions.
//
// The problem: on the MASTER the VIP is a local address, so a probe of it would never leave the host. The idea: probes are made
// in a network namespace that doesn't have the VIP but has the director's own address. What comes out of that namespace's TAP
// is sent to one real server's MAC address, as a client's packet would be; what a server answers comes to the director's own
// address from the VIP's, which nothing else does, and goes back in. Control-owned; the namespace goes with the process.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "control/loop/event_loop.h"
#include "control/loop/namespace_thread.h"
#include "control/netlink/address_manager.h"
#include "control/netlink/link_control.h"
#include "control/tap/tap_device.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

class CheckGate {
 public:
  // Sends an Ethernet frame on to a real server, after writing both MAC addresses.
  using Forward = std::function<void(const packet::IpAddress& server, std::span<std::byte> frame)>;
  // Whom a packet that comes from this address and port is for.
  using ServerOf = std::function<std::optional<packet::IpAddress>(const packet::Endpoint& source)>;

  // Needs CAP_SYS_ADMIN, for this call only. The error is a sentence for the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<CheckGate>, std::string> open(EventLoop& loop, ServerOf server_of,
                                                                                   Forward forward);
  ~CheckGate();
  CheckGate(const CheckGate&) = delete;
  CheckGate& operator=(const CheckGate&) = delete;

  // Where probes are to be made; valid as long as this object.
  [[nodiscard]] NamespaceThread& network_namespace() { return *namespace_; }
  // Has probes come from this address.
  [[nodiscard]] std::expected<void, std::string> add_source(const packet::IpAddress& address);

  // A frame that a worker took for an answer to a check: true when it belonged to a probe of this gate and has gone there.
  bool take(std::span<const std::byte> frame);

 private:
  struct Inside;
  CheckGate(std::unique_ptr<NamespaceThread> network_namespace, Inside inside, ServerOf server_of, Forward forward);
  void on_readable();

  std::unique_ptr<NamespaceThread> namespace_;
  TapDevice tap_;
  std::unique_ptr<AddressManager> addresses_;
  ServerOf server_of_;
  Forward forward_;
  std::array<std::byte, 2048> frame_;
  FdWatch watch_;  // ends before the TAP
};

}  // namespace penstock::control
