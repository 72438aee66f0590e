// The sockets that connection sync is spoken by: datagrams to a multicast group on one interface, and those that come from it.
//
// The interface is the host's: for a port of ours that is its TAP. What we send doesn't come back to us. Set up as the kernel's
// own: net/netfilter/ipvs/ip_vs_sync.c, make_send_sock and make_receive_sock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/loop/descriptor.h"
#include "control/tap/multicast_membership.h"
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

  // The interface is no more, or another one has its name: nothing will come, and nothing goes.
  [[nodiscard]] bool is_stale() const;

  // What to wait for before receive().
  [[nodiscard]] int receive_fd() const { return receive_.get(); }
  // One datagram; nothing when there is none. Its bytes are good until the next call.
  [[nodiscard]] std::optional<std::span<const std::byte>> receive();

  enum class Sent : std::uint8_t { kYes, kBusy, kFailed };
  // kBusy: the interface takes no more now; the same datagram may be tried later.
  [[nodiscard]] Sent send(std::span<const std::byte> datagram);

 private:
  SyncSocket(std::string name, unsigned interface, MulticastMembership membership, int family);

  std::string name_;
  unsigned interface_;
  MulticastMembership membership_;
  Descriptor send_;
  Descriptor receive_;
  std::vector<std::byte> buffer_;
};

}  // namespace penstock::control
