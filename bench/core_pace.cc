// core-pace CASE FLOWS SLICES: has the core process so many slices (at most Pace::kKept), for lab/core_bench.py, which reads
// from stdout what each of them took and how fast the processor was (bench/pace.h). Without arguments: names the cases with
// their flows, a line each.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <span>
#include <string_view>

#include "bench/pace.h"
#include "bench/scenes.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

// The part of all other cases that is not the core's.
class MadePackets {
 public:
  explicit MadePackets(std::uint32_t flows) : order_{flows} {}
  void receive() {
    for (std::size_t i = 0; i < core::kBurst; ++i) traffic_.write_flow(i, order_.next());
  }
  void process() { asm volatile("" : : "r"(traffic_.burst().data()) : "memory"); }

 private:
  Traffic traffic_{packet::tcp_flag::kAck};
  FlowOrder order_;
};

// What memory itself takes: of each burst half is fetched while the other half's lines are changed, as the core does with its
// connections; four of these to a line, in a table nine tenths full.
class FetchedLines {
 public:
  explicit FetchedLines(std::uint32_t flows) : lines_{std::size_t{flows} * 10 / 9 / 4 + 1} {}
  void receive() {}
  void process() {
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t i = 0; i < kHalf; ++i) {
        Line*& line = fetched_[half][i];
        line = &lines_[std::size_t{order_.next()} * lines_.size() / kPlaces];
        __builtin_prefetch(line);
      }
      for (Line* const line : fetched_[1 - half]) {
        if (line != nullptr) ++line->changes;
      }
    }
  }

 private:
  static constexpr std::size_t kHalf = core::kBurst / 2;
  static constexpr std::uint32_t kPlaces = 1U << 25;
  struct alignas(64) Line {
    std::uint64_t changes;
  };
  core::HugeArray<Line> lines_;
  FlowOrder order_{kPlaces};
  std::array<std::array<Line*, kHalf>, 2> fetched_{};
};

class Slices {
 public:
  explicit Slices(std::size_t count) : left_{count * Pace::kPackets / core::kBurst} {}

  void take(auto&& scene) {
    while (left_-- > 0) {
      scene.receive();
      scene.process();
      pace_.count(core::kBurst);
    }
    pace_.write_new(std::cout, 0);
  }

 private:
  std::size_t left_;
  Pace pace_;
};

struct Case {
  const char* name;
  std::uint32_t flows;  // a power of two
  void (*take)(Slices& slices, std::uint32_t flows);
};

void take_established(Slices& slices, std::uint32_t flows) { slices.take(EstablishedFlows{flows, 0, Sync::kNone}); }
void take_new(Slices& slices, std::uint32_t) { slices.take(NewFlows{kRoom, false}); }
void take_new_in_full_table(Slices& slices, std::uint32_t) { slices.take(NewFlows{kRoom, false, true}); }
void take_made(Slices& slices, std::uint32_t flows) { slices.take(MadePackets{flows}); }
void take_memory(Slices& slices, std::uint32_t flows) { slices.take(FetchedLines{flows}); }

constexpr Case kCases[] = {
    {"packets made, nothing else", 4096, take_made},
    {"established", 1, take_established},
    {"established", 256, take_established},
    {"established", 4096, take_established},
    {"established", 1 << 15, take_established},
    {"established", 1 << 18, take_established},
    {"established", 1 << 20, take_established},
    {"new", 1, take_new},
    {"new, the table is full", 1, take_new_in_full_table},
    {"a line of memory each", 1 << 15, take_memory},
    {"a line of memory each", 1 << 18, take_memory},
    {"a line of memory each", 1 << 20, take_memory},
};

template <typename Number>
Number number_in(const char* word) {
  Number number = 0;
  std::from_chars(word, word + std::strlen(word), number);
  return number;
}

int run(std::span<char*> arguments) {
  if (arguments.empty()) {
    for (const Case& each : kCases) std::printf("%u %s\n", each.flows, each.name);
    return 0;
  }
  if (arguments.size() == 3) {
    const auto flows = number_in<std::uint32_t>(arguments[1]);
    const auto count = number_in<std::size_t>(arguments[2]);
    for (const Case& each : kCases) {
      if (each.name != std::string_view{arguments[0]} || each.flows != flows || count == 0) continue;
      Slices slices{count};
      each.take(slices, flows);
      return 0;
    }
  }
  std::fputs("usage: core-pace [CASE FLOWS SLICES]\n", stderr);
  return 2;
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::run({argv + 1, argv + argc}); }
