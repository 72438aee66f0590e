// What a reload changes: the difference between the model that runs and the one that replaces it.
//
// Everything is told by what identifies it (a service by address, port and protocol; a real server by address and port within
// its service; an address by itself and its interface; an instance by name), so that what is the same on both sides isn't
// touched.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "config/model.h"

namespace penstock::config {

template <typename T>
struct Change {
  T before;
  T after;

  friend bool operator==(const Change&, const Change&) = default;
};

// Each list in the order of the model that it is from (`changed`: of the new one).
template <typename T>
struct ListDiff {
  std::vector<T> added;
  std::vector<T> removed;
  std::vector<Change<T>> changed;

  [[nodiscard]] bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
  friend bool operator==(const ListDiff&, const ListDiff&) = default;
};

// A service that exists on both sides, and differs.
struct VirtualServerChange {
  Change<VirtualServer> service;
  ListDiff<RealServer> real_servers;
  bool scheduler_changed = false;
  bool order_changed = false;  // of the real servers that are on both sides: it matters to round robin

  friend bool operator==(const VirtualServerChange&, const VirtualServerChange&) = default;
};

struct ModelDiff {
  std::vector<VirtualServer> added_servers;
  std::vector<VirtualServer> removed_servers;
  std::vector<VirtualServerChange> changed_servers;
  ListDiff<VirtualAddress> addresses;  // of all instances, advertised or not
  ListDiff<VrrpInstance> instances;
  ListDiff<VrrpSyncGroup> sync_groups;
  bool lvs_timeouts_changed = false;
  bool router_id_changed = false;

  // True exactly when the models are equal but for the order of services, instances, groups and addresses.
  [[nodiscard]] bool empty() const;
};

[[nodiscard]] ModelDiff diff(const Model& before, const Model& after);

}  // namespace penstock::config
