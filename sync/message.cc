#include "sync/message.h"

#include <algorithm>

#include "dataplane/packet/overlay.h"
#include "sync/wire.h"

namespace penstock::sync {
namespace {

using packet::overlay;

packet::IpAddress address_at(packet::Family family, const std::byte* bytes) {
  if (family == packet::Family::kIpv4) return overlay<packet::Ipv4Address>(bytes);
  return overlay<packet::Ipv6Address>(bytes);
}

// The kernel's checks of a connection's meaning; it looks at nothing of a template's.
std::optional<Refusal> refusal_of_meaning(const Entry& entry) {
  if (!entry.is_template()) {
    const std::uint16_t states = state_count_of(entry.protocol);
    if (states == 0) return Refusal::kProtocolUnsupported;
    if (entry.state >= states) return Refusal::kStateOutOfRange;
  }
  if (!entry.engine_data.empty() && entry.engine_name.empty()) return Refusal::kEngineUnnamed;
  return std::nullopt;
}

SequenceShift shift_of(const wire::Shift& shift) {
  return {shift.first_sequence.value(), shift.delta.value(), shift.previous_delta.value()};
}

// Version 0 sends what stands in the sender's memory, and the kernel takes it as its own: little-endian, as we are.
SequenceShift own_order_shift_of(const wire::Shift& shift) {
  return {shift.first_sequence.raw(), shift.delta.raw(), shift.previous_delta.raw()};
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class OptionReader {
 public:
  explicit OptionReader(std::span<const std::byte> options) : rest_{options} {}

  // Into `entry`. Nothing: they are all well.
  [[nodiscard]] std::optional<Refusal> read(Entry& entry) {
    while (!rest_.empty()) {
      if (const auto refusal = read_one(entry)) return refusal;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<Refusal> read_one(Entry& entry) {
    if (rest_.size() < sizeof(wire::Option)) return Refusal::kOptionTruncated;
    const auto& option = overlay<wire::Option>(rest_.data());
    rest_ = rest_.subspan(sizeof(wire::Option));
    if (option.length == 0 || option.length > rest_.size()) return Refusal::kOptionLength;
    const auto data = rest_.first(option.length);
    rest_ = rest_.subspan(option.length);

    switch (option.type & ~unsigned{wire::Option::kMayBeSkipped}) {
      case wire::Option::kSequences: return read_shifts(data, entry);
      case wire::Option::kEngineData: return read_text(data, kMaxEngineData, entry.engine_data);
      case wire::Option::kEngineName: return read_text(data, kMaxEngineName, entry.engine_name);
      default: break;
    }
    if ((option.type & wire::Option::kMayBeSkipped) == 0) return Refusal::kOptionUnknown;
    return std::nullopt;
  }

  [[nodiscard]] static std::optional<Refusal> read_shifts(std::span<const std::byte> data, Entry& entry) {
    if (data.size() != sizeof(wire::Shifts)) return Refusal::kOptionLength;
    if (entry.shifts) return Refusal::kOptionRepeated;
    const auto& shifts = overlay<wire::Shifts>(data.data());
    entry.shifts = SequenceShifts{shift_of(shifts.input), shift_of(shifts.output)};
    return std::nullopt;
  }

  [[nodiscard]] static std::optional<Refusal> read_text(std::span<const std::byte> data, std::size_t most,
                                                        std::string_view& text) {
    if (data.size() > most) return Refusal::kOptionLength;
    if (!text.empty()) return Refusal::kOptionRepeated;
    text = text_of(data);
    return std::nullopt;
  }

  std::span<const std::byte> rest_;
};

Entry fixed_part_of(const wire::EntryHead& head, packet::Family family) {
  const auto* address = reinterpret_cast<const std::byte*>(&head + 1);
  const std::size_t size = wire::address_size(family);
  Entry entry;
  entry.client = {address_at(family, address), head.client_port.value()};
  entry.virtual_server = {address_at(family, address + size), head.virtual_port.value()};
  entry.real_server = {address_at(family, address + 2 * size), head.server_port.value()};
  entry.flags = head.flags.value();
  entry.firewall_mark = head.firewall_mark.value();
  entry.timeout = std::chrono::seconds{head.timeout.value()};
  entry.state = head.state.value();
  entry.protocol = head.protocol;
  return entry;
}

std::optional<Note> note_of(const wire::Header& header) {
  const unsigned spare = header.spare.value();
  if (spare >> 8 != kNoteMark || header.entry_count != 0 || header.size.value() != kNoteSize) return std::nullopt;
  const auto* note = std::ranges::find(kNotes, static_cast<Note>(spare & 0xffU));
  if (note == kNotes.end()) return std::nullopt;
  return *note;
}

}  // namespace

std::expected<Message, Refusal> read_message(std::span<const std::byte> datagram) {
  if (datagram.size() < sizeof(wire::Header0)) return std::unexpected{Refusal::kHeaderTruncated};
  const auto& header0 = overlay<wire::Header0>(datagram.data());
  if (header0.size.value() != datagram.size()) return std::unexpected{Refusal::kSizeMismatch};
  Message message;
  message.syncid_ = header0.syncid;
  if (header0.entry_count != 0) {
    message.version_ = 0;
    message.entry_count_ = header0.entry_count;
    message.rest_ = datagram.subspan(sizeof(wire::Header0));
  } else {
    if (datagram.size() < sizeof(wire::Header)) return std::unexpected{Refusal::kHeaderTruncated};
    const auto& header = overlay<wire::Header>(datagram.data());
    if (header.version != wire::kVersion) return std::unexpected{Refusal::kUnknownVersion};
    if (header.spare.value() != 0) {
      message.note_ = note_of(header);
      if (!message.note_) return std::unexpected{Refusal::kUnknownNote};
    }
    message.entry_count_ = header.entry_count;
    message.rest_ = datagram.subspan(sizeof(wire::Header));
  }
  message.left_ = message.entry_count_;
  return message;
}

std::optional<std::expected<Entry, Refusal>> Message::next() {
  if (left_ == 0) {
    if (rest_.empty()) return std::nullopt;
    rest_ = {};
    return std::unexpected{Refusal::kTrailingBytes};
  }
  --left_;
  Judged judged = version_ == 0 ? next_of_version0() : next_of_version1();
  if (!judged && scope_of(judged.error()) == RefusalScope::kDatagram) {
    left_ = 0;
    rest_ = {};
  }
  return judged;
}

Message::Judged Message::next_of_version1() {
  if (rest_.size() < wire::fixed_size(packet::Family::kIpv4)) return std::unexpected{Refusal::kEntryTruncated};
  const auto& head = overlay<wire::EntryHead>(rest_.data());
  const std::size_t size = head.size();
  if (size > rest_.size()) return std::unexpected{Refusal::kEntryPastEnd};
  if (head.version() != 0) return std::unexpected{Refusal::kEntryVersion};
  if (head.type != wire::EntryHead::kIpv4 && head.type != wire::EntryHead::kIpv6) return std::unexpected{Refusal::kEntryType};
  const auto family = head.type == wire::EntryHead::kIpv4 ? packet::Family::kIpv4 : packet::Family::kIpv6;
  const std::size_t fixed = wire::fixed_size(family);
  if (size < fixed) return std::unexpected{Refusal::kEntryTooShort};

  const auto options = rest_.subspan(fixed, size - fixed);
  const std::size_t padded = (size + wire::kAlignment - 1) / wire::kAlignment * wire::kAlignment;
  rest_ = rest_.subspan(std::min(padded, rest_.size()));
  Entry entry = fixed_part_of(head, family);
  if (const auto refusal = OptionReader{options}.read(entry)) return std::unexpected{*refusal};
  if (const auto refusal = refusal_of_meaning(entry)) return std::unexpected{*refusal};
  return entry;
}

Message::Judged Message::next_of_version0() {
  if (rest_.size() < sizeof(wire::Entry0)) return std::unexpected{Refusal::kEntryTruncated};
  const auto& read = overlay<wire::Entry0>(rest_.data());
  rest_ = rest_.subspan(sizeof(wire::Entry0));
  Entry entry;
  entry.client = {read.client, read.client_port.value()};
  entry.virtual_server = {read.virtual_address, read.virtual_port.value()};
  entry.real_server = {read.server, read.server_port.value()};
  entry.flags = read.flags.value();
  entry.state = read.state.value();
  entry.protocol = read.protocol;
  if ((entry.flags & flag::kSequenceMask) != 0) {
    if (rest_.size() < sizeof(wire::Shifts)) return std::unexpected{Refusal::kEntryTruncated};
    const auto& shifts = overlay<wire::Shifts>(rest_.data());
    rest_ = rest_.subspan(sizeof(wire::Shifts));
    entry.shifts = SequenceShifts{own_order_shift_of(shifts.input), own_order_shift_of(shifts.output)};
  }
  if (const auto refusal = refusal_of_meaning(entry)) return std::unexpected{*refusal};
  return entry;
}

}  // namespace penstock::sync
