// Any bytes as the kernel's messages, through the tables (or a mutant of them) and a plain model beside them. Rules:
//   - a message lies within its datagram, and so does what is read of it;
//   - what is read can be written, and then reads the same; addresses are of the message's family, prefixes fit;
//   - the tables hold what the messages said last, and tell of a change exactly when there is one;
//   - what a dump doesn't name goes, and nothing else.
#pragma once

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "control/netlink/message.h"
#include "control/netlink/network_tables.h"
#include "tests/control/netlink/written_records.h"
#include "tests/support/fuzz_target.h"

namespace penstock::control {

// What messages said last, and which keys a dump has named since it began.
template <typename Key, typename Value>
class ToldValues {
 public:
  // True: this is news.
  bool tell(const Key& key, const Value& value, bool gone) {
    named_.insert(key);
    if (gone) return now_.erase(key) != 0;
    const auto before = now_.find(key);
    if (before != now_.end() && before->second == value) return false;
    now_.insert_or_assign(key, value);
    return true;
  }
  void begin_dump() { named_.clear(); }
  std::set<Key> end_dump() {
    std::set<Key> gone;
    for (const auto& [key, value] : now_) {
      if (!named_.contains(key)) gone.insert(key);
    }
    for (const Key& key : gone) now_.erase(key);
    return gone;
  }
  [[nodiscard]] const std::map<Key, Value>& now() const { return now_; }

 private:
  std::map<Key, Value> now_;
  std::set<Key> named_;
};

template <typename Tables>
class NetlinkPlay {
 public:
  void take(const nlmsghdr& message) {
    const auto expected = expected_change(message);
    const std::optional<NetworkChange> change = tables_.apply(message);
    test::require(change == expected, "a change is told exactly when there is one");
  }

  void begin_dump() {
    tables_.begin_dump();
    links_.begin_dump();
    addresses_.begin_dump();
    neighbours_.begin_dump();
  }

  void end_dump() {
    const std::vector<NetworkChange> changes = tables_.end_dump();
    const auto links = links_.end_dump();
    const auto addresses = addresses_.end_dump();
    const auto neighbours = neighbours_.end_dump();
    test::require(changes.size() == links.size() + addresses.size() + neighbours.size(), "all that has gone is told, once");
    for (const NetworkChange& change : changes) {
      const auto* link = std::get_if<LinkChanged>(&change);
      const auto* address = std::get_if<AddressChanged>(&change);
      const auto* neighbour = std::get_if<NeighbourChanged>(&change);
      test::require((link != nullptr && links.contains(link->index)) ||
                        (address != nullptr && addresses.contains(address->key)) ||
                        (neighbour != nullptr && neighbours.contains(neighbour->key)),
                    "only what the dump didn't name has gone");
    }
    check_contents();
  }

  void check_contents() const {
    for (const auto& [index, link] : links_.now()) {
      const Link* found = tables_.find_link(index);
      test::require(found != nullptr && *found == link, "a link is what the last message said");
    }
    for (const auto& [key, address] : addresses_.now()) {
      const Address* found = tables_.find_address(key);
      test::require(found != nullptr && *found == address, "an address is what the last message said");
    }
    for (const auto& [key, neighbour] : neighbours_.now()) {
      const Neighbour* found = tables_.find_neighbour(key);
      test::require(found != nullptr && *found == neighbour, "a neighbour is what the last message said");
    }
    std::size_t listed = 0;
    tables_.for_each_link([&](const Link&) { ++listed; });
    test::require(listed == links_.now().size(), "all links are listed");
    listed = 0;
    tables_.for_each_address([&](const Address&) { ++listed; });
    test::require(listed == addresses_.now().size(), "all addresses are listed");
  }

 private:
  std::optional<NetworkChange> expected_change(const nlmsghdr& message) {
    switch (message.nlmsg_type) {
      case RTM_NEWLINK:
      case RTM_DELLINK: {
        const auto link = read_link(message);
        if (!link) return std::nullopt;
        test::require(read_link(written(*link).raw()) == link, "a link that is written reads the same");
        if (!links_.tell(link->index, *link, message.nlmsg_type == RTM_DELLINK)) return std::nullopt;
        return LinkChanged{link->index};
      }
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        const auto address = read_address(message);
        if (!address) return std::nullopt;
        check_address(*address, message);
        if (!addresses_.tell(address->key, *address, message.nlmsg_type == RTM_DELADDR)) return std::nullopt;
        return AddressChanged{address->key};
      }
      case RTM_NEWNEIGH:
      case RTM_DELNEIGH: {
        const auto neighbour = read_neighbour(message);
        if (!neighbour) return std::nullopt;
        test::require(read_neighbour(written(*neighbour).raw()) == neighbour, "a neighbour that is written reads the same");
        test::require(address_family(neighbour->key.address) == family_of(message), "a neighbour is of its message's family");
        test::require(!neighbour->is_usable() || neighbour->mac, "a neighbour that can be sent to has a MAC address");
        if (!neighbours_.tell(neighbour->key, *neighbour, message.nlmsg_type == RTM_DELNEIGH)) return std::nullopt;
        return NeighbourChanged{neighbour->key};
      }
      default: return expected_route_change(message);
    }
  }

  static void check_address(const Address& address, const nlmsghdr& message) {
    test::require(read_address(written(address).raw()) == address, "an address that is written reads the same");
    test::require(address_family(address.key.address) == family_of(message), "an address is of its message's family");
    test::require(address.key.prefix_length <= address.key.address.bits(), "a prefix is no longer than its address");
    test::require(!address.broadcast || address.broadcast->family() == address.key.address.family(),
                  "a broadcast address is of the same family");
  }

  static std::optional<NetworkChange> expected_route_change(const nlmsghdr& message) {
    static constexpr std::uint16_t kAll[]{RTM_NEWRULE, RTM_DELRULE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP};
    if (std::ranges::find(kAll, message.nlmsg_type) != std::end(kAll)) return RoutesChanged{};
    if (message.nlmsg_type != RTM_NEWROUTE && message.nlmsg_type != RTM_DELROUTE) return std::nullopt;
    const auto scope = read_route_scope(message);
    if (scope) {
      test::require(scope->prefix_length <= scope->network.bits(), "a route's prefix is no longer than its address");
      test::require(scope->contains(scope->network), "a route's destinations hold the network itself");
      test::require(address_family(scope->network) == family_of(message), "a route is of its message's family");
    }
    return RoutesChanged{scope};
  }

  static std::uint8_t family_of(const nlmsghdr& message) { return fixed_header<rtgenmsg>(message)->rtgen_family; }

  Tables tables_;
  ToldValues<int, Link> links_;
  ToldValues<AddressKey, Address> addresses_;
  ToldValues<NeighbourKey, Neighbour> neighbours_;
};

// One message of that type, whose length is right.
inline std::vector<std::byte> message_of(std::uint16_t type, std::string_view payload) {
  std::vector<std::byte> bytes(NLMSG_HDRLEN + payload.size());
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
  header.nlmsg_type = type;
  std::memcpy(bytes.data(), &header, sizeof(header));
  if (!payload.empty()) std::memcpy(bytes.data() + NLMSG_HDRLEN, payload.data(), payload.size());
  return bytes;
}

inline constexpr std::uint16_t kPlayedTypes[]{RTM_NEWLINK,  RTM_DELLINK,  RTM_NEWADDR,  RTM_DELADDR, RTM_NEWNEIGH,
                                              RTM_DELNEIGH, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_NEWNEXTHOP};
inline constexpr std::uint8_t kBeginDump = 10;
inline constexpr std::uint8_t kEndDump = 11;
inline constexpr std::uint8_t kOrders = 12;

// The first byte: odd, and the rest is a datagram as it is; even, and the rest are orders: a byte that names the message's type
// or the dump's begin or end, and for a message its payload's length and the payload.
template <typename Tables>
void play_netlink(std::string_view bytes) {
  test::FuzzInput input{bytes};
  NetlinkPlay<Tables> play;
  if (input.byte() % 2 == 1) {
    const std::string_view rest = input.rest();
    const std::vector<std::byte> datagram{reinterpret_cast<const std::byte*>(rest.data()),
                                          reinterpret_cast<const std::byte*>(rest.data()) + rest.size()};
    for_each_message(datagram, [&](const nlmsghdr& message) {
      const auto at = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&message) - datagram.data());
      test::require(at < datagram.size() && message.nlmsg_len <= datagram.size() - at, "a message lies in its datagram");
      play.take(message);
    });
  }
  while (input.more()) {
    const std::uint8_t order = input.byte() % kOrders;
    if (order == kBeginDump) {
      play.begin_dump();
    } else if (order == kEndDump) {
      play.end_dump();
    } else {
      const std::size_t size = input.byte();
      const auto message = message_of(kPlayedTypes[order], input.text(size));
      play.take(*reinterpret_cast<const nlmsghdr*>(message.data()));
    }
  }
  play.check_contents();
}

}  // namespace penstock::control
