// A command that can't be run, as a value.
#pragma once

#include <string>

namespace penstock::control {

struct Refusal {
  int exit_status = 2;
  std::string message;  // one line for stderr, without the line's end

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

}  // namespace penstock::control
