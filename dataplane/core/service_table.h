// Which virtual service a packet is for: an immutable open-addressing table from (address, protocol, port), at most half full.
//
// IPv4 and IPv6 have tables of their own, so that an IPv4 key is one word. Beside the services stand their addresses alone, for
// the two questions that have no port: may a fragment without ports be ours, and does a packet claim to come from a VIP. The
// addresses that health checks go to stand here as well.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/core/ids.h"
#include "dataplane/core/keyed_hash.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::core {

class ServiceTable {
  struct Slot4;

 public:
  struct alignas(8) Hit {
    VirtualId virtual_id{};     // 0: no service
    std::uint16_t service = 0;  // index into the snapshot's services
    OwnerId owner = kNeverOurs;
    std::uint16_t unused = 0;  // so that it is copied as one word

    [[nodiscard]] explicit operator bool() const { return index_of(virtual_id) != 0; }
  };

  ServiceTable() : ServiceTable(0, 0) {}
  // Room for this many services and check targets of each family.
  ServiceTable(std::size_t ipv4_count, std::size_t ipv6_count);

  // Precondition: no such service yet, and room for it; the hit's virtual_id is not 0.
  void insert(const packet::Endpoint& endpoint, packet::Protocol protocol, Hit hit);
  // An address that health checks go to; may come more than once.
  void insert_check_target(const packet::IpAddress& address);

  // The IPv4 services, by value: a loop over many packets keeps it in registers. Good as long as the table.
  class Ipv4Services {
   public:
    explicit Ipv4Services(const ServiceTable& table)
        : slots_{table.slots4_.data()}, mask_{table.mask4_}, shift_{table.shift4_} {}
    [[nodiscard]] const Hit& find(packet::Ipv4Address address, std::uint16_t port, std::uint8_t protocol) const {
      static constexpr Hit kNone;
      const std::uint64_t key = key4(address, port, protocol);
      for (std::size_t at = place4(key, shift_);; at = (at + 1) & mask_) {
        const Slot4& slot = slots_[at];
        if (slot.key == key) [[likely]]
          return slot.hit;
        if (slot.key == 0) return kNone;
      }
    }

   private:
    const Slot4* slots_;
    std::size_t mask_;
    unsigned shift_;
  };

  [[nodiscard]] Hit find(packet::Ipv4Address address, std::uint16_t port, std::uint8_t protocol) const {
    return Ipv4Services{*this}.find(address, port, protocol);
  }
  [[nodiscard]] Hit find(const packet::Ipv6Address& address, std::uint16_t port, std::uint8_t protocol) const {
    const std::uint32_t key = key6(port, protocol);
    for (std::size_t at = keyed_hash(address, key, secret_) & mask6_;; at = (at + 1) & mask6_) {
      const Slot6& slot = slots6_[at];
      if ((slot.port_protocol == key && slot.address == address) || slot.port_protocol == 0) return slot.hit;
    }
  }

  // Any of the services at this address. `Address`: Ipv4Address or Ipv6Address.
  template <typename Address>
  [[nodiscard]] Hit find_vip(const Address& address) const {
    return find(address, 0, kVipAlone);
  }
  // Asked of each client whose connection begins: nearly none is one, so a word of bits answers first.
  [[nodiscard]] bool is_vip(packet::Ipv4Address address) const {
    if ((vips4_ >> bit4(address) & 1) == 0) [[likely]]
      return false;
    return static_cast<bool>(find_vip(address));
  }
  [[nodiscard]] bool is_vip(const packet::Ipv6Address& address) const { return static_cast<bool>(find_vip(address)); }
  // Whether health checks go to this address, so that traffic from it may be their answers.
  template <typename Address>
  [[nodiscard]] bool is_check_target(const Address& address) const {
    return static_cast<bool>(find(address, 0, kCheckTarget));
  }

 private:
  friend class ServiceTableSearches;  // a test of how long they are

  struct Slot4 {
    std::uint64_t key = 0;  // 0: free
    Hit hit;
  };
  struct Slot6 {
    packet::Ipv6Address address;
    std::uint32_t port_protocol = 0;  // 0: free
    Hit hit;
  };
  // The "protocols" of bare addresses: 255 is reserved, 254 is for experiments (RFC 5237, RFC 3692), and neither is ever looked
  // up for a packet.
  static constexpr std::uint8_t kVipAlone = 255;
  static constexpr std::uint8_t kCheckTarget = 254;

  static std::uint64_t key4(packet::Ipv4Address address, std::uint16_t port, std::uint8_t protocol) {
    return (static_cast<std::uint64_t>(address.raw()) << 32) | key6(port, protocol);
  }
  // Where a search begins. The operator chooses the keys, not those who send packets: there is nothing to keep secret, and the
  // upper bits of one product are enough (Knuth, "The Art of Computer Programming", 6.4, multiplicative hashing).
  static std::size_t place4(std::uint64_t key, unsigned shift) { return (key * kGoldenRatio) >> shift; }
  static unsigned bit4(packet::Ipv4Address address) {
    return static_cast<unsigned>(place4(address.raw(), 58));  // 0 to 63
  }
  static std::uint32_t key6(std::uint16_t port, std::uint8_t protocol) {
    // Never 0: no transport has number 0. The port as it stands in the packet.
    return (static_cast<std::uint32_t>(std::byteswap(port)) << 16) | protocol;
  }
  void insert_one(const packet::IpAddress& address, std::uint16_t port, std::uint8_t protocol, Hit hit);
  void insert_address(const packet::IpAddress& address, std::uint8_t protocol, Hit hit);

  HashSecret secret_ = process_hash_secret();
  std::size_t mask4_;
  unsigned shift4_;          // of a hash: leaves as many bits as mask4_ has
  std::uint64_t vips4_ = 0;  // bit4() of each IPv4 VIP
  std::size_t mask6_;
  std::vector<Slot4> slots4_;
  std::vector<Slot6> slots6_;
};

}  // namespace penstock::core
