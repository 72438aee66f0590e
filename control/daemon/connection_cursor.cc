#include "control/daemon/connection_cursor.h"

#include <set>
#include <utility>

namespace penstock::control {

class ConnectionDesk::Cursor : public ConnectionCursor {
 public:
  explicit Cursor(ConnectionDesk& desk) : desk_{desk} { desk_.line_.push_back(this); }
  ~Cursor() override { desk_.leave(this); }

  void next(std::function<void(ConnectionBatch)> deliver) override {
    deliver_ = std::move(deliver);
    if (!desk_.timer_.is_active()) desk_.timer_.start_every(kPeriod);
  }

  [[nodiscard]] bool is_waiting() const { return deliver_ != nullptr; }

  // Asks the workers in turn, then reads the standby tables; delivers what is ready. The cursor may be gone afterwards.
  void look() {
    if (worker_ < desk_.forwarders_.size()) {
      look_at_worker();
    } else {
      look_at_standby();
    }
  }

 private:
  void look_at_worker() {
    core::ConnectionListing& listing = desk_.forwarders_[worker_]->listing();
    if (listing.is_wanted()) return;  // the worker is at it, for us or for an asker who has left
    if (!asked_) {
      listing.start();
      asked_ = true;
      return;
    }
    ConnectionBatch batch{.rows = rows_of(listing.rows())};
    if (listing.was_last()) {
      asked_ = false;
      ++worker_;
      batch.last = worker_ == desk_.forwarders_.size() && !desk_.standby_.any_unclaimed();
    } else {
      listing.next();
    }
    deliver(std::move(batch));
  }

  // Without those that the peer knows better.
  std::vector<ConnectionStatus> rows_of(std::span<const core::ConnectionRow> listed) {
    std::vector<ConnectionStatus> rows;
    rows.reserve(listed.size());
    const core::Tick now = desk_.now_();
    const bool any_news = desk_.standby_.any_unclaimed();
    for (const core::ConnectionRow& row : listed) {
      const auto news = any_news ? desk_.news_of(row, now) : std::nullopt;
      if (news && !news->only_if_absent) continue;
      if (news) told_.emplace(row.client, row.virtual_id);
      desk_.append(row, static_cast<std::uint8_t>(worker_), rows);
    }
    return rows;
  }

  void look_at_standby() {
    ConnectionBatch batch;
    const core::Tick now = desk_.now_();
    std::size_t buckets = kBucketsAtOnce;
    if (!is_past_ipv4_ && read(desk_.standby_.ipv4, now, buckets, batch.rows)) {
      is_past_ipv4_ = true;
      bucket_ = 0;
    }
    batch.last = is_past_ipv4_ && read(desk_.standby_.ipv6, now, buckets, batch.rows);
    deliver(std::move(batch));
  }

  // At most `buckets` more, which it lessens. True: the table has been read to its end.
  template <typename Table>
  bool read(const Table& table, core::Tick now, std::size_t& buckets, std::vector<ConnectionStatus>& rows) {
    if (table.unclaimed() == 0) return true;
    for (; bucket_ < table.bucket_count() && buckets > 0 && rows.size() < kStandbyRows; ++bucket_, --buckets) {
      table.for_each_in(bucket_, [&](const auto& key, const core::StandbyConnection& connection) {
        const packet::Endpoint client{key.client(), key.client_port()};
        if (core::is_past(connection.expires, now)) return;
        if (connection.only_if_absent && told_.contains({client, key.virtual_id()})) return;
        desk_.append({.client = client,
                      .virtual_id = key.virtual_id(),
                      .server = connection.server,
                      .state = connection.state,
                      .seconds_left = core::seconds_until(connection.expires, now)},
                     std::nullopt, rows);
      });
    }
    return bucket_ == table.bucket_count();
  }

  void deliver(ConnectionBatch batch) { std::exchange(deliver_, nullptr)(std::move(batch)); }

  ConnectionDesk& desk_;
  std::function<void(ConnectionBatch)> deliver_;
  std::size_t worker_ = 0;                                       // as many as there are: the standby tables
  bool asked_ = false;                                           // the worker
  std::set<std::pair<packet::Endpoint, core::VirtualId>> told_;  // of the workers', those that the standby tables have, too
  bool is_past_ipv4_ = false;
  std::size_t bucket_ = 0;  // of the standby table
};

ConnectionDesk::ConnectionDesk(EventLoop& loop, const Director& director, std::vector<core::Forwarder*> forwarders,
                               const core::StandbyTables& standby, Now now)
    : director_{director},
      forwarders_{std::move(forwarders)},
      standby_{standby},
      now_{std::move(now)},
      timer_{loop.add_timer([this] { look(); })} {}

std::unique_ptr<ConnectionCursor> ConnectionDesk::open() { return std::make_unique<Cursor>(*this); }

void ConnectionDesk::look() {
  if (line_.empty()) {
    timer_.stop();
    return;
  }
  if (Cursor* const first = line_.front(); first->is_waiting()) first->look();
}

void ConnectionDesk::leave(Cursor* cursor) { line_.remove(cursor); }

void ConnectionDesk::append(const core::ConnectionRow& row, std::optional<std::uint8_t> worker,
                            std::vector<ConnectionStatus>& rows) const {
  const Director::Service* const service = director_.find(row.virtual_id);
  const Director::Server* const server = director_.find(row.server);
  if (service == nullptr || server == nullptr) return;  // ended while the row was on its way
  rows.push_back({.protocol = service->protocol,
                  .state = core::name_of(row.state),
                  .expires_in = row.seconds_left,
                  .source = row.client,
                  .virtual_service = service->endpoint,
                  .destination = server->endpoint,
                  .worker = worker});
}

// What the peer has said of a connection of a worker's, and no packet has asked for yet.
std::optional<core::StandbyConnection> ConnectionDesk::news_of(const core::ConnectionRow& row, core::Tick now) const {
  const packet::Endpoint& client = row.client;
  return client.address.is_v4() ? standby_.ipv4.peek({client.address.v4(), client.port, row.virtual_id}, now)
                                : standby_.ipv6.peek({client.address.v6(), client.port, row.virtual_id}, now);
}

}  // namespace penstock::control
