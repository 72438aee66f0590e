#include "control/netlink/network_tables.h"

#include <linux/rtnetlink.h>

namespace penstock::control {
namespace {

// What the last complete dump didn't contain has gone without our being told.
template <typename Change, typename Map>
void sweep(Map& map, std::uint64_t generation, std::vector<NetworkChange>& changes) {
  for (auto place = map.begin(); place != map.end();) {
    if (place->second.generation == generation) {
      ++place;
      continue;
    }
    changes.emplace_back(Change{place->first});
    place = map.erase(place);
  }
}

}  // namespace

// True when the map changed.
template <typename Map, typename Key, typename Value>
bool NetworkTables::store(Map& map, const Key& key, const Value& value, bool gone) {
  if (gone) return map.erase(key) != 0;
  const auto [place, is_new] = map.try_emplace(key, value, generation_);
  place->second.generation = generation_;
  if (is_new) return true;
  if (place->second.value == value) return false;
  place->second.value = value;
  return true;
}

std::optional<NetworkChange> NetworkTables::apply(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      if (const auto link = read_link(message); link && store(links_, link->index, *link, message.nlmsg_type == RTM_DELLINK)) {
        return LinkChanged{link->index};
      }
      return std::nullopt;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (const auto address = read_address(message);
          address && store(addresses_, address->key, *address, message.nlmsg_type == RTM_DELADDR)) {
        return AddressChanged{address->key};
      }
      return std::nullopt;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      if (const auto neighbour = read_neighbour(message);
          neighbour && store(neighbours_, neighbour->key, *neighbour, message.nlmsg_type == RTM_DELNEIGH)) {
        return NeighbourChanged{neighbour->key};
      }
      return std::nullopt;
    case RTM_NEWROUTE:
    case RTM_DELROUTE: return RoutesChanged{read_route_scope(message)};
    case RTM_NEWRULE:
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP: return RoutesChanged{};
    default: return std::nullopt;
  }
}

std::vector<NetworkChange> NetworkTables::end_dump() {
  std::vector<NetworkChange> changes;
  sweep<NeighbourChanged>(neighbours_, generation_, changes);
  sweep<AddressChanged>(addresses_, generation_, changes);
  sweep<LinkChanged>(links_, generation_, changes);
  return changes;
}

const Link* NetworkTables::find_link(int index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second.value;
}

const Link* NetworkTables::find_link(std::string_view name) const {
  for (const auto& [index, entry] : links_) {
    if (entry.value.name == name) return &entry.value;
  }
  return nullptr;
}

const Address* NetworkTables::find_address(const AddressKey& key) const {
  const auto found = addresses_.find(key);
  return found == addresses_.end() ? nullptr : &found->second.value;
}

const Neighbour* NetworkTables::find_neighbour(const NeighbourKey& key) const {
  const auto found = neighbours_.find(key);
  return found == neighbours_.end() ? nullptr : &found->second.value;
}

void NetworkTables::for_each_link(const std::function<void(const Link&)>& visit) const {
  for (const auto& [index, entry] : links_) visit(entry.value);
}

void NetworkTables::for_each_address(const std::function<void(const Address&)>& visit) const {
  for (const auto& [key, entry] : addresses_) visit(entry.value);
}

}  // namespace penstock::control
