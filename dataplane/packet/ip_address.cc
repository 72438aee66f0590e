#include "dataplane/packet/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace penstock::packet {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof(buffer)) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';

  in_addr v4{};
  if (inet_pton(AF_INET, buffer, &v4) == 1) return IpAddress{std::bit_cast<Ipv4Address>(v4)};
  Ipv6Address v6;
  if (inet_pton(AF_INET6, buffer, v6.bytes.data()) == 1) return IpAddress{v6};
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.bytes.data(), buffer, sizeof(buffer));
  return buffer;
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp: return "TCP";
    case Protocol::kUdp: return "UDP";
    case Protocol::kSctp: return "SCTP";
  }
  return "?";
}

std::string Endpoint::to_string() const {
  const std::string port_text = std::to_string(port);
  if (address.is_v6()) return "[" + address.to_string() + "]:" + port_text;
  return address.to_string() + ":" + port_text;
}

}  // namespace penstock::packet

std::size_t std::hash<penstock::packet::IpAddress>::operator()(const penstock::packet::IpAddress& address) const noexcept {
  const auto as_text = [](const auto& value) { return std::string_view{reinterpret_cast<const char*>(&value), sizeof(value)}; };
  if (address.is_v4()) {
    const penstock::packet::Ipv4Address v4 = address.v4();
    return std::hash<std::string_view>{}(as_text(v4));
  }
  return std::hash<std::string_view>{}(as_text(address.v6()));
}

std::size_t std::hash<penstock::packet::Endpoint>::operator()(const penstock::packet::Endpoint& endpoint) const noexcept {
  return std::hash<penstock::packet::IpAddress>{}(endpoint.address) * 31 + endpoint.port;
}
