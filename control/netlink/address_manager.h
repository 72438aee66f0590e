// Puts addresses (VIPs, --address) on interfaces and takes them away again.
//
// Adding what is there and removing what isn't are both fine: the kernel is asked each time, so it doesn't matter who was first
// or what happened in between. What this object added it takes away when it ends; an address that existed before stays.
// Control-owned.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/netlink/records.h"
#include "control/netlink/requester.h"

namespace penstock::control {

struct NewAddress {
  AddressKey key;
  std::optional<packet::IpAddress> broadcast;  // IPv4; none is set unless given, as keepalived does
  std::uint8_t scope = 0;                      // RT_SCOPE_*; IPv6 derives its own from the address
  std::string label;                           // IPv4; "eth0:1"; empty: the interface's name
};

class AddressManager {
 public:
  enum class Outcome : std::uint8_t { kAdded, kWasThere, kRemoved, kWasGone };
  using Result = std::expected<Outcome, std::string>;

  explicit AddressManager(Requester requester) : requester_{std::move(requester)} {}
  // Takes away what was added and not yet removed; failures have nobody left to be told.
  ~AddressManager() { remove_added(); }
  AddressManager(const AddressManager&) = delete;
  AddressManager& operator=(const AddressManager&) = delete;

  // IPv6 addresses come without duplicate address detection, usable at once: a VIP's owner is elected, not detected. One with
  // prefix length 128 is deprecated, so that the host doesn't choose a VIP as the source of its own connections (keepalived's
  // rule). kWasThere when the interface has the address already, whatever its other properties are.
  Result add(const NewAddress& address);
  // Whoever added it. An interface that is gone has taken its addresses with it: kWasGone.
  Result remove(const AddressKey& key);
  // Removes everything that add() has put there; the errors of those that could not be removed.
  std::vector<std::string> remove_added();
  [[nodiscard]] const std::set<AddressKey>& added() const { return added_; }

 private:
  Requester requester_;
  std::set<AddressKey> added_;
};

}  // namespace penstock::control
