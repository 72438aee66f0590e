#include "healthcheck/names.h"

#include <fmt/format.h>

namespace penstock::healthcheck {
namespace {

std::string_view lower_case(packet::Protocol protocol) {
  switch (protocol) {
    case packet::Protocol::kTcp: return "tcp";
    case packet::Protocol::kUdp: return "udp";
    case packet::Protocol::kSctp: return "sctp";
  }
  return "none";
}

}  // namespace

std::string name_of(const packet::Endpoint& endpoint, packet::Protocol protocol) {
  return fmt::format("[{}]:{}:{}", endpoint.address.to_string(), lower_case(protocol), endpoint.port);
}

}  // namespace penstock::healthcheck
