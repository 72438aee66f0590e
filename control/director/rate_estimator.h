// Rates per second as IPVS shows them: an average that forgets, fed every two seconds.
//
// Source: Linux net/netfilter/ipvs/ip_vs_est.c: each step moves the average a quarter of the way towards the rate of the last
// two seconds.
#pragma once

#include <chrono>
#include <cstdint>

#include "control/director/traffic.h"

namespace penstock::control {

class RateEstimator {
 public:
  static constexpr std::chrono::seconds kPeriod{2};

  // To be called once each kPeriod with the counters as they are then.
  void feed(const Traffic& now) {
    connections_ += (scaled(now.connections - last_.connections) - connections_) >> 2;
    packets_ += (scaled(now.packets - last_.packets) - packets_) >> 2;
    bytes_ += (scaled(now.bytes - last_.bytes) - bytes_) >> 2;
    last_ = now;
  }

  // Per second, rounded up as the kernel does.
  [[nodiscard]] Traffic rates() const { return {rounded(connections_), rounded(packets_), rounded(bytes_)}; }

 private:
  static constexpr std::int64_t kScale = 1024;

  static std::int64_t scaled(std::uint64_t in_period) {
    return static_cast<std::int64_t>(in_period) * kScale / kPeriod.count();
  }
  static std::uint64_t rounded(std::int64_t average) { return static_cast<std::uint64_t>((average + kScale / 2 - 1) / kScale); }

  Traffic last_;
  std::int64_t connections_ = 0;
  std::int64_t packets_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace penstock::control
