// Netlink messages as values: one to build and send, and a view of the attributes of one that was received.
//
// libnl-3 lays out headers and attributes; this adds ownership and the types that the rest of Penstock uses. Attributes that
// are missing, too short or of an unknown kind read as "not there": the kernel's messages grow with every release.
#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

struct nl_msg;
struct nlattr;

namespace penstock::control {

class Message {
 public:
  // `flags` are NLM_F_*; NLM_F_REQUEST is added. `capacity`: bytes that header and attributes may take together.
  Message(std::uint16_t type, std::uint16_t flags, std::size_t capacity = 512);

  // Appends the fixed header that follows nlmsghdr (ifinfomsg, ifaddrmsg, rtmsg ...), padded as netlink wants it. First, and
  // once.
  template <typename Header>
  Message& header(const Header& fields) {
    append(&fields, sizeof(fields));
    return *this;
  }
  Message& put(int attribute, std::span<const std::byte> value);
  Message& put(int attribute, const packet::IpAddress& address);
  Message& put(int attribute, const packet::MacAddress& mac);
  Message& put_u8(int attribute, std::uint8_t value);
  Message& put_u32(int attribute, std::uint32_t value);
  Message& put_be32(int attribute, std::uint32_t value);  // nf_tables writes its integers in network order
  Message& put_text(int attribute, std::string_view text);
  // Everything that `fill` puts becomes the content of one nested attribute.
  Message& nest(int attribute, const std::function<void(Message&)>& fill);

  // Valid as long as the message and until the next put.
  [[nodiscard]] nlmsghdr& raw();

 private:
  struct Free {
    void operator()(nl_msg* message) const;
  };
  void append(const void* bytes, std::size_t size);
  std::unique_ptr<nl_msg, Free> message_;
};

// The attributes behind a fixed header, or inside a nested attribute; borrows the message's memory.
class Attributes {
 public:
  // `header_size`: of the fixed header between nlmsghdr and the attributes.
  Attributes(const nlmsghdr& message, std::size_t header_size);
  explicit Attributes(const nlattr& nested);

  [[nodiscard]] bool has(int attribute) const { return find(attribute) != nullptr; }
  [[nodiscard]] std::optional<std::uint8_t> u8(int attribute) const;
  [[nodiscard]] std::optional<std::uint32_t> u32(int attribute) const;
  // 4 bytes read as IPv4, 16 as IPv6.
  [[nodiscard]] std::optional<packet::IpAddress> address(int attribute) const;
  // RTA_VIA: an address with its own family in front.
  [[nodiscard]] std::optional<packet::IpAddress> via(int attribute) const;
  [[nodiscard]] std::optional<packet::MacAddress> mac(int attribute) const;
  // Without the terminating zero; empty when missing.
  [[nodiscard]] std::string text(int attribute) const;
  [[nodiscard]] std::optional<Attributes> nested(int attribute) const;

 private:
  static constexpr int kMaxType = 63;  // above every attribute that we read
  [[nodiscard]] const nlattr* find(int attribute) const { return table_.at(static_cast<std::size_t>(attribute)); }
  [[nodiscard]] std::span<const std::uint8_t> bytes(int attribute) const;
  std::array<nlattr*, kMaxType + 1> table_{};
};

// Hands on each message of a datagram, up to the first one whose length can't be. Precondition: `datagram` is aligned for
// nlmsghdr.
void for_each_message(std::span<const std::byte> datagram, const std::function<void(const nlmsghdr&)>& handler);

// The fixed header behind nlmsghdr, copied out; nothing when the message is too short for it.
template <typename Header>
[[nodiscard]] std::optional<Header> fixed_header(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return std::nullopt;
  Header fields;
  __builtin_memcpy(&fields, reinterpret_cast<const std::byte*>(&message) + NLMSG_HDRLEN, sizeof(fields));
  return fields;
}

// AF_INET or AF_INET6.
[[nodiscard]] std::uint8_t address_family(const packet::IpAddress& address);

}  // namespace penstock::control
