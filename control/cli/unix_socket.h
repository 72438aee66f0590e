// Unix stream sockets by path: connecting, and listening in place of a dead predecessor.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "control/loop/descriptor.h"

namespace penstock::control {

// A blocking connection; the error is errno (ENAMETOOLONG for a path that no socket address holds).
[[nodiscard]] std::expected<Descriptor, int> connect_unix(const std::string& path);

// The process at the other end, as the kernel noted it when it listened or connected; 0: unknown.
[[nodiscard]] pid_t peer_process(const Descriptor& connection);

// A non-blocking listener at `path` with mode 0660; the missing last folder of the path is made (0755). A socket file that
// nobody listens on any more is replaced; with a living one the error names its process. Errors are sentences for the log.
[[nodiscard]] std::expected<Descriptor, std::string> listen_unix(const std::string& path);

}  // namespace penstock::control
