#include "dataplane/core/punt_class.h"

namespace penstock::core {

PuntClass punt_class_of(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed) {
  if (parsed.kind == packet::FrameKind::kVrrp || is_authenticated_advert(frame, parsed)) return PuntClass::kVrrp;
  if (parsed.kind == packet::FrameKind::kNeighbour) return PuntClass::kNeighbour;
  if (parsed.kind == packet::FrameKind::kTransport && snapshot.sync_flow().takes(frame, parsed)) return PuntClass::kSync;
  if (parsed.l3_offset == 0) return PuntClass::kOther;  // no IP header was read
  const std::byte* const ip = frame.data + parsed.l3_offset;
  const bool is_answer = parsed.is_v4()
                             ? snapshot.service_table().is_check_target(packet::overlay<packet::Ipv4Header>(ip).source)
                             : snapshot.service_table().is_check_target(packet::overlay<packet::Ipv6Header>(ip).source);
  return is_answer ? PuntClass::kCheck : PuntClass::kOther;
}

}  // namespace penstock::core
