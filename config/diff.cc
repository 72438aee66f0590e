#include "config/diff.h"

#include <algorithm>
#include <map>
#include <utility>

namespace penstock::config {
namespace {

auto key_of(const VirtualServer& server) { return std::pair{server.endpoint, server.protocol}; }
auto key_of(const RealServer& server) { return server.endpoint; }
auto key_of(const VirtualAddress& address) { return std::pair{address.address, address.interface}; }
const std::string& key_of(const VrrpInstance& instance) { return instance.name; }
const std::string& key_of(const VrrpSyncGroup& group) { return group.name; }

template <typename T>
auto index_by_key(const std::vector<T>& list) {
  std::map<std::decay_t<decltype(key_of(list.front()))>, const T*> out;
  for (const T& item : list) out.emplace(key_of(item), &item);
  return out;
}

template <typename T>
ListDiff<T> diff_lists(const std::vector<T>& before, const std::vector<T>& after) {
  ListDiff<T> out;
  const auto old_items = index_by_key(before);
  const auto new_items = index_by_key(after);
  for (const T& item : before) {
    if (!new_items.contains(key_of(item))) out.removed.push_back(item);
  }
  for (const T& item : after) {
    const auto old = old_items.find(key_of(item));
    if (old == old_items.end()) {
      out.added.push_back(item);
    } else if (!(*old->second == item)) {
      out.changed.push_back({*old->second, item});
    }
  }
  return out;
}

// The endpoints of `servers` that are in `others` as well.
std::vector<Endpoint> common_endpoints(const std::vector<RealServer>& servers, const std::vector<RealServer>& others) {
  const auto known = index_by_key(others);
  std::vector<Endpoint> out;
  for (const RealServer& server : servers) {
    if (known.contains(server.endpoint)) out.push_back(server.endpoint);
  }
  return out;
}

std::vector<VirtualAddress> all_addresses(const Model& model) {
  std::vector<VirtualAddress> out;
  for (const VrrpInstance& instance : model.vrrp_instances) {
    out.insert(out.end(), instance.virtual_addresses.begin(), instance.virtual_addresses.end());
    out.insert(out.end(), instance.excluded_addresses.begin(), instance.excluded_addresses.end());
  }
  return out;
}

VirtualServerChange describe(const Change<VirtualServer>& change) {
  const auto& [before, after] = change;
  return {.service = change,
          .real_servers = diff_lists(before.real_servers, after.real_servers),
          .scheduler_changed = before.scheduler != after.scheduler,
          .order_changed = common_endpoints(before.real_servers, after.real_servers) !=
                           common_endpoints(after.real_servers, before.real_servers)};
}

}  // namespace

bool ModelDiff::empty() const {
  return added_servers.empty() && removed_servers.empty() && changed_servers.empty() && addresses.empty() &&
         instances.empty() && sync_groups.empty() && !lvs_timeouts_changed && !router_id_changed;
}

ModelDiff diff(const Model& before, const Model& after) {
  ModelDiff out;
  ListDiff<VirtualServer> servers = diff_lists(before.virtual_servers, after.virtual_servers);
  out.added_servers = std::move(servers.added);
  out.removed_servers = std::move(servers.removed);
  std::transform(servers.changed.begin(), servers.changed.end(), std::back_inserter(out.changed_servers), describe);
  out.addresses = diff_lists(all_addresses(before), all_addresses(after));
  out.instances = diff_lists(before.vrrp_instances, after.vrrp_instances);
  out.sync_groups = diff_lists(before.vrrp_sync_groups, after.vrrp_sync_groups);
  out.lvs_timeouts_changed = !(before.lvs_timeouts == after.lvs_timeouts);
  out.router_id_changed = before.router_id != after.router_id;
  return out;
}

}  // namespace penstock::config
