// Ethernet frames for tests, and a packet socket to see and send them on an interface.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control::test {

using Frame = std::vector<std::uint8_t>;

// One byte at a time: GCC 12 warns without reason about inserting ranges into a vector whose size it believes to know.
inline void append(Frame& frame, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) frame.push_back(byte);
}
inline void append(Frame& frame, std::initializer_list<std::uint8_t> bytes) {
  append(frame, std::span{bytes.begin(), bytes.size()});
}
inline void append(Frame& frame, packet::Ipv4Address address) {
  const std::uint32_t host = address.value();
  for (unsigned shift = 32; shift > 0; shift -= 8) frame.push_back(static_cast<std::uint8_t>(host >> (shift - 8)));
}

inline constexpr std::uint8_t kArpRequest = 1;
inline constexpr std::uint8_t kArpReply = 2;

// An ARP packet about IPv4 over Ethernet (RFC 826), broadcast when it is a request.
inline Frame arp(std::uint8_t operation, const packet::MacAddress& from, packet::Ipv4Address sender,
                 const packet::MacAddress& to, packet::Ipv4Address target) {
  Frame frame;
  append(frame, operation == kArpRequest ? packet::kBroadcastMac.bytes : to.bytes);
  append(frame, from.bytes);
  append(frame, {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation});
  append(frame, from.bytes);
  append(frame, sender);
  append(frame, to.bytes);
  append(frame, target);
  return frame;
}

inline std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

inline void set_checksum(Frame& frame, std::size_t begin, std::size_t end, std::size_t at) {
  const std::uint16_t sum = internet_checksum(std::span{frame}.subspan(begin, end - begin));
  frame[at] = static_cast<std::uint8_t>(sum >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(sum);
}

// ICMP echo request (type 8) or reply (0) with id 0x1234, sequence 1 and eight bytes of data.
inline Frame icmp_echo(std::uint8_t type, const packet::MacAddress& from, packet::Ipv4Address source,
                       const packet::MacAddress& to, packet::Ipv4Address destination) {
  Frame frame;
  append(frame, to.bytes);
  append(frame, from.bytes);
  append(frame, {0x08, 0x00, 0x45, 0, 0, 36, 0, 1, 0x40, 0, 64, 1, 0, 0});
  append(frame, source);
  append(frame, destination);
  set_checksum(frame, 14, 34, 24);
  append(frame, {type, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'e', 'n', 's', 't', 'o', 'c', 'k'});
  set_checksum(frame, 34, frame.size(), 36);
  return frame;
}

// Sees every frame of one interface, as net_af_packet does, in the namespace in which it was made.
class PacketSocket {
 public:
  explicit PacketSocket(const char* interface)
      : fd_{socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL))} {
    sockaddr_ll place{};
    place.sll_family = AF_PACKET;
    place.sll_protocol = htons(ETH_P_ALL);
    place.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&place), sizeof(place)), 0);
  }
  ~PacketSocket() { close(fd_); }
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void send(const Frame& frame) const { EXPECT_EQ(write(fd_, frame.data(), frame.size()), static_cast<ssize_t>(frame.size())); }
  // True once this frame has been received; others are remembered for later questions.
  bool has_received(const Frame& wanted) {
    std::array<std::uint8_t, 2048> room;
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    for (ssize_t size = 0;
         (size = recvfrom(fd_, room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &length)) > 0;) {
      if (from.sll_pkttype != PACKET_OUTGOING) seen_.emplace_back(room.begin(), room.begin() + size);
    }
    return std::ranges::any_of(seen_, [&](const Frame& frame) {
      return frame.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), frame.begin());  // may be padded
    });
  }

 private:
  int fd_;
  std::vector<Frame> seen_;
};

}  // namespace penstock::control::test
