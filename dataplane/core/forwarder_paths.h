// What differs between IPv4 and IPv6 in forwarding: where the addresses stand, which table and which key. For the forwarder*.cc
// files only.
#pragma once

#include "dataplane/core/forwarder.h"

namespace penstock::core {

struct Forwarder::Ipv4Path {
  using Entry = Connection4;
  static ConnectionTracker<Entry>& tracker(Forwarder& forwarder) { return forwarder.ipv4_; }
  static StandbyTable<Entry::Key>& standby(Forwarder& forwarder) { return forwarder.standby_->ipv4; }
  static const packet::Ipv4Address& source(const Frame& frame, const packet::ParsedFrame& parsed) {
    return packet::overlay<packet::Ipv4Header>(frame.data + parsed.l3_offset).source;
  }
  static const packet::Ipv4Address& destination(const Frame& frame, const packet::ParsedFrame& parsed) {
    return packet::overlay<packet::Ipv4Header>(frame.data + parsed.l3_offset).destination;
  }
  // Neither a group nor nobody. False of some others, too: one look at an address that nearly all have.
  static bool is_ordinary(packet::Ipv4Address address) {
    const unsigned first = address.raw() & 0xff;  // its first byte
    return first - 1 < 223 && first != 127;
  }
  static bool is_group(packet::Ipv4Address address) {
    return packet::is_multicast(address) || packet::is_limited_broadcast(address);
  }
  static bool is_nobody(packet::Ipv4Address address) {
    return packet::is_loopback(address) || packet::is_this_network(address);
  }
};

struct Forwarder::Ipv6Path {
  using Entry = Connection6;
  static ConnectionTracker<Entry>& tracker(Forwarder& forwarder) { return forwarder.ipv6_; }
  static StandbyTable<Entry::Key>& standby(Forwarder& forwarder) { return forwarder.standby_->ipv6; }
  static const packet::Ipv6Address& source(const Frame& frame, const packet::ParsedFrame& parsed) {
    return packet::overlay<packet::Ipv6Header>(frame.data + parsed.l3_offset).source;
  }
  static const packet::Ipv6Address& destination(const Frame& frame, const packet::ParsedFrame& parsed) {
    return packet::overlay<packet::Ipv6Header>(frame.data + parsed.l3_offset).destination;
  }
  static bool is_ordinary(const packet::Ipv6Address& address) { return !is_group(address) && !is_nobody(address); }
  static bool is_group(const packet::Ipv6Address& address) { return packet::is_multicast(address); }
  static bool is_nobody(const packet::Ipv6Address& address) {
    return packet::is_loopback(address) || packet::is_unspecified(address);
  }
};

}  // namespace penstock::core
