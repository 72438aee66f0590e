// What bench/source sends: the words of PENSTOCK_SOURCE.
#pragma once

#include <cstdint>
#include <string>

namespace penstock::bench {

struct Plan {
  std::uint32_t virtual_address = 0;  // host order
  std::uint16_t virtual_port = 0;
  bool is_tcp = false;
  std::uint16_t size = 64;  // bytes of a frame
  std::uint64_t flows = 1;
  std::uint64_t new_each = 0;
  std::uint64_t syn_flood = 0;
  std::uint64_t rate = 0;  // packets a second and queue; 0: as fast as they are taken
  std::string after;       // a file's path
  std::string report;      // a file's path
  std::string pace;        // a file's path
};

// Ends the process on a word that it doesn't know: a bench of something else than was asked for is worse than none.
[[nodiscard]] Plan read_plan(const char* text);

}  // namespace penstock::bench
