#include "sync/message_writer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "dataplane/packet/overlay.h"
#include "sync/wire.h"

namespace penstock::sync {
namespace {

using packet::overlay;

std::size_t size_of(const Entry& entry) {
  std::size_t size = wire::fixed_size(entry.client.address.family());
  if (entry.shifts) size += sizeof(wire::Option) + sizeof(wire::Shifts);
  if (!entry.engine_data.empty()) size += sizeof(wire::Option) + entry.engine_data.size();
  if (!entry.engine_name.empty()) size += sizeof(wire::Option) + entry.engine_name.size();
  return size;
}

// Both promises that bytes can't keep if the caller breaks them.
bool is_writable(const Entry& entry) {
  const packet::Family family = entry.client.address.family();
  return entry.virtual_server.address.family() == family && entry.real_server.address.family() == family &&
         entry.engine_data.size() <= kMaxEngineData && entry.engine_name.size() <= kMaxEngineName;
}

std::byte* write(std::byte* to, const packet::IpAddress& address) {
  if (address.is_v4()) {
    overlay<packet::Ipv4Address>(to) = address.v4();
  } else {
    overlay<packet::Ipv6Address>(to) = address.v6();
  }
  return to + wire::address_size(address.family());
}

std::byte* write(std::byte* to, std::uint8_t type, std::string_view data) {
  if (data.empty()) return to;
  overlay<wire::Option>(to) = {type, static_cast<std::uint8_t>(data.size())};
  to += sizeof(wire::Option);
  std::memcpy(to, data.data(), data.size());
  return to + data.size();
}

wire::Shift on_wire(const SequenceShift& shift) {
  using packet::Be32;
  return {Be32{shift.first_sequence}, Be32{shift.delta}, Be32{shift.previous_delta}};
}

std::byte* write(std::byte* to, const SequenceShifts& shifts) {
  overlay<wire::Option>(to) = {wire::Option::kSequences, sizeof(wire::Shifts)};
  to += sizeof(wire::Option);
  overlay<wire::Shifts>(to) = {on_wire(shifts.input), on_wire(shifts.output)};
  return to + sizeof(wire::Shifts);
}

wire::EntryHead head_of(const Entry& entry, std::size_t size) {
  using packet::Be16;
  using packet::Be32;
  const bool is_v4 = entry.client.address.is_v4();
  return {.type = is_v4 ? wire::EntryHead::kIpv4 : wire::EntryHead::kIpv6,
          .protocol = entry.protocol,
          .version_size = Be16{static_cast<std::uint16_t>(size)},
          .flags = Be32{entry.flags},
          .state = Be16{entry.state},
          .client_port = Be16{entry.client.port},
          .virtual_port = Be16{entry.virtual_server.port},
          .server_port = Be16{entry.real_server.port},
          .firewall_mark = Be32{entry.firewall_mark},
          .timeout = Be32{static_cast<std::uint32_t>(entry.timeout.count())}};
}

// `size` bytes.
void write_entry(std::byte* to, const Entry& entry, std::size_t size) {
  overlay<wire::EntryHead>(to) = head_of(entry, size);
  to += sizeof(wire::EntryHead);
  to = write(to, entry.client.address);
  to = write(to, entry.virtual_server.address);
  to = write(to, entry.real_server.address);
  if (entry.shifts) to = write(to, *entry.shifts);
  to = write(to, wire::Option::kEngineData, entry.engine_data);
  write(to, wire::Option::kEngineName, entry.engine_name);
}

}  // namespace

MessageWriter::MessageWriter(std::size_t maxlen, std::uint8_t syncid) : maxlen_{maxlen}, syncid_{syncid} { begin(); }

void MessageWriter::begin() {
  entry_count_ = 0;
  bytes_.reserve(maxlen_);
  bytes_.assign(sizeof(wire::Header), std::byte{0});
}

bool MessageWriter::add(const Entry& entry) {
  if (!is_writable(entry)) std::abort();
  const std::size_t at = (bytes_.size() + wire::kAlignment - 1) / wire::kAlignment * wire::kAlignment;
  const std::size_t size = size_of(entry);
  if (!is_empty() && (at + size > maxlen_ || entry_count_ == kMaxEntries)) return false;
  bytes_.resize(at + size);
  write_entry(bytes_.data() + at, entry, size);
  ++entry_count_;
  return true;
}

std::vector<std::byte> MessageWriter::take() {
  auto& header = overlay<wire::Header>(bytes_.data());
  header.syncid = syncid_;
  header.size.set(static_cast<std::uint16_t>(bytes_.size()));
  header.entry_count = static_cast<std::uint8_t>(entry_count_);
  header.version = wire::kVersion;
  std::vector<std::byte> message = std::exchange(bytes_, {});
  begin();
  return message;
}

}  // namespace penstock::sync
