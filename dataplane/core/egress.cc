#include "dataplane/core/egress.h"

namespace penstock::core {
namespace {

DropReason reason_of(packet::IcmpError::Kind kind) {
  switch (kind) {
    case packet::IcmpError::Kind::kPortUnreachable: return DropReason::kNoServer;
    case packet::IcmpError::Kind::kTimeExceeded: return DropReason::kTtlExceeded;
    case packet::IcmpError::Kind::kPacketTooBig: return DropReason::kTooBigForEgress;
  }
  return DropReason::kNoServer;
}

}  // namespace

Verdict Egress::answer(Frame& frame, const packet::ParsedFrame& parsed, packet::IcmpError::Kind kind, std::uint32_t mtu,
                       Tick now) {
  const DropReason reason = reason_of(kind);
  if (!limit_.take(now)) return dropped(DropReason::kIcmpFloodLimited);
  const std::size_t length = packet::build_icmp_error({frame.data, frame.capacity}, frame.length, parsed.l3_offset,
                                                      {.kind = kind, .mtu = mtu, .identification = ++identification_});
  if (length == 0) return dropped(reason);
  return {.action = Action::kReply, .reason = reason, .port = frame.port, .length = static_cast<std::uint16_t>(length)};
}

}  // namespace penstock::core
