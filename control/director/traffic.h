// What passed to a server or a service: the three counters that direct routing has.
#pragma once

#include <cstdint>

namespace penstock::control {

struct Traffic {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // of IP packets

  friend bool operator==(const Traffic&, const Traffic&) = default;
  Traffic& operator+=(const Traffic& other) {
    connections += other.connections;
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
  friend Traffic operator-(Traffic a, const Traffic& b) {
    return {a.connections - b.connections, a.packets - b.packets, a.bytes - b.bytes};
  }
};

}  // namespace penstock::control
