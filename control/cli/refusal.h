// A command that can't be run, as a value.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace penstock::control {

struct Refusal {
  int exit_status = 2;
  std::string message;  // one line for stderr, without the line's end

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

[[nodiscard]] inline std::unexpected<Refusal> refuse(std::string message, int exit_status = 2) {
  return std::unexpected(Refusal{exit_status, std::move(message)});
}

}  // namespace penstock::control
