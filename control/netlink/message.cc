#include "control/netlink/message.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace penstock::control {
namespace {

std::span<const std::uint8_t> wire_bytes(const packet::IpAddress& address, std::array<std::uint8_t, 16>& room) {
  if (address.is_v6()) {
    room = address.v6().bytes;
    return room;
  }
  const packet::Ipv4Address v4 = address.v4();
  __builtin_memcpy(room.data(), &v4, sizeof(v4));
  return std::span{room}.first(sizeof(v4));
}

std::optional<packet::IpAddress> from_wire_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == sizeof(packet::Ipv4Address)) {
    packet::Ipv4Address v4;
    __builtin_memcpy(&v4, bytes.data(), sizeof(v4));
    return packet::IpAddress{v4};
  }
  packet::Ipv6Address v6;
  if (bytes.size() != v6.bytes.size()) return std::nullopt;
  std::ranges::copy(bytes, v6.bytes.begin());
  return packet::IpAddress{v6};
}

// Our own messages are far smaller than their capacity: running out of it is a mistake in this program.
void require_room(bool enough) {
  if (!enough) std::abort();
}

}  // namespace

void for_each_message(std::span<const std::byte> datagram, const std::function<void(const nlmsghdr&)>& handler) {
  int left = static_cast<int>(datagram.size());
  auto* message = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(datagram.data()));
  for (; nlmsg_ok(message, left) != 0; message = nlmsg_next(message, &left)) handler(*message);
}

std::uint8_t address_family(const packet::IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

void Message::Free::operator()(nl_msg* message) const { nlmsg_free(message); }

Message::Message(std::uint16_t type, std::uint16_t flags, std::size_t capacity) : message_{nlmsg_alloc_size(capacity)} {
  if (message_ == nullptr) throw std::bad_alloc{};
  require_room(nlmsg_put(message_.get(), 0, 0, type, 0, flags | NLM_F_REQUEST) != nullptr);
}

void Message::append(const void* bytes, std::size_t size) {
  require_room(nlmsg_append(message_.get(), const_cast<void*>(bytes), size, NLMSG_ALIGNTO) == 0);
}

Message& Message::put(int attribute, std::span<const std::byte> value) {
  require_room(nla_put(message_.get(), attribute, static_cast<int>(value.size()), value.data()) == 0);
  return *this;
}

Message& Message::put(int attribute, const packet::IpAddress& address) {
  std::array<std::uint8_t, 16> room;
  return put(attribute, std::as_bytes(wire_bytes(address, room)));
}

Message& Message::put(int attribute, const packet::MacAddress& mac) {
  return put(attribute, std::as_bytes(std::span{mac.bytes}));
}

Message& Message::put_u8(int attribute, std::uint8_t value) { return put(attribute, std::as_bytes(std::span{&value, 1})); }
Message& Message::put_u32(int attribute, std::uint32_t value) { return put(attribute, std::as_bytes(std::span{&value, 1})); }
Message& Message::put_be32(int attribute, std::uint32_t value) { return put_u32(attribute, htonl(value)); }

Message& Message::put_text(int attribute, std::string_view text) {
  require_room(nla_put_string(message_.get(), attribute, std::string{text}.c_str()) == 0);
  return *this;
}

Message& Message::nest(int attribute, const std::function<void(Message&)>& fill) {
  nlattr* start = nla_nest_start(message_.get(), attribute);
  require_room(start != nullptr);
  fill(*this);
  require_room(nla_nest_end(message_.get(), start) == 0);
  return *this;
}

nlmsghdr& Message::raw() { return *nlmsg_hdr(message_.get()); }

Attributes::Attributes(const nlmsghdr& message, std::size_t header_size) {
  // nlmsg_parse refuses a message shorter than its fixed header; the table stays empty then.
  nlmsg_parse(const_cast<nlmsghdr*>(&message), static_cast<int>(header_size), table_.data(), kMaxType, nullptr);
}

Attributes::Attributes(const nlattr& nested) {
  nla_parse_nested(table_.data(), kMaxType, const_cast<nlattr*>(&nested), nullptr);
}

std::span<const std::uint8_t> Attributes::bytes(int attribute) const {
  const nlattr* found = find(attribute);
  if (found == nullptr) return {};
  return {static_cast<const std::uint8_t*>(nla_data(found)), static_cast<std::size_t>(nla_len(found))};
}

std::optional<std::uint8_t> Attributes::u8(int attribute) const {
  const auto value = bytes(attribute);
  if (value.empty()) return std::nullopt;
  return value[0];
}

std::optional<std::uint32_t> Attributes::u32(int attribute) const {
  const auto value = bytes(attribute);
  std::uint32_t number = 0;
  if (value.size() < sizeof(number)) return std::nullopt;
  __builtin_memcpy(&number, value.data(), sizeof(number));
  return number;
}

std::optional<packet::IpAddress> Attributes::address(int attribute) const { return from_wire_bytes(bytes(attribute)); }

std::optional<packet::IpAddress> Attributes::via(int attribute) const {
  const auto value = bytes(attribute);
  if (value.size() < sizeof(rtvia)) return std::nullopt;
  return from_wire_bytes(value.subspan(sizeof(rtvia)));
}

std::optional<packet::MacAddress> Attributes::mac(int attribute) const {
  const auto value = bytes(attribute);
  packet::MacAddress mac;
  if (value.size() != mac.bytes.size()) return std::nullopt;
  std::ranges::copy(value, mac.bytes.begin());
  return mac;
}

std::string Attributes::text(int attribute) const {
  const auto value = bytes(attribute);
  const auto end = std::ranges::find(value, std::uint8_t{0});
  return {value.begin(), end};
}

std::optional<Attributes> Attributes::nested(int attribute) const {
  const nlattr* found = find(attribute);
  if (found == nullptr) return std::nullopt;
  return Attributes{*found};
}

}  // namespace penstock::control
