// Bounds on what a configuration may cost, so that no input exhausts memory or time. Each is far above real use (the largest
// file reported to keepalived's tracker has 37,000 real servers) and says by name when it is met.
#pragma once

#include <cstddef>

namespace penstock::config {

struct Limits {
  std::size_t file_bytes = std::size_t{32} << 20;   // one file
  std::size_t files = 4096;                         // all files of a load
  std::size_t include_depth = 16;                   // include within include
  std::size_t line_bytes = std::size_t{64} << 10;   // one line after substitution
  std::size_t lines = 4'000'000;                    // all lines after substitution
  std::size_t text_bytes = std::size_t{256} << 20;  // all of them together
  std::size_t substitution_depth = 32;              // a definition within a definition
  std::size_t block_depth = 16;                     // { within {; keepalived's own language needs 5
  std::size_t diagnostics = 1000;                   // findings that are shown
};

}  // namespace penstock::config
