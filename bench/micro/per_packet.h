// What the micro benchmarks share: figures per packet, and the sweep over flows.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

#include "dataplane/core/frame.h"

namespace penstock::bench {

// Of a benchmark each of whose iterations is a burst.
inline void count_packets(benchmark::State& state) {
  const auto packets = static_cast<double>(state.iterations()) * core::kBurst;
  state.counters["packet"] =
      benchmark::Counter(packets, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);  // seconds for one
}

inline void flow_counts(benchmark::internal::Benchmark* of) {
  for (const std::int64_t flows : {1, 256, 4096, 32'768, 1 << 20}) of->Arg(flows);
}

}  // namespace penstock::bench
