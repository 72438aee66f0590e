// From sync datagrams to connections that wait for a takeover: each entry is judged and put into the standby tables.
//
// Source of the rules: Linux net/netfilter/ipvs/ip_vs_sync.c (ip_vs_process_message, ip_vs_proc_conn), stricter where the
// kernel takes what nobody configured: only services and servers of ours, only direct routing. Sync-thread-owned; no socket, no
// clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "control/sync/directory.h"
#include "dataplane/core/standby_table.h"
#include "sync/message.h"
#include "sync/refusal.h"

namespace penstock::control {

// Why an entry that could be read is not kept, beside sync::Refusal.
enum class EntryRefusal : std::uint8_t {
  kOtherSyncId,     // the whole datagram is another pair's
  kTemplate,        // of a persistent service
  kProtocol,        // neither TCP nor UDP
  kUnknownService,  // not one of the configuration's
  kUnknownServer,   // not one of the service's
  kClientAddress,   // no host's
  kOutdated,        // the end of a connection that another server has got by now
  kTableFull,
};
inline constexpr std::size_t kEntryRefusalCount = 8;
// "unknown_service"; and one sentence.
[[nodiscard]] std::string_view name_of(EntryRefusal refusal);
[[nodiscard]] std::string_view describe(EntryRefusal refusal);

struct SyncReceived {
  std::uint64_t datagrams = 0;
  std::uint64_t entries_new = 0;
  std::uint64_t entries_updated = 0;
  std::array<std::uint64_t, sync::kRefusalCount> unreadable{};  // by sync::Refusal
  std::array<std::uint64_t, kEntryRefusalCount> refused{};      // by EntryRefusal
};

class SyncReceiver {
 public:
  // `tables` must outlive it. `syncid`: 0 takes everybody's, as in the kernel. Datagrams with 0 are taken with any: keepalived
  // 2.2.7 sends so from `lvs_sync_daemon_interface`, where older ones send the virtual_router_id.
  SyncReceiver(core::StandbyTables& tables, std::uint8_t syncid) : tables_{tables}, syncid_{syncid} {}

  // Takes a datagram's entries over. `only_if_absent`: they say nothing against what a worker knows already
  // (StandbyConnection). What it is besides: a note of a Penstock node's.
  std::optional<sync::Note> take(std::span<const std::byte> datagram, const SyncDirectory& directory, core::Tick now,
                                 bool only_if_absent);

  [[nodiscard]] const SyncReceived& received() const { return received_; }

 private:
  void take_entry(const sync::Entry& entry, const SyncDirectory& directory, core::Tick now, bool only_if_absent);
  template <typename Table>
  void put(Table& table, const typename Table::Key& key, const sync::Entry& entry, const core::StandbyConnection& connection,
           core::Tick now);
  void refuse(EntryRefusal refusal) { ++received_.refused[static_cast<std::size_t>(refusal)]; }

  core::StandbyTables& tables_;
  std::uint8_t syncid_;
  SyncReceived received_;
};

}  // namespace penstock::control
