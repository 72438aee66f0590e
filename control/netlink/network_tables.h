// The kernel's links, addresses and neighbours by their keys, as its messages tell them, and what each message changes.
//
// Pure: messages in, changes out. A dump is a stretch of messages: what it doesn't name has gone (begin_dump(), end_dump()).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "control/netlink/records.h"

namespace penstock::control {

struct LinkChanged {
  int index = 0;
  friend bool operator==(const LinkChanged&, const LinkChanged&) = default;
};
struct AddressChanged {
  AddressKey key;
  friend bool operator==(const AddressChanged&, const AddressChanged&) = default;
};
struct NeighbourChanged {
  NeighbourKey key;
  friend bool operator==(const NeighbourChanged&, const NeighbourChanged&) = default;
};
// Routes aren't kept: which destinations to ask about again; nothing: all.
struct RoutesChanged {
  std::optional<RouteScope> scope;
  friend bool operator==(const RoutesChanged&, const RoutesChanged&) = default;
};
using NetworkChange = std::variant<LinkChanged, AddressChanged, NeighbourChanged, RoutesChanged>;

class NetworkTables {
 public:
  // Nothing: the tables already said so, or the message is about nothing that we keep.
  std::optional<NetworkChange> apply(const nlmsghdr& message);
  void begin_dump() { ++generation_; }
  // Removes what no message since begin_dump() has told of: neighbours first, links last.
  std::vector<NetworkChange> end_dump();

  // Pointers stay valid until the next change; null when there is no such thing.
  [[nodiscard]] const Link* find_link(int index) const;
  [[nodiscard]] const Link* find_link(std::string_view name) const;
  [[nodiscard]] const Address* find_address(const AddressKey& key) const;
  [[nodiscard]] const Neighbour* find_neighbour(const NeighbourKey& key) const;
  void for_each_link(const std::function<void(const Link&)>& visit) const;
  void for_each_address(const std::function<void(const Address&)>& visit) const;

 private:
  template <typename Value>
  struct Entry {
    Value value;
    std::uint64_t generation = 0;  // of the dump that saw it last
  };
  template <typename Map, typename Key, typename Value>
  bool store(Map& map, const Key& key, const Value& value, bool gone);

  std::map<int, Entry<Link>> links_;
  std::map<AddressKey, Entry<Address>> addresses_;
  std::unordered_map<NeighbourKey, Entry<Neighbour>> neighbours_;
  std::uint64_t generation_ = 0;
};

}  // namespace penstock::control
