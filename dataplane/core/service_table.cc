#include "dataplane/core/service_table.h"

#include <bit>

namespace penstock::core {
namespace {

// Each may bring its bare address too, and half of the slots stay free, so that every search ends soon.
std::size_t slots_for(std::size_t entries) { return std::bit_ceil(4 * entries + 2); }

}  // namespace

ServiceTable::ServiceTable(std::size_t ipv4_count, std::size_t ipv6_count)
    : mask4_{slots_for(ipv4_count) - 1},
      shift4_{static_cast<unsigned>(std::countl_zero(mask4_))},
      mask6_{slots_for(ipv6_count) - 1},
      slots4_(mask4_ + 1),
      slots6_(mask6_ + 1) {}

void ServiceTable::insert(const packet::Endpoint& endpoint, packet::Protocol protocol, Hit hit) {
  insert_one(endpoint.address, endpoint.port, static_cast<std::uint8_t>(protocol), hit);
  insert_address(endpoint.address, kVipAlone, hit);
  if (endpoint.address.is_v4()) vips4_ |= std::uint64_t{1} << bit4(endpoint.address.v4());
}

void ServiceTable::insert_check_target(const packet::IpAddress& address) {
  insert_address(address, kCheckTarget, {VirtualId{1}, 0, kAlwaysOurs});
}

void ServiceTable::insert_address(const packet::IpAddress& address, std::uint8_t protocol, Hit hit) {
  const bool known =
      address.is_v4() ? static_cast<bool>(find(address.v4(), 0, protocol)) : static_cast<bool>(find(address.v6(), 0, protocol));
  if (!known) insert_one(address, 0, protocol, hit);
}

void ServiceTable::insert_one(const packet::IpAddress& address, std::uint16_t port, std::uint8_t protocol, Hit hit) {
  if (address.is_v4()) {
    const std::uint64_t key = key4(address.v4(), port, protocol);
    std::size_t at = place4(key, shift4_);
    while (slots4_[at].key != 0) at = (at + 1) & mask4_;
    slots4_[at] = {key, hit};
    return;
  }
  const std::uint32_t key = key6(port, protocol);
  std::size_t at = keyed_hash(address.v6(), key, secret_) & mask6_;
  while (slots6_[at].port_protocol != 0) at = (at + 1) & mask6_;
  slots6_[at] = {address.v6(), key, hit};
}

}  // namespace penstock::core
