// Keeps the kernel's neighbour entries of our next hops resolved, although the kernel itself sends nothing to them.
//
// Linux 5.16 and later do it for us: an entry marked NTF_EXT_MANAGED is resolved at once and again whenever it would go stale
// or has failed. Older kernels ignore the mark (it is a separate attribute, which libnl 3.7 doesn't know either: found out by
// looking whether it stuck); there every entry is "used" (NTF_USE) every few seconds, which makes the kernel verify it. An
// order carries both marks, because an old kernel would otherwise read it as "forget what you know". The operator's static
// entries are left alone: marking one as managed would make it a dynamic one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "control/loop/event_loop.h"
#include "control/netlink/mirror.h"
#include "control/netlink/paced_queue.h"
#include "control/netlink/requester.h"

namespace penstock::control {

class NeighbourKeeper {
 public:
  enum class Method : std::uint8_t { kUnknown, kManaged, kProbing };
  struct Options {
    Method method = Method::kUnknown;             // kUnknown: find out
    std::chrono::milliseconds interval{5000};     // between probes, and between repairs of missing marks; the kernel's own pace
    std::chrono::milliseconds repair_delay{200};  // from the loss of an entry to its renewal, so that a full table can't spin
    // How many entries the kernel takes, by address family (gc_thresh3); 0: not known. More kept ones than that are a problem
    // that is told before the kernel refuses some.
    std::size_t most_v4 = 0;
    std::size_t most_v6 = 0;
    std::function<void(const std::string&)> on_problem;  // a sentence for the log, when it differs from the last one
  };

  // The mirror must outlive the keeper.
  NeighbourKeeper(EventLoop& loop, NetworkMirror& mirror, Requester requester, Options options);
  // Takes back the marks that it set; the entries then age like any other. The mirror must still be there.
  ~NeighbourKeeper();
  NeighbourKeeper(const NeighbourKeeper&) = delete;
  NeighbourKeeper& operator=(const NeighbourKeeper&) = delete;

  // The kernel's limits for the table, which all its network namespaces share; 0 where it doesn't tell (in other namespaces
  // than the first).
  [[nodiscard]] static std::size_t limit_of_kernel(bool is_v4);

  void keep(const NeighbourKey& key);
  void release(const NeighbourKey& key);
  [[nodiscard]] Method method() const { return method_; }
  // Orders that the kernel refused; a full neighbour table (net.ipv4.neigh.default.gc_thresh3) is the usual reason.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  void on_interval();
  void on_neighbour(const NeighbourKey& key, const Neighbour* now);
  [[nodiscard]] bool needs_order(const NeighbourKey& key) const;
  void work(const std::vector<NeighbourKey>& keys);
  void put_off(const std::vector<NeighbourKey>& keys);
  void renew(const std::vector<NeighbourKey>& keys);
  void unmark(const std::vector<NeighbourKey>& keys);
  void find_out_method(const NeighbourKey& key);
  void warn_of_full_table(bool is_v4);
  void report(const NeighbourKey& key, const NetlinkError& error);

  NetworkMirror& mirror_;
  Requester requester_;
  Options options_;
  Method method_;
  std::unordered_set<NeighbourKey> kept_;
  std::unordered_set<NeighbourKey> marked_;  // ordered to be managed; a released one stays here until its mark is taken back
  std::unordered_set<NeighbourKey> lost_;
  std::size_t kept_v4_ = 0;  // of kept_
  std::uint64_t failures_ = 0;
  std::string last_problem_;
  PacedQueue<NeighbourKey> queue_;
  Timer interval_;
  Timer repair_;
  NetworkMirror::Subscription subscription_;
};

}  // namespace penstock::control
