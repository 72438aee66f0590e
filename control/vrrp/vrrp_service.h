// VRRP on the control thread: what the VRRP thread is told of the configuration and the kernel, and what the kernel is told of
// its decisions.
//
// Control-owned.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/netlink/address_manager.h"
#include "control/netlink/link_control.h"
#include "control/netlink/mirror.h"
#include "control/vrrp/interface_watch.h"
#include "control/vrrp/silent_addresses.h"
#include "control/vrrp/vip_conflicts.h"
#include "control/vrrp/vip_keeper.h"
#include "control/vrrp/virtual_mac_interfaces.h"
#include "control/vrrp/vrrp_thread.h"
#include "control/vrrp/worker_adverts.h"
#include "dataplane/core/virtual_macs.h"

namespace penstock::control {

class VrrpService {
 public:
  struct Kernel {
    AddressManager& addresses;
    LinkControl& links;
    NetworkMirror& mirror;
  };

  // All arguments must outlive it. Throws std::runtime_error when there is no thread or descriptor left.
  VrrpService(EventLoop& loop, Kernel kernel, const core::CounterBoard& board, VrrpThread::Surroundings surroundings);

  // Whether the instances can be run as configured: no more of them than core::Ownership has places, and each virtual MAC
  // address has got its interface. The error is a sentence for the operator.
  [[nodiscard]] std::expected<void, std::string> prepare(const vrrp::RouterSpec& spec);
  // Makes the configuration the one in force. Precondition: prepare().
  void apply(const vrrp::RouterSpec& spec);
  // Which virtual router decides about which address, by the configuration in force.
  [[nodiscard]] std::unordered_map<packet::IpAddress, core::OwnerId> owners() const;
  // The MAC addresses of virtual routers on this interface.
  [[nodiscard]] std::vector<core::VirtualMac> virtual_macs(const std::string& interface) const;
  // Whether a frame that the kernel sends may leave with this source: not with the MAC address of a virtual router that is no
  // master here, or switches would send its traffic to us.
  [[nodiscard]] bool may_send_from(const packet::MacAddress& source) const;

  // What adverts the workers should let through first, by the configuration in force.
  [[nodiscard]] std::vector<core::ExpectedAdvert> expected_adverts() const {
    return control::expected_adverts(spec_.instances, owner_ids_, ports_);
  }

  // Addresses whose next hops must be known, and what is known of them.
  [[nodiscard]] std::vector<packet::IpAddress> unicast_peers() const;
  void set_peer_macs(PeerMacs macs);

  // Every frame of ARP and neighbour discovery that came in by a port: whether somebody else claims an address that is ours.
  void on_neighbour_frame(const std::string& interface, std::span<const std::byte> frame);
  // Other frames on their way to the kernel: SilentAddresses.
  [[nodiscard]] bool may_accept(std::span<const std::byte> frame) { return silent_.may_accept(frame); }
  [[nodiscard]] std::uint64_t not_accepted() const { return silent_.dropped(); }
  // The MAC addresses of this host's ports.
  void set_own_macs(std::span<const packet::MacAddress> macs) { conflicts_.set_own_macs(macs); }
  [[nodiscard]] std::vector<VipConflict> conflicts() const { return conflicts_.list(); }

  // From any thread.
  void post(TrackerResult result) { thread_.post(std::move(result)); }
  void announce_again() { thread_.post(AnnounceAgain{}); }
  void clear_counters();
  // From a handler of a fatal signal.
  void resign_in_emergency() { thread_.resign_in_emergency(); }
  [[nodiscard]] VrrpThreadStatus status();
  [[nodiscard]] TurnStatistics turns_of_thread() const { return thread_.turns(); }
  // The configuration in force.
  [[nodiscard]] const vrrp::RouterSpec& spec() const { return spec_; }

  // Resigns everywhere, and takes the addresses away. The workers still run.
  void stop();

 private:
  [[nodiscard]] std::set<std::string> interfaces() const;
  void assign_owners(const vrrp::RouterSpec& spec);

  vrrp::RouterSpec spec_;  // virtual MAC addresses have names of interfaces
  const core::Ownership& ownership_;
  OwnerIds owner_ids_;
  std::vector<std::string> ports_;  // names, by their index
  WorkerAdverts worker_adverts_;
  PeerMacs peer_macs_;
  VirtualMacInterfaces virtual_mac_interfaces_;
  VipKeeper vips_;
  VipConflicts conflicts_;
  SilentAddresses silent_;
  VrrpThread thread_;  // after what it tells
  InterfaceWatch interfaces_;
};

}  // namespace penstock::control
