// The command line that DPDK's environment layer (EAL) is started with: from what we want and what the machine has.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace penstock::dpdk {

// What of the machine decides the arguments.
struct Machine {
  std::vector<unsigned> cpus;        // that this process may run on
  unsigned free_huge_megabytes = 0;  // in huge pages of any size that are free and promised to nobody
  unsigned total_megabytes = 0;      // of memory

  // Reads /sys and /proc below `root`, and this thread's CPU affinity.
  [[nodiscard]] static Machine look(const std::filesystem::path& root = "/");
};

struct EalOptions {
  std::string program = "penstockd";     // also the name by which EAL calls openlog()
  std::string file_prefix = "penstock";  // unique among the DPDK programs on the host
  unsigned workers = 1;
  std::vector<std::string> pci_addresses;  // devices to take; without any the PCI bus is not looked at
  unsigned needed_megabytes = 128;         // huge pages are used when so much is free in them
  unsigned megabytes = 512;                // without huge pages: the pools' room; pages are used only as they are touched
  bool transparent_huge_pages = true;      // without huge pages: off for devices that share memory with another process
  std::string log_level = "warning";
  std::string extra;  // --eal "ARGS", separated by blanks; takes the place of our own choice of the same kind
};

struct EalArguments {
  std::vector<std::string> words;  // the program's name first
  bool huge_pages = false;         // chosen here; false also when `extra` decides about memory
  bool small_pages = false;        // --no-huge chosen here
};

// Lcore 0 is the control thread, free to run on every CPU; lcores 1..workers are the workers, each on a CPU of its own when
// there are enough.
[[nodiscard]] EalArguments eal_arguments(const EalOptions& options, const Machine& machine);

}  // namespace penstock::dpdk
