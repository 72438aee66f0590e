// Takes net.ipv4.conf.all.rp_filter out of the way of interfaces that must receive without a route back by them.
//
// The kernel uses the larger one of an interface's value and that of "all". A macvlan that has a VIP and nothing else needs 0:
// the way back to a client is by the interface below. So, as keepalived does, every interface (and "default") gets at least
// the value of "all", which then becomes 0; what was there before comes back, where nobody has changed it meanwhile.
// Control-owned. Limit: a process that is killed restores nothing.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace penstock::control {

class ReversePathFilter {
 public:
  // Lines for the log.
  using Say = std::function<void(const std::string&)>;

  explicit ReversePathFilter(Say say) : say_{std::move(say)} {}
  ~ReversePathFilter() { restore(); }
  ReversePathFilter(const ReversePathFilter&) = delete;
  ReversePathFilter& operator=(const ReversePathFilter&) = delete;

  // Nothing happens where "all" is 0. May be called again: interfaces that have come since are seen then.
  void move_to_interfaces();
  void restore();

 private:
  Say say_;
  std::string all_;                            // the value that was moved; empty: none
  std::map<std::string, std::string> before_;  // of each interface that was raised
};

}  // namespace penstock::control
