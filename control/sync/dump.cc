#include "control/sync/dump.h"

#include <algorithm>
#include <span>
#include <utility>

namespace penstock::control {
namespace {

// Buckets that may be looked at for each connection that a step may tell.
constexpr std::size_t kBucketsForOne = 8;

// A connection in its last second is worth as much as any.
std::uint32_t worth_telling(std::uint32_t seconds_left) { return std::max<std::uint32_t>(seconds_left, 1); }

core::SyncRecord record_of(const core::ConnectionRow& row) {
  return {.client = row.client.address,
          .state = row.state,
          .client_port = row.client.port,
          .virtual_id = row.virtual_id,
          .server = row.server,
          .timeout_seconds = worth_telling(row.seconds_left)};
}

}  // namespace

void SyncDump::start() {
  again_ = running_;
  be_running(true);
}

void SyncDump::be_running(bool running) {
  running_ = running;
  for (core::SyncOutbox* const outbox : outboxes_) outbox->want_claimed(running);
}

bool SyncDump::step(std::size_t budget, core::Tick now, const Tell& tell) {
  std::size_t told = 0;
  while (running_ && told < budget) {
    if (worker_ < forwarders_.size()) {
      if (!step_worker(tell, told)) return true;
      continue;
    }
    const bool is_through = worker_ == forwarders_.size() ? step_table(standby_.ipv4, budget, now, tell, told)
                                                          : step_table(standby_.ipv6, budget, now, tell, told);
    if (!is_through) return true;
    bucket_ = 0;
    if (++worker_ < forwarders_.size() + 2) continue;
    worker_ = 0;
    be_running(std::exchange(again_, false));
    return false;
  }
  return running_;
}

// False: the worker has nothing ready.
bool SyncDump::step_worker(const Tell& tell, std::size_t& told) {
  core::ConnectionListing& listing = forwarders_[worker_]->sync_listing();
  if (listing.is_wanted()) return false;
  if (!asked_) {
    listing.start();
    asked_ = true;
    return false;
  }
  const std::span<const core::ConnectionRow> rows = listing.rows();
  for (const core::ConnectionRow& row : rows) tell(record_of(row));
  told += rows.size();
  if (!listing.was_last()) {
    listing.next();
    return true;
  }
  asked_ = false;
  ++worker_;
  return true;
}

// True: it has been walked to its end.
template <typename Table>
bool SyncDump::step_table(const Table& table, std::size_t budget, core::Tick now, const Tell& tell, std::size_t& told) {
  // Looking at empty ones takes its time, too.
  const std::size_t end = std::min(table.bucket_count(), bucket_ + budget * kBucketsForOne);
  for (; bucket_ < end && told < budget; ++bucket_) {
    table.for_each_in(bucket_, [&](const auto& key, const core::StandbyConnection& connection) {
      if (core::is_past(connection.expires, now)) return;
      tell({.client = key.client(),
            .state = connection.state,
            .client_port = key.client_port(),
            .virtual_id = key.virtual_id(),
            .server = connection.server,
            .timeout_seconds = worth_telling(core::seconds_until(connection.expires, now))});
      ++told;
    });
  }
  return bucket_ == table.bucket_count();
}

}  // namespace penstock::control
