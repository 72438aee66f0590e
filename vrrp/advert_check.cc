#include "vrrp/advert_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "vrrp/advert_header.h"
#include "vrrp/timers.h"

namespace penstock::vrrp {
namespace {

namespace authentication {
constexpr std::uint8_t kNone = 0;
constexpr std::uint8_t kPassword = 1;
constexpr std::uint8_t kHeader = 2;  // AH, of RFC 2338
}  // namespace authentication

// Copied, so that it may be read of a message of any length: what is missing is zero.
AdvertHeader header_of(const HeardFrame& frame) {
  AdvertHeader header{};
  std::memcpy(&header, frame.message.data(), std::min(sizeof(header), frame.message.size()));
  return header;
}

std::size_t expected_size(const HeardFrame& frame) {
  const AdvertHeader header = header_of(frame);
  return message_size(frame.source.family(), header.version(), header.address_count);
}

bool is_multicast(const packet::IpAddress& address) {
  return address.is_v4() ? packet::is_multicast(address.v4()) : packet::is_multicast(address.v6());
}

const UnicastPeer* peer_of(const InstanceSpec& spec, const packet::IpAddress& source) {
  const auto found = std::ranges::find(spec.unicast_peers, source, &UnicastPeer::address);
  return found == spec.unicast_peers.end() ? nullptr : &*found;
}

bool is_wrong_password(const HeardFrame& frame, const InstanceSpec& spec) {
  const auto ours = authentication_of(spec.auth_pass);
  const auto theirs = frame.message.last(kAuthenticationSize);
  std::byte difference{};  // of all bytes, however early they differ
  for (std::size_t i = 0; i < ours.size(); ++i) difference |= ours[i] ^ theirs[i];
  return difference != std::byte{};
}

std::uint8_t authentication_type_of(const InstanceSpec& spec) {
  return spec.auth_pass.empty() ? authentication::kNone : authentication::kPassword;
}

// Of the frame around the message, as far as keepalived looks before it reads the message.
std::optional<Rejection> fault_of_envelope(const HeardFrame& frame, const InstanceSpec& spec) {
  if (!frame.authentication.empty()) return Rejection::kAuthenticationType;
  if (frame.message.size() < sizeof(AdvertHeader) || frame.message.size() != expected_size(frame)) return Rejection::kLength;
  if (spec.unicast_peers.empty() && frame.ttl != kMulticastTtl) return Rejection::kTtl;
  return std::nullopt;
}

// Precondition: its length is right.
std::optional<Rejection> fault_of_message(const HeardFrame& frame, const InstanceSpec& spec) {
  const AdvertHeader header = header_of(frame);
  if (header.version() != spec.version) return Rejection::kVersion;
  if (spec.version == 2) {
    if (frame.source.is_v6()) return Rejection::kVersion;
    if (header.authentication_type() != authentication_type_of(spec)) return Rejection::kAuthenticationType;
    if (!spec.auth_pass.empty() && is_wrong_password(frame, spec)) return Rejection::kPassword;
    if (std::chrono::seconds{header.seconds()} != spec.advert_interval) return Rejection::kInterval;
  }
  if (header.type() != AdvertHeader::kAdvertisement) return Rejection::kType;
  if (!checksum_form_of(frame)) return Rejection::kChecksum;
  return std::nullopt;
}

// Of where a message that is right in itself comes from. keepalived has no check of its own address; ours stands here, so that
// a flood of wrong messages doesn't pay for a walk over all addresses of the interface.
std::optional<Rejection> fault_of_origin(const HeardFrame& frame, const InstanceSpec& spec,
                                         std::span<const packet::IpAddress> own) {
  if (std::ranges::find(own, frame.source) != own.end()) return Rejection::kOwnAddress;
  if (is_multicast(frame.destination) != spec.unicast_peers.empty()) return Rejection::kDelivery;
  if (spec.owner_ignores_adverts && spec.priority == InstanceSpec::kOwnerPriority) return Rejection::kPriority;
  if (spec.unicast_peers.empty()) return std::nullopt;
  const UnicastPeer* const peer = peer_of(spec, frame.source);
  if (peer == nullptr) {
    if (spec.check_unicast_source) return Rejection::kUnknownPeer;
  } else if (frame.ttl < peer->least_ttl || frame.ttl > peer->most_ttl) {
    return Rejection::kTtl;
  }
  return std::nullopt;
}

// keepalived stops at the first address of ours that the advert lacks; so do we.
void remark_on_addresses(Accepted& accepted, const InstanceSpec& spec) {
  const auto& heard = accepted.advert.addresses;
  if (std::ranges::equal(heard, spec.addresses, {}, {}, &VirtualAddress::address)) return;
  if (heard.size() != spec.addresses.size()) {
    accepted.addresses_differ = true;
    accepted.remarks.push_back(
        fmt::format("({}) expected {} VIPs but received {}", spec.name, spec.addresses.size(), heard.size()));
  }
  std::vector<packet::IpAddress> sorted = heard;
  std::ranges::sort(sorted);
  for (const VirtualAddress& ours : spec.addresses) {
    if (std::ranges::binary_search(sorted, ours.address)) continue;
    accepted.addresses_differ = true;
    accepted.remarks.push_back(fmt::format("({}) ip address associated with VRID {} not present in advert from {}: {}",
                                           spec.name, spec.virtual_router_id, accepted.source.to_string(),
                                           ours.address.to_string()));
    return;
  }
}

void remark_on_interval(Accepted& accepted, const InstanceSpec& spec) {
  if (accepted.advert.interval == spec.advert_interval) return;
  accepted.interval_differs = true;
  accepted.remarks.push_back(fmt::format("({}) advertisement interval mismatch with {} mine={} milli-sec rcv'd={} milli-sec",
                                         spec.name, accepted.source.to_string(), whole_milliseconds(spec.advert_interval),
                                         whole_milliseconds(accepted.advert.interval)));
}

// -- the words --

std::string length_line(const HeardFrame& frame) {
  // keepalived counts the IPv4 header; options, which it would count as well, nobody sends.
  const std::size_t header = frame.source.is_v4() ? sizeof(packet::Ipv4Header) : 0;
  const std::size_t expected = expected_size(frame);
  return fmt::format("vrrp packet too {}, length {} and expect {}", frame.message.size() > expected ? "long" : "short",
                     header + frame.message.size(), header + expected);
}

std::string ttl_line(const HeardFrame& frame, const InstanceSpec& spec) {
  const std::string source = frame.source.to_string();
  if (const UnicastPeer* const peer = peer_of(spec, frame.source)) {
    return fmt::format("TTL/HL {} from {} not in range {} - {}", frame.ttl, source, peer->least_ttl, peer->most_ttl);
  }
  return fmt::format("invalid TTL/HL from {}. Received {} and expect {}", source, frame.ttl, kMulticastTtl);
}

std::string authentication_line(const HeardFrame& frame, const InstanceSpec& spec) {
  if (!frame.authentication.empty()) return "Received AH header but auth type not AH";
  const std::uint8_t type = header_of(frame).authentication_type();
  const std::string source = frame.source.to_string();
  if (type > authentication::kHeader) return fmt::format("Invalid auth type from {}: {}", source, type);
  return fmt::format("received a {} auth from {}, expecting {}!", type, source, authentication_type_of(spec));
}

std::string text_of(const Rejected& rejected, const HeardFrame& frame, const InstanceSpec& spec) {
  const AdvertHeader header = header_of(frame);
  const std::string source = frame.source.to_string();
  switch (rejected.why) {
    case Rejection::kLength: return length_line(frame);
    case Rejection::kTtl: return ttl_line(frame, spec);
    case Rejection::kVersion:
      return fmt::format("wrong VRRP version from {}. Received {} and expect {}", source, header.version(), spec.version);
    case Rejection::kType:
      return fmt::format("Invalid packet type from {}. {} and expect {}", source, header.type(), AdvertHeader::kAdvertisement);
    case Rejection::kChecksum: return fmt::format("Invalid VRRPv{} checksum from {}", header.version(), source);
    case Rejection::kAuthenticationType: return authentication_line(frame, spec);
    case Rejection::kPassword: return fmt::format("received an invalid passwd from {}!", source);
    case Rejection::kInterval:
      return fmt::format("advertisement interval mismatch with {} mine={} sec rcv'd={} sec", source,
                         whole_milliseconds(spec.advert_interval) / 1000, header.seconds());
    case Rejection::kDelivery: {
      const bool wants_multicast = spec.unicast_peers.empty();
      return fmt::format("Expected {}icast packet but received {}icast packet", wants_multicast ? "mult" : "un",
                         wants_multicast ? "un" : "mult");
    }
    case Rejection::kUnknownPeer: return fmt::format("unicast source address {} not a unicast peer", source);
    case Rejection::kOwnAddress: return fmt::format("ignoring an advert from our own address {}", source);
    case Rejection::kPriority: return fmt::format("Dropping packet(s) from {} since we are address owner", source);
  }
  return "unknown";
}

}  // namespace

std::string_view to_string(Rejection rejection) {
  switch (rejection) {
    case Rejection::kLength: return "wrong length";
    case Rejection::kTtl: return "wrong TTL";
    case Rejection::kVersion: return "another VRRP version";
    case Rejection::kType: return "no advertisement";
    case Rejection::kChecksum: return "wrong checksum";
    case Rejection::kAuthenticationType: return "another authentication type";
    case Rejection::kPassword: return "wrong password";
    case Rejection::kInterval: return "another advert interval";
    case Rejection::kDelivery: return "unicast instead of multicast or the reverse";
    case Rejection::kUnknownPeer: return "no unicast peer";
    case Rejection::kOwnAddress: return "our own address";
    case Rejection::kPriority: return "the address owner ignores adverts";
  }
  return "unknown";
}

std::string line_of(const Rejected& rejected, const HeardFrame& frame, const InstanceSpec& spec) {
  return fmt::format("({}) {}", spec.name, text_of(rejected, frame, spec));
}

std::expected<Accepted, Rejected> judge(const HeardFrame& frame, const InstanceSpec& spec,
                                        std::span<const packet::IpAddress> own, bool known_master) {
  if (const auto why = fault_of_envelope(frame, spec)) return std::unexpected{Rejected{*why}};
  if (const auto why = fault_of_message(frame, spec)) return std::unexpected{Rejected{*why}};
  if (const auto why = fault_of_origin(frame, spec, own)) return std::unexpected{Rejected{*why}};

  auto advert = read_message(frame);
  if (!advert) return std::unexpected{Rejected{Rejection::kVersion}};  // all its other errors were found above
  Accepted accepted{.advert = *std::move(advert), .source = frame.source};
  if (!(spec.skips_known_address_lists && known_master)) remark_on_addresses(accepted, spec);
  remark_on_interval(accepted, spec);
  return accepted;
}

}  // namespace penstock::vrrp
