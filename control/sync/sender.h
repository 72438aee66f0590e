// Connections to datagrams: entries are gathered into messages of IPVS's protocol and sent, in order; what the interface
// doesn't take at once waits, bounded.
//
// Sync-thread-owned; no socket, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "control/sync/directory.h"
#include "control/sync/sync_socket.h"
#include "dataplane/core/sync_outbox.h"
#include "sync/message_writer.h"
#include "sync/note.h"

namespace penstock::control {

struct SyncSent {
  std::uint64_t datagrams = 0;
  std::uint64_t entries = 0;
  std::uint64_t failed = 0;     // datagrams that the kernel refused
  std::uint64_t given_up = 0;   // entries for which there was no more room to wait
  std::uint64_t forgotten = 0;  // entries of services or servers that are no more
};

class SyncSender {
 public:
  using Send = std::function<SyncSocket::Sent(std::span<const std::byte> datagram)>;

  // `max_length`: of a datagram, in bytes.
  SyncSender(std::uint16_t max_length, std::uint8_t syncid, Send send)
      : send_{std::move(send)}, syncid_{syncid}, writer_{max_length, syncid} {}

  void add(const core::SyncRecord& record, const SyncDirectory& directory);
  void add(sync::Note note);
  // Sends what has been added.
  void flush();

  // Whether there is room for what can wait: a dump pauses while there is none.
  [[nodiscard]] bool is_backed_up() const { return !waiting_.empty(); }
  [[nodiscard]] const SyncSent& sent() const { return sent_; }

 private:
  struct Datagram {
    std::vector<std::byte> bytes;
    unsigned entries = 0;
  };
  // Datagrams that wait at most: some 200,000 connections, 8 MB.
  static constexpr std::size_t kWaiting = 5000;

  void close_message();
  void post(Datagram datagram);

  Send send_;
  std::uint8_t syncid_;
  sync::MessageWriter writer_;
  std::deque<Datagram> waiting_;
  SyncSent sent_;
};

}  // namespace penstock::control
