#include "control/daemon/connection_cursor.h"

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

  // Asks the workers in turn; delivers what is ready. The cursor may be gone afterwards.
  void look() {
    core::ConnectionListing& listing = desk_.forwarders_[worker_]->listing();
    if (listing.is_wanted()) return;  // the worker is at it, for us or for an asker who has left
    if (!asked_) {
      listing.start();
      asked_ = true;
      return;
    }
    ConnectionBatch batch{.rows = desk_.convert(listing.rows(), worker_)};
    if (listing.was_last()) {
      asked_ = false;
      ++worker_;
      batch.last = worker_ == desk_.forwarders_.size();
    } else {
      listing.next();
    }
    std::exchange(deliver_, nullptr)(std::move(batch));
  }

 private:
  ConnectionDesk& desk_;
  std::function<void(ConnectionBatch)> deliver_;
  std::size_t worker_ = 0;
  bool asked_ = false;
};

ConnectionDesk::ConnectionDesk(EventLoop& loop, const Director& director, std::vector<core::Forwarder*> forwarders)
    : director_{director}, forwarders_{std::move(forwarders)}, timer_{loop.add_timer([this] { look(); })} {}

std::unique_ptr<ConnectionCursor> ConnectionDesk::open() { return std::make_unique<Cursor>(*this); }

void ConnectionDesk::look() {
  if (line_.empty()) {
    timer_.stop();
    return;
  }
  if (Cursor* const first = line_.front(); first->is_waiting()) first->look();
}

void ConnectionDesk::leave(Cursor* cursor) { line_.remove(cursor); }

std::vector<ConnectionStatus> ConnectionDesk::convert(std::span<const core::ConnectionRow> rows, std::size_t worker) const {
  std::vector<ConnectionStatus> converted;
  converted.reserve(rows.size());
  for (const core::ConnectionRow& row : rows) {
    const Director::Service* const service = director_.find(row.virtual_id);
    const Director::Server* const server = director_.find(row.server);
    if (service == nullptr || server == nullptr) continue;  // ended while the row was on its way
    converted.push_back({.protocol = service->protocol,
                         .state = core::name_of(row.state),
                         .expires_in = row.seconds_left,
                         .source = row.client,
                         .virtual_service = service->endpoint,
                         .destination = server->endpoint,
                         .worker = static_cast<std::uint8_t>(worker)});
  }
  return converted;
}

}  // namespace penstock::control
