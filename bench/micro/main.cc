// EAL has to run for the alternatives that are DPDK's: on huge pages where some are free, as the connection table then is.
#include <benchmark/benchmark.h>
#include <rte_eal.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr long kHugePages = 128;  // of 2 MiB

bool has_huge_pages() {
  std::ifstream meminfo{"/proc/meminfo"};
  for (std::string word; meminfo >> word;) {
    long free = 0;
    if (word == "HugePages_Free:" && meminfo >> free) return free >= kHugePages;
  }
  return false;
}

}  // namespace

int main(int count, char** words) {
  const bool huge = has_huge_pages();
  std::vector<std::string> eal{"bench-micro", "--no-pci", "--no-telemetry", "--log-level=4", "-l", "0", "-m", "256"};
  eal.emplace_back(huge ? "--in-memory" : "--no-huge");
  std::vector<char*> arguments;
  for (std::string& word : eal) arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    std::fputs("bench-micro: EAL doesn't start\n", stderr);
    return 1;
  }
  benchmark::AddCustomContext("EAL's memory", huge ? "huge pages" : "pages of 4 KiB");
  benchmark::Initialize(&count, words);
  if (benchmark::ReportUnrecognizedArguments(count, words)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
