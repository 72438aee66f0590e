#include "control/vrrp/silent_addresses.h"

#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/parse.h"

namespace penstock::control {

void SilentAddresses::apply(std::span<const vrrp::InstanceSpec> instances) {
  addresses_.clear();
  for (const vrrp::InstanceSpec& instance : instances) {
    if (instance.accept) continue;
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& each : *list) addresses_.insert(each.address);
    }
  }
}

bool SilentAddresses::may_accept(std::span<const std::byte> frame) {
  if (addresses_.empty()) return true;
  const packet::ParsedFrame parsed = packet::parse_frame(frame.data(), frame.size(), frame.size());
  if (parsed.l3_offset == 0) return true;  // no IP header was read
  const std::byte* const ip = frame.data() + parsed.l3_offset;
  const packet::IpAddress destination = parsed.is_v4() ? packet::IpAddress{packet::overlay<packet::Ipv4Header>(ip).destination}
                                                       : packet::IpAddress{packet::overlay<packet::Ipv6Header>(ip).destination};
  if (!addresses_.contains(destination)) return true;
  ++dropped_;
  return false;
}

}  // namespace penstock::control
