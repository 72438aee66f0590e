// The last step: sends a frame on to its real server, or answers its sender why not.
//
// Direct routing: both MAC addresses are replaced and the TTL or hop limit goes down by one; nothing else changes. The order of
// the checks is the kernel's (net/netfilter/ipvs/ip_vs_xmit.c, __ip_vs_get_out_rt): a local server first, then the TTL, then
// the MTU.
#pragma once

#include <cstddef>
#include <cstring>

#include "dataplane/core/counters.h"
#include "dataplane/core/frame.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/core/token_bucket.h"
#include "dataplane/packet/icmp_error.h"
#include "dataplane/packet/parse.h"

namespace penstock::core {

[[nodiscard]] constexpr Verdict dropped(DropReason reason) { return {.action = Action::kDrop, .reason = reason}; }
[[nodiscard]] constexpr Verdict punted(PuntClass punt) { return {.action = Action::kPunt, .punt = punt}; }

// Worker-owned.
class Egress {
 public:
  // Forwards `frame` to `server`.
  [[nodiscard]] Verdict send(Frame& frame, const packet::ParsedFrame& parsed, const RealServer& server, Tick now) {
    if (server.local) [[unlikely]]
      return punted(PuntClass::kOther);
    if (!server.resolved) [[unlikely]]
      return dropped(DropReason::kServerUnresolved);
    std::byte* const l3 = frame.data + parsed.l3_offset;
    if (parsed.is_v4()) [[likely]] {
      auto& ip = packet::overlay<packet::Ipv4Header>(l3);
      if (ip.time_to_live <= 1) [[unlikely]]
        return answer(frame, parsed, packet::IcmpError::Kind::kTimeExceeded, 0, now);
      packet::decrement_ttl(ip);
    } else {
      auto& ip = packet::overlay<packet::Ipv6Header>(l3);
      if (ip.hop_limit <= 1) [[unlikely]]
        return answer(frame, parsed, packet::IcmpError::Kind::kTimeExceeded, 0, now);
      --ip.hop_limit;
    }
    if (parsed.ip_length > server.mtu) [[unlikely]] {
      return answer(frame, parsed, packet::IcmpError::Kind::kPacketTooBig, server.mtu, now);
    }
    readdress(frame.data, server);
    return {.action = Action::kForward, .port = server.egress};
  }

  // Whether send() would forward a plain frame, which begins at `data`.
  [[nodiscard]] static bool takes_plain(const std::byte* data, std::uint16_t ip_length, const RealServer& server) {
    return packet::overlay<packet::Ipv4Header>(data + packet::PlainFrame::kL3).time_to_live > 1 &&
           ip_length <= server.straight_mtu;
  }
  // Does it. Of `verdict`, the fields that mean nothing then are left. Precondition: takes_plain().
  static void send_plain(std::byte* data, const RealServer& server, Verdict& verdict) {
    packet::decrement_ttl(packet::overlay<packet::Ipv4Header>(data + packet::PlainFrame::kL3));
    readdress(data, server);
    verdict.action = Action::kForward;
    verdict.port = server.egress;
  }

  // No real server can take the packet: port unreachable, as IPVS answers for TCP and UDP alike (ip_vs_core.c, ip_vs_leave).
  [[nodiscard]] Verdict refuse(Frame& frame, const packet::ParsedFrame& parsed, Tick now) {
    return answer(frame, parsed, packet::IcmpError::Kind::kPortUnreachable, 0, now);
  }

 private:
  // Both addresses at once: the server has them as the frame does.
  static void readdress(std::byte* data, const RealServer& server) {
    static_assert(offsetof(RealServer, destination) == 0 && offsetof(RealServer, source) == sizeof(packet::MacAddress));
    std::memcpy(data, &server, offsetof(packet::EthernetHeader, ether_type));
  }
  // Turns the frame into the ICMP error that tells its sender; a drop where none may be sent.
  [[nodiscard]] Verdict answer(Frame& frame, const packet::ParsedFrame& parsed, packet::IcmpError::Kind kind, std::uint32_t mtu,
                               Tick now);

  // As the kernel limits its own: net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst.
  static constexpr std::uint32_t kErrorsPerSecond = 1000;
  static constexpr std::uint32_t kErrorBurst = 50;

  TokenBucket limit_{kErrorsPerSecond, kErrorBurst};
  std::uint16_t identification_ = 0;
};

}  // namespace penstock::core
