#include "healthcheck/io/own_failure.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "healthcheck/io/probe_socket.h"

namespace penstock::healthcheck {

bool is_shortage(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
    case ENOSPC: return true;
    default: return false;
  }
}

ProbeResult own_failure(const std::string& what, int error) {
  return {.failure = is_shortage(error) ? ProbeFailure::kNotRun : ProbeFailure::kLocal,
          .detail = what + ": " + std::strerror(error)};
}

bool can_open_descriptors(int count) {
  const Socket one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  if (!one) return !is_shortage(errno);
  return count <= 1 || can_open_descriptors(count - 1);
}

}  // namespace penstock::healthcheck
