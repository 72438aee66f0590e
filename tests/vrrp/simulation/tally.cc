#include "tests/vrrp/simulation/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace penstock::vrrp::simulation {

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::kCrash: return "crash";
    case Fault::kStop: return "stop";
    case Fault::kRestart: return "restart";
    case Fault::kStall: return "stall";
    case Fault::kInterface: return "interface";
    case Fault::kReload: return "reload";
    case Fault::kScript: return "script";
    case Fault::kPartition: return "partition";
    case Fault::kOneWay: return "one-way partition";
    case Fault::kBadTimes: return "loss and delay";
  }
  std::unreachable();
}

void Tally::add(const Tally& other) {
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    for (std::size_t i = 0; i < kRouterCounts; ++i) cells_[fault][i] += other.cells_[fault][i];
  }
}

std::uint64_t Tally::total() const {
  std::uint64_t sum = 0;
  for (const auto& row : cells_) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

std::uint64_t Tally::least() const {
  std::uint64_t least = cells_[0][0];
  for (const auto& row : cells_) least = std::min(least, *std::ranges::min_element(row));
  return least;
}

std::string Tally::table() const {
  std::string text = fmt::format("{:18}", "failovers by");
  for (std::size_t i = 0; i < kRouterCounts; ++i) text += fmt::format("{:>3} routers", kLeastRouters + i);
  text += "      all\n";
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    const auto& row = cells_[fault];
    text += fmt::format("{:18}", to_string(static_cast<Fault>(fault)));
    for (const std::uint64_t cell : row) text += fmt::format("{:>11}", cell);
    text += fmt::format("{:>9}\n", std::accumulate(row.begin(), row.end(), std::uint64_t{0}));
  }
  return text + fmt::format("{:>71}\n", total());
}

}  // namespace penstock::vrrp::simulation
