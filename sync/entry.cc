#include "sync/entry.h"

#include "dataplane/packet/ip_protocol.h"

namespace penstock::sync {

std::uint16_t state_count_of(std::uint8_t protocol) {
  switch (protocol) {
    case packet::ip_protocol::kTcp: return 11;   // IP_VS_TCP_S_LAST
    case packet::ip_protocol::kUdp: return 1;    // IP_VS_UDP_S_LAST
    case packet::ip_protocol::kSctp: return 14;  // IP_VS_SCTP_S_LAST
    default: return 0;
  }
}

std::optional<Refusal> refusal_of(const Entry& entry) {
  const std::uint32_t method = entry.forwarding_method();
  if (method != flag::kDirectRouting && method != flag::kLocalNode) return Refusal::kForwardingMethod;
  if (!entry.engine_data.empty()) return Refusal::kEngineUnsupported;
  return std::nullopt;
}

}  // namespace penstock::sync
