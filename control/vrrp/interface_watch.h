// What VRRP must know of the kernel's interfaces, told when it changes.
//
// Control-owned: it listens to the mirror of the kernel's state.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "control/netlink/mirror.h"
#include "control/vrrp/vrrp_thread.h"

namespace penstock::control {

class InterfaceWatch {
 public:
  using Tell = std::function<void(InterfaceChange)>;

  // `mirror` must outlive it.
  InterfaceWatch(NetworkMirror& mirror, Tell tell);

  // Tells these interfaces' states as the kernel has them now, where they weren't told before, and from now on their changes.
  void follow(std::set<std::string> names);

 private:
  void look(const std::string& name);
  [[nodiscard]] vrrp::InterfaceState state_of(const std::string& name) const;

  NetworkMirror& mirror_;
  Tell tell_;
  std::set<std::string> names_;
  std::map<std::string, vrrp::InterfaceState> told_;
  std::map<int, std::string> name_of_index_;
  NetworkMirror::Subscription changes_;
};

}  // namespace penstock::control
