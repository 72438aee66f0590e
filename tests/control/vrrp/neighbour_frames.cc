#include "tests/control/vrrp/neighbour_frames.h"

#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

constexpr packet::MacAddress kOther{{0x02, 0, 0, 0, 0, 0x66}};

Bytes input_of(const PacketBuilder& builder) {
  const Bytes frame = builder.build();
  Bytes input{std::byte{1}, static_cast<std::byte>(frame.size())};
  append(input, frame);
  return input;
}

// `options`: behind the target.
PacketBuilder advertisement(const char* destination, const char* target, std::uint32_t flags, const Bytes& options) {
  Bytes rest = bytes_of(v6(target));
  append(rest, options);
  return PacketBuilder{}
      .ethernet(kOther, kDirectorMac)
      .ipv6("fd77::66", destination)
      .ttl(255)
      .icmp(packet::icmpv6_type::kNeighbourAdvertisement, 0, flags)
      .payload(rest);
}

}  // namespace

std::vector<Bytes> neighbour_inputs() {
  const Bytes target_option = from_hex("02 01 02 00 00 00 00 66");
  constexpr std::uint32_t kOverride = packet::NeighbourMessage::kOverride;
  constexpr std::uint32_t kSolicited = packet::NeighbourMessage::kSolicited;
  return {input_of(PacketBuilder{}.arp(1, kOther, "192.168.1.200", {}, "192.168.1.200").pad_to(60)),
          input_of(PacketBuilder{}.arp(2, kOther, "192.168.1.200", kDirectorMac, "192.168.1.9")),
          input_of(PacketBuilder{}.arp(1, kOther, "0.0.0.0", {}, "192.168.1.200")),
          input_of(PacketBuilder{}.arp(2, kDirectorMac, "192.168.1.200", kOther, "192.168.1.66")),
          input_of(advertisement("ff02::1", "fd77::100", kOverride, target_option)),
          input_of(advertisement("ff02::1", "fd77::100", kOverride | kSolicited, target_option)),
          input_of(advertisement("fd77::9", "fd77::100", kSolicited, target_option)),
          input_of(advertisement("fd77::9", "fd77::100", kSolicited, {})),
          input_of(advertisement("fd77::9", "fd77::100", 0, from_hex("0e 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00"))),
          input_of(advertisement("fd77::9", "fd77::100", 0, from_hex("02 00 02 00 00 00 00 66"))),
          input_of(PacketBuilder{}.ipv6("fd77::66", "ff02::1:ff00:100").neighbour_solicitation("fd77::100", kOther))};
}

}  // namespace penstock::test
