// What memory itself takes on this machine: the lower bound of any table that doesn't fit the caches, whatever is stored in it.
//
// Chain: one line after the other, each known from the one before; lines side by side, or each on a 4 KiB page of its own.
// Where both take the same, huge pages are what they seem. A virtual machine may have them while its host keeps its memory in
// small ones: then each look at another page is a walk through two page tables.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "dataplane/core/huge_array.h"

namespace penstock::bench {
namespace {

struct alignas(64) Line {
  Line* next;
};

void Chain(benchmark::State& state) {
  const auto lines = static_cast<std::size_t>(state.range(0));
  const auto stride = static_cast<std::size_t>(state.range(1)) / sizeof(Line);
  core::HugeArray<Line> memory{lines * stride};
  std::vector<std::size_t> order(lines);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::shuffle(order, std::minstd_rand{1});
  for (std::size_t i = 0; i < lines; ++i) memory[order[i] * stride].next = &memory[order[(i + 1) % lines] * stride];
  const Line* at = &memory[0];
  for (auto _ : state) {
    at = at->next;
    benchmark::DoNotOptimize(at);
  }
}
// 4,096 + 64: on a page each, and not all in the same set of a cache.
BENCHMARK(Chain)->ArgsProduct({{512, 4096}, {64, 4096 + 64}});

}  // namespace
}  // namespace penstock::bench
