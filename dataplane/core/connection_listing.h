// A listing of a worker's connections, taken while it works: the worker copies a few buckets each time round its loop.
//
// One asker at a time and one worker hand a buffer to and fro by one atomic state. The listing is no moment's picture: a
// connection that begins, ends or is moved meanwhile may be missing (as in the kernel's /proc/net/ip_vs_conn).
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/core/connection_table.h"

namespace penstock::core {

struct ConnectionRow {
  packet::Endpoint client;
  VirtualId virtual_id{};
  ServerId server = kNoServer;
  ConnectionState state{};
  std::uint32_t seconds_left = 0;
};

class ConnectionListing {
 public:
  ConnectionListing() { rows_.reserve(kRows + kBucketsAtOnce * 4); }

  // The asker's side. Only while not is_wanted(): start(); later, when that is so again: rows(), then next() unless was_last().
  void start() {
    position_ = 0;
    state_.store(State::kWanted, std::memory_order_release);
  }
  // The worker is still to fill the buffer.
  [[nodiscard]] bool is_wanted() const { return state_.load(std::memory_order_acquire) == State::kWanted; }
  [[nodiscard]] std::span<const ConnectionRow> rows() const { return rows_; }
  [[nodiscard]] bool was_last() const { return was_last_; }
  void next() { state_.store(State::kWanted, std::memory_order_release); }

  // The worker's side, once a loop.
  template <typename Table4, typename Table6>
  void serve(const Table4& table4, const Table6& table6, Tick now) {
    if (!is_wanted()) [[likely]]
      return;
    fill(table4, table6, now);
  }

 private:
  enum class State : std::uint8_t { kIdle, kWanted, kReady };
  static constexpr std::size_t kRows = 1024;          // a batch is ready when it has at least so many
  static constexpr std::size_t kBucketsAtOnce = 256;  // some microseconds of a loop

  template <typename Table4, typename Table6>
  void fill(const Table4& table4, const Table6& table6, Tick now) {
    if (!filling_) rows_.clear();
    filling_ = true;
    for (std::size_t i = 0; i < kBucketsAtOnce && position_ < table4.bucket_count() + table6.bucket_count(); ++i, ++position_) {
      if (position_ < table4.bucket_count()) {
        copy_bucket(table4, position_, now);
      } else {
        copy_bucket(table6, position_ - table4.bucket_count(), now);
      }
    }
    was_last_ = position_ == table4.bucket_count() + table6.bucket_count();
    if (rows_.size() < kRows && !was_last_) return;
    filling_ = false;
    state_.store(State::kReady, std::memory_order_release);
  }

  template <typename Table>
  void copy_bucket(const Table& table, std::size_t bucket, Tick now) {
    table.for_each_in(bucket, [&](const auto& entry) {
      if (is_past(entry.expires, now)) return;
      rows_.push_back({.client = {entry.key.client(), entry.key.client_port()},
                       .virtual_id = entry.key.virtual_id(),
                       .server = entry.server,
                       .state = entry.state,
                       .seconds_left = seconds_until(entry.expires, now)});
    });
  }

  std::atomic<State> state_{State::kIdle};
  // Below: the asker's while kIdle or kReady, the worker's while kWanted.
  std::vector<ConnectionRow> rows_;
  std::size_t position_ = 0;
  bool filling_ = false;
  bool was_last_ = false;
};

}  // namespace penstock::core
