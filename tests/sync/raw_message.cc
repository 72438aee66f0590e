#include "tests/sync/raw_message.h"

#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

void put(Bytes& to, std::uint64_t value, std::size_t size) {
  while (size-- > 0) to.push_back(static_cast<std::byte>(value >> (8 * size)));
}

packet::Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return {packet::IpAddress::parse(address).value(), port};
}

Bytes bytes_of(const RawEntry& entry) {
  Bytes tail = from_hex(entry.addresses);
  for (const std::string& option : entry.options) append(tail, from_hex(option));
  Bytes bytes;
  put(bytes, entry.type, 1);
  put(bytes, entry.protocol, 1);
  put(bytes, std::uint64_t{entry.version} << 12 | entry.size.value_or(static_cast<std::uint16_t>(24 + tail.size())), 2);
  put(bytes, entry.flags, 4);
  put(bytes, entry.state, 2);
  put(bytes, entry.client_port, 2);
  put(bytes, 80, 2);
  put(bytes, 80, 2);
  put(bytes, 0, 4);
  put(bytes, 900, 4);
  append(bytes, tail);
  return bytes;
}

Bytes bytes_of(const RawEntry0& entry) {
  Bytes bytes;
  put(bytes, entry.protocol, 2);
  put(bytes, 40001, 2);
  put(bytes, 80, 2);
  put(bytes, 80, 2);
  append(bytes, from_hex(RawEntry{}.addresses));
  put(bytes, entry.flags, 2);
  put(bytes, entry.state, 2);
  append(bytes, from_hex(entry.shifts));
  return bytes;
}

// The size in a header, at 2 in both versions, once all is there.
Bytes finished(Bytes bytes, std::size_t cut, std::string_view more, std::optional<std::uint16_t> size) {
  bytes.resize(bytes.size() - cut);
  append(bytes, from_hex(more));
  if (bytes.size() >= 4) write_be16(bytes, 2, size.value_or(static_cast<std::uint16_t>(bytes.size())));
  return bytes;
}

}  // namespace

RawEntry raw_ipv6() {
  RawEntry entry;
  entry.type = 1;
  entry.addresses =
      "fd770000000000000000000000000010"
      "fd770000000000000000000000000100"
      "fd770000000000000000000000000022";
  return entry;
}

sync::Entry plain_entry() {
  sync::Entry entry;
  entry.client = endpoint("10.77.0.10", 40001);
  entry.virtual_server = endpoint("10.77.0.100", 80);
  entry.real_server = endpoint("10.77.0.22", 80);
  entry.flags = 0x83;
  entry.timeout = std::chrono::seconds{900};
  entry.state = 1;
  entry.protocol = 6;
  return entry;
}

sync::Entry plain_entry_ipv6() {
  sync::Entry entry = plain_entry();
  entry.client = endpoint("fd77::10", 40001);
  entry.virtual_server = endpoint("fd77::100", 80);
  entry.real_server = endpoint("fd77::22", 80);
  return entry;
}

Bytes bytes_of(const RawMessage& message) {
  Bytes bytes;
  put(bytes, message.reserved, 1);
  put(bytes, message.syncid, 1);
  put(bytes, 0, 2);
  put(bytes, message.count.value_or(static_cast<std::uint8_t>(message.entries.size())), 1);
  put(bytes, message.version, 1);
  put(bytes, message.spare, 2);
  for (const RawEntry& entry : message.entries) {
    while (bytes.size() % 4 != 0) bytes.push_back(std::byte{0});
    append(bytes, bytes_of(entry));
  }
  return finished(std::move(bytes), message.cut, message.more, message.size);
}

Bytes bytes_of(const RawMessage0& message) {
  Bytes bytes;
  put(bytes, message.count.value_or(static_cast<std::uint8_t>(message.entries.size())), 1);
  put(bytes, message.syncid, 1);
  put(bytes, 0, 2);
  for (const RawEntry0& entry : message.entries) append(bytes, bytes_of(entry));
  return finished(std::move(bytes), message.cut, message.more, std::nullopt);
}

}  // namespace penstock::test
