// The client's side: sends one command to the daemon and copies its answer to stdout and stderr as it comes.
#pragma once

#include <span>
#include <string>

namespace penstock::control {

// Blocks until the answer is complete. Returns the command's exit status; 1 with a sentence on stderr when there is no daemon,
// or no whole answer.
[[nodiscard]] int run_client(const std::string& socket_path, std::span<const std::string> args);

}  // namespace penstock::control
