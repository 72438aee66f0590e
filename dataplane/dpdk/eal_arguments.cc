#include "dataplane/dpdk/eal_arguments.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string_view>

namespace penstock::dpdk {
namespace {

std::uint64_t read_number(const std::filesystem::path& file) {
  std::uint64_t value = 0;
  std::ifstream{file} >> value;
  return value;
}

unsigned count_free_huge_megabytes(const std::filesystem::path& root) {
  std::uint64_t kilobytes = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{root / "sys/kernel/mm/hugepages", none}) {
    unsigned long size = 0;  // of one page: "hugepages-2048kB"
    if (std::sscanf(entry.path().filename().c_str(), "hugepages-%lukB", &size) != 1) continue;
    // A page that another process has mapped and not yet touched is free and yet promised.
    const std::uint64_t free = read_number(entry.path() / "free_hugepages");
    kilobytes += size * (free - std::min(free, read_number(entry.path() / "resv_hugepages")));
  }
  return static_cast<unsigned>(kilobytes / 1024);
}

unsigned read_total_megabytes(const std::filesystem::path& root) {
  std::ifstream file{root / "proc/meminfo"};
  std::string word;
  std::uint64_t kilobytes = 0;
  while (file >> word && word != "MemTotal:") file.ignore(256, '\n');
  file >> kilobytes;
  return static_cast<unsigned>(kilobytes / 1024);
}

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return {0};
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

// "(0@(0,1)),(1@(0)),(2@(1))": lcore@CPUs. With fewer CPUs than workers all workers share all of them.
std::string lcores(unsigned workers, const std::vector<unsigned>& cpus) {
  std::string all;
  for (const unsigned cpu : cpus) all += fmt::format("{}{}", all.empty() ? "(" : ",", cpu);
  all += ')';
  std::string text = "0@" + all;
  for (unsigned worker = 0; worker < workers; ++worker) {
    // From the last CPU down: control is free to move, but the first CPUs are where a kernel serves most interrupts.
    const std::string where = workers <= cpus.size() ? fmt::format("({})", cpus[cpus.size() - 1 - worker]) : all;
    text += fmt::format(",{}@{}", worker + 1, where);
  }
  return text;
}

// Whether a word is one of `options`, or one with its value: "-l", "-l0-3", "--lcores=0".
bool mentions(const std::vector<std::string>& words, std::initializer_list<std::string_view> options) {
  return std::ranges::any_of(words, [&](const std::string& word) {
    return std::ranges::any_of(options, [&](std::string_view option) {
      if (word == option) return true;
      return option.starts_with("--") ? word.starts_with(std::string{option} + "=")
                                      : !word.starts_with("--") && word.starts_with(option);
    });
  });
}

}  // namespace

Machine Machine::look(const std::filesystem::path& root) {
  return {allowed_cpus(), count_free_huge_megabytes(root), read_total_megabytes(root)};
}

EalArguments eal_arguments(const EalOptions& options, const Machine& machine) {
  std::istringstream stream{options.extra};
  std::vector<std::string> extra;
  for (std::string word; stream >> word;) extra.push_back(word);

  EalArguments result;
  auto& words = result.words;
  words = {options.program, "--no-telemetry"};
  if (!mentions(extra, {"-l", "-c", "--lcores"})) words.push_back("--lcores=" + lcores(options.workers, machine.cpus));
  if (!mentions(extra, {"--file-prefix"})) words.push_back("--file-prefix=" + options.file_prefix);
  if (!mentions(extra, {"--log-level"})) words.push_back("--log-level=" + options.log_level);
  if (!mentions(extra, {"--in-memory", "--no-huge", "--huge-dir", "--socket-mem", "-m"})) {
    result.huge_pages = machine.free_huge_megabytes >= options.needed_megabytes;
    result.small_pages = !result.huge_pages;
    if (result.huge_pages) {
      words.emplace_back("--in-memory");
    } else {
      const unsigned megabytes = std::clamp(machine.total_megabytes / 2, 64U, options.megabytes);
      for (std::string word :
           {std::string{"--no-huge"}, std::string{"--no-shconf"}, std::string{"-m"}, fmt::format("{}", megabytes)}) {
        words.push_back(std::move(word));
      }
    }
  }
  if (!mentions(extra, {"-a", "--allow", "-b", "--block", "--no-pci"})) {
    if (options.pci_addresses.empty()) words.emplace_back("--no-pci");
    for (const auto& address : options.pci_addresses) words.push_back("--allow=" + address);
  }
  words.insert(words.end(), extra.begin(), extra.end());
  return result;
}

}  // namespace penstock::dpdk
