#include <algorithm>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ip_protocol.h"
#include "dataplane/packet/overlay.h"
#include "vrrp/advert_codec.h"
#include "vrrp/advert_header.h"

namespace penstock::vrrp {
namespace {

using packet::overlay;

packet::OnesComplementSum pseudo_header_of(const HeardFrame& frame) {
  const auto length = static_cast<std::uint16_t>(frame.message.size());
  if (frame.source.is_v4()) {
    return packet::pseudo_header(frame.source.v4(), frame.destination.v4(), packet::ip_protocol::kVrrp, length);
  }
  return packet::pseudo_header(frame.source.v6(), frame.destination.v6(), packet::ip_protocol::kVrrp, length);
}

packet::IpAddress address_at(packet::Family family, const std::byte* bytes) {
  if (family == packet::Family::kIpv4) return overlay<packet::Ipv4Address>(bytes);
  return overlay<packet::Ipv6Address>(bytes);
}

}  // namespace

std::string_view to_string(MessageError error) {
  switch (error) {
    case MessageError::kTooShort: return "too short";
    case MessageError::kLength: return "wrong length";
    case MessageError::kVersion: return "unknown version";
    case MessageError::kType: return "no advertisement";
    case MessageError::kChecksum: return "wrong checksum";
  }
  return "unknown";
}

std::optional<std::uint8_t> virtual_router_id_of(std::span<const std::byte> message) {
  constexpr std::size_t kAt = offsetof(AdvertHeader, virtual_router_id);
  if (message.size() <= kAt) return std::nullopt;
  return static_cast<std::uint8_t>(message[kAt]);
}

std::optional<ChecksumForm> checksum_form_of(const HeardFrame& frame) {
  const unsigned version = overlay<AdvertHeader>(frame.message.data()).version();
  if (version != 2) {
    packet::OnesComplementSum sum = pseudo_header_of(frame);
    sum.add(frame.message);
    if (sum.is_intact()) return ChecksumForm::kPseudoHeader;
    if (frame.source.is_v6()) return std::nullopt;
  }
  packet::OnesComplementSum sum;
  sum.add(frame.message);
  if (sum.is_intact()) return ChecksumForm::kMessage;
  return std::nullopt;
}

std::expected<Advert, MessageError> read_message(const HeardFrame& frame) {
  if (frame.message.size() < sizeof(AdvertHeader)) return std::unexpected{MessageError::kTooShort};
  const auto& header = overlay<AdvertHeader>(frame.message.data());
  const packet::Family family = frame.source.family();
  const unsigned version = header.version();
  if (frame.message.size() != message_size(family, version, header.address_count)) {
    return std::unexpected{MessageError::kLength};
  }
  const bool known = version == 3 || (version == 2 && family == packet::Family::kIpv4);
  if (!known) return std::unexpected{MessageError::kVersion};
  if (header.type() != AdvertHeader::kAdvertisement) return std::unexpected{MessageError::kType};
  const auto checksum = checksum_form_of(frame);
  if (!checksum) return std::unexpected{MessageError::kChecksum};

  Advert advert{.family = family,
                .version = static_cast<std::uint8_t>(version),
                .virtual_router_id = header.virtual_router_id,
                .priority = header.priority,
                .interval = std::chrono::milliseconds{header.centiseconds() * 10},
                .checksum = *checksum};
  if (version == 2) {
    advert.interval = std::chrono::seconds{header.seconds()};
    advert.authentication_type = header.authentication_type();
    std::ranges::copy(frame.message.last(kAuthenticationSize), advert.authentication.begin());
  }
  advert.addresses.reserve(header.address_count);
  const std::byte* at = frame.message.data() + sizeof(AdvertHeader);
  for (unsigned i = 0; i < header.address_count; ++i, at += address_size(family)) {
    advert.addresses.push_back(address_at(family, at));
  }
  return advert;
}

}  // namespace penstock::vrrp
