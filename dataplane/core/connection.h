// One connection, as small as it can be: a worker's table holds millions of these, and each packet of an established flow costs
// one of their cache lines. There is no list link, no lock and no timer in it; what the packet itself tells (protocol, virtual
// port) is not stored.
#pragma once

#include <cstdint>

#include "dataplane/core/connection_state.h"
#include "dataplane/core/ids.h"
#include "dataplane/core/tick.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::core {

// What an IPv4 client's connection is found by, packed into one word: VirtualId in the low 16 bits, the client's port and its
// address as they stand in the packet. No valid key is 0, because VirtualId 0 is never given out: 0 marks a free slot.
struct ConnectionKey4 {
  std::uint64_t word = 0;

  constexpr ConnectionKey4() = default;
  constexpr ConnectionKey4(packet::Ipv4Address client, std::uint16_t client_port, VirtualId virtual_id)
      : word{(static_cast<std::uint64_t>(client.raw()) << 32) | (static_cast<std::uint64_t>(std::byteswap(client_port)) << 16) |
             index_of(virtual_id)} {}

  [[nodiscard]] constexpr packet::Ipv4Address client() const {
    return std::bit_cast<packet::Ipv4Address>(static_cast<std::uint32_t>(word >> 32));
  }
  [[nodiscard]] constexpr std::uint16_t client_port() const { return std::byteswap(static_cast<std::uint16_t>(word >> 16)); }
  [[nodiscard]] constexpr VirtualId virtual_id() const { return VirtualId{static_cast<std::uint16_t>(word)}; }
  [[nodiscard]] constexpr bool is_free() const { return word == 0; }

  friend constexpr bool operator==(ConnectionKey4, ConnectionKey4) = default;
};

struct ConnectionKey6 {
  packet::Ipv6Address client_;
  std::uint16_t port_ = 0;
  std::uint16_t virtual_id_ = 0;

  constexpr ConnectionKey6() = default;
  constexpr ConnectionKey6(const packet::Ipv6Address& client, std::uint16_t client_port, VirtualId virtual_id)
      : client_{client}, port_{client_port}, virtual_id_{index_of(virtual_id)} {}

  [[nodiscard]] constexpr const packet::Ipv6Address& client() const { return client_; }
  [[nodiscard]] constexpr std::uint16_t client_port() const { return port_; }
  [[nodiscard]] constexpr VirtualId virtual_id() const { return VirtualId{virtual_id_}; }
  [[nodiscard]] constexpr bool is_free() const { return virtual_id_ == 0; }

  friend constexpr bool operator==(const ConnectionKey6&, const ConnectionKey6&) = default;
};

template <typename KeyType>
struct Connection {
  using Key = KeyType;

  Key key;
  ServerId server = kNoServer;
  ConnectionState state : 4 = ConnectionState::kNone;
  std::uint8_t bucket_overflow : 4 = 0;   // not the connection's but its bucket's: ConnectionTable's, in slot 0 only
  std::uint8_t displaced : 1 = 0;         // it lies in the second of its two buckets
  std::uint8_t counts_as_active : 1 = 0;  // it is one of its server's ActiveConn, else of its InActConn
  std::uint8_t sync_mark : 6 = 0;         // when the peer was or must be told of it: SyncPolicy's
  Tick expires = 0;

  void set_sync_mark(std::uint8_t mark) { sync_mark = mark & 0x3f; }
};

using Connection4 = Connection<ConnectionKey4>;
struct alignas(32) Connection6 : Connection<ConnectionKey6> {};

static_assert(sizeof(Connection4) == 16, "four to a cache line");
static_assert(sizeof(Connection6) == 32, "two to a cache line");

}  // namespace penstock::core
