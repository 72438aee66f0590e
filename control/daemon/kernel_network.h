// All that the daemon says to and hears from the kernel's network configuration, opened together.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "control/netlink/address_manager.h"
#include "control/netlink/link_control.h"
#include "control/netlink/mirror.h"
#include "control/netlink/neighbour_keeper.h"
#include "control/netlink/next_hop_tracker.h"
#include "control/netlink/route_manager.h"

namespace penstock::control {

// Control-owned. `loop` and what `on_next_hops` refers to must outlive it.
class KernelNetwork {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<KernelNetwork>, std::string> open(EventLoop& loop,
                                                                                       NextHopTracker::OnChange on_next_hops);

  [[nodiscard]] NetworkMirror& mirror() { return *mirror_; }
  [[nodiscard]] LinkControl& links() { return links_; }
  [[nodiscard]] AddressManager& addresses() { return addresses_; }
  [[nodiscard]] RouteManager& routes() { return routes_; }
  [[nodiscard]] NextHopTracker& next_hops() { return tracker_; }

 private:
  struct Requesters {
    Requester links;
    Requester addresses;
    Requester routes;
    Requester neighbours;
    Requester lookups;
  };
  [[nodiscard]] static std::expected<Requesters, std::string> open_requesters();

  KernelNetwork(EventLoop& loop, std::unique_ptr<NetworkMirror> mirror, Requesters requesters,
                NextHopTracker::OnChange on_next_hops);

  std::unique_ptr<NetworkMirror> mirror_;
  LinkControl links_;
  AddressManager addresses_;
  RouteManager routes_;
  NeighbourKeeper keeper_;
  NextHopTracker tracker_;
};

}  // namespace penstock::control
