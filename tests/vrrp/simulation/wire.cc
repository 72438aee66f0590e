#include "tests/vrrp/simulation/wire.h"

#include <algorithm>

namespace penstock::vrrp::simulation {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kIpv6 = 40;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> frame) : frame_{frame} {}
  [[nodiscard]] std::uint8_t byte(std::size_t at) const {
    return at < frame_.size() ? static_cast<std::uint8_t>(frame_[at]) : 0;
  }
  [[nodiscard]] unsigned word(std::size_t at) const { return static_cast<unsigned>(byte(at)) << 8U | byte(at + 1); }
  [[nodiscard]] packet::MacAddress mac(std::size_t at) const {
    packet::MacAddress mac;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) mac.bytes[i] = byte(at + i);
    return mac;
  }

 private:
  std::span<const std::byte> frame_;
};

// RFC 3768 section 5.1, RFC 9568 section 5.2.
void read_advert(const Reader& read, std::size_t at, Wire& wire) {
  wire.kind = Wire::Kind::kAdvert;
  wire.instance = static_cast<std::uint8_t>(read.byte(at + 1) - kFirstVirtualRouter);
  wire.priority = read.byte(at + 2);
  const bool version3 = read.byte(at) >> 4U == 3;
  wire.interval = version3 ? std::chrono::milliseconds{(read.word(at + 4) & 0xfffU) * 10}
                           : std::chrono::nanoseconds{std::chrono::seconds{read.byte(at + 5)}};
}

void read_announcement(const Reader& read, std::size_t address_at, std::size_t mac_at, Wire& wire) {
  wire.kind = Wire::Kind::kAnnouncement;
  wire.instance = static_cast<std::uint8_t>(read.byte(address_at) / kAddressesEach);
  wire.address = static_cast<std::uint8_t>(read.byte(address_at) % kAddressesEach);
  wire.mac = read.mac(mac_at);
}

}  // namespace

Wire read_wire(std::span<const std::byte> frame) {
  const Reader read{frame};
  Wire wire;
  const bool multicast = (read.byte(0) & 1U) != 0;
  switch (read.word(12)) {
    case 0x0800:
      if (read.byte(23) != 112) break;
      read_advert(read, kEthernet + kIpv4, wire);
      wire.source = read.byte(29);
      if (!multicast) wire.only_to = read.byte(33);
      break;
    case 0x0806: read_announcement(read, 31, 22, wire); break;
    case 0x86dd:
      if (read.byte(20) == 112) {
        read_advert(read, kEthernet + kIpv6, wire);
        wire.source = read.byte(37);
        if (!multicast) wire.only_to = read.byte(53);
      } else if (read.byte(20) == 58) {
        read_announcement(read, 77, 80, wire);
      }
      break;
    default: break;
  }
  return wire;
}

}  // namespace penstock::vrrp::simulation
