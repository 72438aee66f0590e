// How many descriptors the process may have open: as many as thousands of checks need, while its children get the usual limit.
//
// A login shell gives 1,024, and 10,000 servers that stop answering hold one descriptor each until they time out. But a program
// that closes every descriptor it could have (daemons, Python 2, some shells) takes seconds where a million are allowed; and
// one that uses select() can't use those above 1,023. So only we have the raised limit: ChildProcesses gives each child the one
// that we were started with (as keepalived does).
//
// The limit belongs to the process, and so does what is remembered here: raised before a thread starts that has children.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <optional>

namespace penstock::control {

// Twice the number of real servers that a director can have.
inline constexpr std::uint64_t kEnoughDescriptors = 131'072;

// Raises the soft limit to the hard one, and the hard one to kEnoughDescriptors where it is lower and we may. Returns what
// holds then; it stays as it is where the kernel refuses.
std::uint64_t raise_descriptor_limit();

// What held before the first raise; none: never raised, so children inherit what is in force.
[[nodiscard]] std::optional<rlimit> descriptor_limit_for_children();

// How many are needed at worst where `checks` are under way at once: a transfer may have two for a moment, and half as many
// more are enough for those; the rest of the daemon needs some, too.
[[nodiscard]] constexpr std::uint64_t descriptors_for(std::uint64_t checks) { return checks + checks / 2 + 100; }

}  // namespace penstock::control
