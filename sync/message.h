// Sync datagrams (UDP 8848) from bytes: the kernel's versions 1 and 0, and our own notes.
//
// Read as the kernel reads them (Linux net/netfilter/ipvs/ip_vs_sync.c), entry by entry, so that entries in front of a bad
// point are used and those behind it are not. Stricter in what no sender does: bits of a type that have no meaning, and bytes
// behind the last entry. Nothing is allocated, and no length is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "sync/entry.h"
#include "sync/note.h"
#include "sync/refusal.h"

namespace penstock::sync {

// A datagram whose header could be read, and the way through its entries. The datagram must outlive it.
//
//     auto message = read_message(datagram);
//     if (!message) ...count message.error()
//     while (auto entry = message->next()) {
//       if (!*entry) ...count entry->error()
//     }
class Message {
 public:
  // What it says of itself; its filter (0 takes all, as in the kernel) is the caller's.
  [[nodiscard]] std::uint8_t syncid() const { return syncid_; }
  [[nodiscard]] unsigned version() const { return version_; }  // 0 or 1
  [[nodiscard]] unsigned entry_count() const { return entry_count_; }
  [[nodiscard]] std::optional<Note> note() const { return note_; }

  // The next entry, or why it isn't used; nothing after the last one. A refusal of RefusalScope::kDatagram is the last answer.
  [[nodiscard]] std::optional<std::expected<Entry, Refusal>> next();

 private:
  friend std::expected<Message, Refusal> read_message(std::span<const std::byte> datagram);

  using Judged = std::expected<Entry, Refusal>;
  [[nodiscard]] Judged next_of_version1();
  [[nodiscard]] Judged next_of_version0();

  std::span<const std::byte> rest_{};  // behind what was read
  unsigned left_ = 0;                  // entries
  std::uint8_t version_ = 1;
  std::uint8_t syncid_ = 0;
  std::uint8_t entry_count_ = 0;
  std::optional<Note> note_{};
};

// Judges the header. `datagram`: the whole payload of UDP; one that was cut by its buffer is a kSizeMismatch.
[[nodiscard]] std::expected<Message, Refusal> read_message(std::span<const std::byte> datagram);

}  // namespace penstock::sync
