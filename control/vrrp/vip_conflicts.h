// Who else says that one of our virtual addresses is at its own MAC address, while we are master for it.
//
// Two masters that don't hear each other (another password, a security group without protocol 112) both announce the
// addresses; this is how one of them can tell. A real server that answers ARP for the VIP is seen, too. Pure: claims and times
// in, a list out. At most kMost are remembered, those heard most recently. Control-owned.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/vrrp/vrrp_status.h"
#include "dataplane/packet/address_claim.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::control {

class VipConflicts {
 public:
  // Whether an instance is master here, at this moment: its successor's announcements come right after it has yielded.
  using IsMaster = std::function<bool(const std::string& instance)>;

  explicit VipConflicts(IsMaster is_master) : is_master_{std::move(is_master)} {}

  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::seconds kLinePeriod{60};

  // The addresses of our own ports: what comes from them is no conflict.
  void set_own_macs(std::span<const packet::MacAddress> macs) { own_ = {macs.begin(), macs.end()}; }
  // Whose addresses are whose. Conflicts about addresses that are no longer named are forgotten.
  void apply(std::span<const vrrp::InstanceSpec> instances);

  // The conflict that a line should be written about (at most one in kLinePeriod for each address and MAC), else null; valid
  // until the next call. `interface`: where the claim came in.
  [[nodiscard]] const VipConflict* note(const std::string& interface, const packet::AddressClaim& claim, vrrp::TimePoint now);

  // The most recent first.
  [[nodiscard]] std::vector<VipConflict> list() const;

 private:
  struct Entry {
    VipConflict conflict{};
    vrrp::TimePoint next_line{};
  };

  IsMaster is_master_;
  std::set<packet::MacAddress> own_;
  std::map<packet::IpAddress, std::string> instances_;  // by address
  std::vector<Entry> entries_;
};

}  // namespace penstock::control
