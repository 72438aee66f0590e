// What the running daemon may do: of root's privileges only those that it goes on using, in every thread.
//
// The start needs nearly all of them (DPDK, a network namespace, BPF), so they are given up after it, and before a frame is
// taken from the network. Capabilities belong to threads, and some have begun by then: DPDK's, drivers', the log's. They can't
// be asked to call something, so each is sent a signal whose handler gives up its own; threads that begin later inherit the
// reduced sets. The bounding set goes as well: it is what a script that runs as root gets. What is kept, and why:
// docs/SECURITY.md.
#pragma once

#include <linux/capability.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace penstock::control {

// A set of capabilities(7): bit N is the one with the number N.
using Capabilities = std::uint64_t;

[[nodiscard]] constexpr Capabilities capabilities_of(std::initializer_list<unsigned> numbers) {
  Capabilities set = 0;
  for (const unsigned number : numbers) set |= Capabilities{1} << number;
  return set;
}

inline constexpr Capabilities kKeptCapabilities =
    capabilities_of({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN,
                     CAP_NET_RAW, CAP_IPC_LOCK, CAP_SYS_NICE});

// By its name in any case, with or without "CAP_"; none: there is no such capability.
[[nodiscard]] std::optional<Capabilities> capability_named(const std::string& name);

// "CAP_CHOWN CAP_KILL"; "none".
[[nodiscard]] std::string names_of(Capabilities set);

struct ReducedPrivileges {
  Capabilities kept = 0;               // effective: not more than was asked for, and than there was
  std::vector<std::string> unreached;  // names of threads that still have more: they block all signals
};

// Every thread of the process keeps of its effective, permitted, inheritable and bounding sets at most `kept`. Without
// CAP_SETPCAP the bounding set stays. Called once, by the main thread, and blocks until all have done so, at most a second.
[[nodiscard]] ReducedPrivileges reduce_privileges(Capabilities kept);

}  // namespace penstock::control
