#include "tests/vrrp/simulation/attacker.h"

#include "tests/vrrp/simulation/wire.h"
#include "vrrp/advert_codec.h"

namespace penstock::vrrp::simulation {
namespace {

constexpr std::size_t kIpv4Message = 34;
constexpr std::size_t kIpv6Message = 54;
constexpr std::size_t kSomebodyElse = 200;  // no router's number

}  // namespace

std::vector<std::byte> Attacker::frame_for(std::size_t router) {
  enum Trick {
    kTtl,
    kChecksum,
    kShort,
    kLong,
    kVersion,
    kType,
    kForeign,
    kOwnAddress,
    kDelivery,
    kPassword,
    kNoPassword,
    kInterval
  };
  const bool is_v4 = scenario_.family == packet::Family::kIpv4;
  const bool version2 = scenario_.version == 2;
  // The last ones are version 2's only, and the passwords those of a group that has one.
  const auto trick = static_cast<Trick>(random_.below(scenario_.password ? 12U : 9U));
  const bool unicast = scenario_.unicast != (trick == kDelivery);
  Advert advert{.family = scenario_.family,
                .version = scenario_.version,
                .virtual_router_id = static_cast<std::uint8_t>(kFirstVirtualRouter + random_.below(scenario_.instances)),
                .priority = static_cast<std::uint8_t>(random_.percent(30) ? 0 : 255),
                .interval = scenario_.least_interval};
  if (trick == kForeign) advert.virtual_router_id = static_cast<std::uint8_t>(random_.between(100, 255));
  if (trick == kInterval) advert.interval *= 3;
  if (version2 && scenario_.password && trick != kNoPassword) {
    advert.authentication_type = 1;
    advert.authentication = authentication_of(trick == kPassword ? "passwore" : "password");
  }
  if (!is_v4 || (!version2 && scenario_.pseudo_header)) advert.checksum = ChecksumForm::kPseudoHeader;
  Envelope envelope{.source_mac = mac_of(kSomebodyElse),
                    .source = address_of(scenario_.family, trick == kOwnAddress ? router : kSomebodyElse),
                    .ttl = static_cast<std::uint8_t>(trick == kTtl ? 254 : 255)};
  if (scenario_.unicast && trick != kOwnAddress)
    envelope.source = address_of(scenario_.family, (router + 1) % scenario_.routers);
  if (scenario_.unicast && trick == kTtl) envelope.source = address_of(scenario_.family, kSomebodyElse);  // no peer
  envelope.destination =
      unicast ? address_of(scenario_.family, router) : packet::IpAddress::parse(is_v4 ? "224.0.0.18" : "ff02::12").value();
  if (!unicast) envelope.destination_mac = multicast_mac_of(envelope.destination);
  std::vector<std::byte> frame = advert_frame(advert, envelope);
  const std::size_t message = is_v4 ? kIpv4Message : kIpv6Message;
  switch (trick) {
    case kChecksum: frame[message + 6] ^= std::byte{0x55}; break;
    case kShort: frame.resize(message + random_.below(frame.size() - message)); break;
    case kLong: frame[message + 3] = std::byte{7}; break;
    case kVersion: frame[message] = std::byte{0x41}; break;
    case kType: frame[message] |= std::byte{0x0f}; break;
    default: break;
  }
  return frame;
}

Nanoseconds Attacker::pause() {
  const Nanoseconds interval = scenario_.least_interval;
  return random_.between(interval / 4, interval * 8);
}

}  // namespace penstock::vrrp::simulation
