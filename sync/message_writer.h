// Sync messages of version 1, byte for byte as the kernel writes them for the same entries.
//
// Source: Linux net/netfilter/ipvs/ip_vs_sync.c, ip_vs_sync_conn. An entry is appended as long as the message stays within its
// longest size; zeros up to a multiple of 4 are written in front of the next entry, so none behind the last one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sync/entry.h"

namespace penstock::sync {

class MessageWriter {
 public:
  // What the header can count. The kernel does not look: its number wraps with a sync_maxlen from 9224 on.
  static constexpr unsigned kMaxEntries = 255;

  // `maxlen`: bytes of a UDP payload, 1..65507 (keepalived's sync_maxlen). A receiver cuts what is longer than its own, and
  // refuses it.
  MessageWriter(std::size_t maxlen, std::uint8_t syncid);

  // False: there is no room for it, take() comes first. In an empty message there is always room, beyond maxlen too: one entry
  // is at most 373 bytes. Precondition: as said at each field of Entry.
  [[nodiscard]] bool add(const Entry& entry);

  [[nodiscard]] bool is_empty() const { return entry_count_ == 0; }
  [[nodiscard]] unsigned entry_count() const { return entry_count_; }
  // Bytes of the message so far; 8 when it is empty.
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  // The message, to send; the writer begins a new one. Of an empty one: a header alone.
  [[nodiscard]] std::vector<std::byte> take();

 private:
  void begin();

  std::size_t maxlen_;
  std::uint8_t syncid_;
  unsigned entry_count_ = 0;
  std::vector<std::byte> bytes_{};
};

}  // namespace penstock::sync
