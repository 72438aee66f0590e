#include "healthcheck/icmp_echo.h"

#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"

namespace penstock::healthcheck {

using packet::IcmpHeader;

EchoRequest encode_echo_request(const Echo& echo, bool is_v6) {
  EchoRequest out{};
  IcmpHeader header{};
  header.type = is_v6 ? packet::icmpv6_type::kEchoRequest : packet::icmp_type::kEchoRequest;
  header.rest.set(std::uint32_t{echo.identifier} << 16 | echo.sequence);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &echo.nonce, sizeof echo.nonce);
  if (is_v6) return out;
  packet::OnesComplementSum sum;
  sum.add(out);
  header.checksum = sum.checksum();
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

bool is_echo_reply(std::span<const std::byte> message, const Echo& echo, bool is_v6, bool with_identifier) {
  IcmpHeader header{};
  std::uint64_t nonce = 0;
  if (message.size() < sizeof header + sizeof nonce) return false;
  std::memcpy(&header, message.data(), sizeof header);
  std::memcpy(&nonce, message.data() + sizeof header, sizeof nonce);
  const auto wanted = is_v6 ? packet::icmpv6_type::kEchoReply : packet::icmp_type::kEchoReply;
  return header.type == wanted && header.code == 0 && header.echo_sequence() == echo.sequence && nonce == echo.nonce &&
         (!with_identifier || header.echo_identifier() == echo.identifier);
}

std::span<const std::byte> after_ipv4_header(std::span<const std::byte> packet) {
  if (packet.size() < sizeof(packet::Ipv4Header)) return {};
  const std::size_t length = (std::to_integer<std::size_t>(packet[0]) & 0x0f) * 4;
  return length < sizeof(packet::Ipv4Header) || length > packet.size() ? std::span<const std::byte>{} : packet.subspan(length);
}

}  // namespace penstock::healthcheck
