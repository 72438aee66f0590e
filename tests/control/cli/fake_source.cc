#include "tests/control/cli/fake_source.h"

#include <algorithm>
#include <utility>

namespace penstock::control {
namespace {

class FakeCursor final : public ConnectionCursor {
 public:
  explicit FakeCursor(std::shared_ptr<FakeSource::Connections> walk) : walk_{std::move(walk)} { ++walk_->open_cursors; }
  ~FakeCursor() override {
    --walk_->open_cursors;
    walk_->owed = nullptr;
  }

  void next(std::function<void(ConnectionBatch)> deliver) override {
    ++walk_->batches_asked;
    ConnectionBatch batch;
    for (; batch.rows.size() < walk_->batch && next_ < walk_->total; ++next_) batch.rows.push_back(FakeSource::row(next_));
    batch.last = next_ == walk_->total;
    if (walk_->at_once) return deliver(std::move(batch));
    walk_->owed = [deliver = std::move(deliver), batch = std::move(batch)] { deliver(batch); };
  }

 private:
  std::shared_ptr<FakeSource::Connections> walk_;
  std::uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<ConnectionCursor> FakeSource::connections() { return std::make_unique<FakeCursor>(walk); }

ConnectionStatus FakeSource::row(std::uint64_t n) {
  const auto address = [](std::uint64_t low) {
    return packet::IpAddress{packet::Ipv4Address{0x0a000000U + static_cast<std::uint32_t>(low)}};
  };
  return {.protocol = packet::Protocol::kTcp,
          .state = "ESTABLISHED",
          .expires_in = static_cast<std::uint32_t>(n % 900),
          .source = {address(n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000)},
          .virtual_service = {address(0xffff00), 80},
          .destination = {address(0xff0000 + n % 3), 80},
          .worker = 0};
}

}  // namespace penstock::control
