// The sockets that connection sync is spoken by: datagrams to a multicast group on one interface, and those that come from it.
//
// The interface is the host's: for a port of ours that is its TAP. What we send doesn't come back to us. Set up as the kernel's
// own: net/netfilter/ipvs/ip_vs_sync.c, make_send_sock and make_receive_sock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "dataplane/packet/ip_address.h"

namespace penstock::control {

class SyncSocket {
 public:
  struct Address {
    std::string interface{};
    packet::IpAddress group{};
    std::uint16_t port = 0;
    std::uint8_t ttl = 1;
  };

  // The error is a sentence for the operator.
  [[nodiscard]] static std::expected<SyncSocket, std::string> open(const Address& address);
  SyncSocket(SyncSocket&& other) noexcept;
  SyncSocket& operator=(SyncSocket&& other) noexcept;
  ~SyncSocket();

  // What to wait for before receive().
  [[nodiscard]] int receive_fd() const { return receive_; }
  // One datagram; nothing when there is none. Its bytes are good until the next call.
  [[nodiscard]] std::optional<std::span<const std::byte>> receive();

  enum class Sent : std::uint8_t { kYes, kBusy, kFailed };
  // kBusy: the interface takes no more now; the same datagram may be tried later.
  [[nodiscard]] Sent send(std::span<const std::byte> datagram);
  [[nodiscard]] int last_error() const { return error_; }

 private:
  SyncSocket() = default;

  int send_ = -1;
  int receive_ = -1;
  int error_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace penstock::control
