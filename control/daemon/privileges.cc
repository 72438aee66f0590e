#include "control/daemon/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

namespace penstock::control {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kLookAgain{1};
const int kSignal = SIGRTMAX;  // keepalived's are others (keepalived_signals.h)

std::atomic<Capabilities> wanted{0};  // for the handler

bool has(Capabilities set, unsigned number) { return (set >> number & 1) != 0; }

// A signal's handler: system calls only. libcap-ng reads files, which a handler must not.
void reduce_own(int /*signal*/) {
  const int error = errno;
  const Capabilities kept = wanted.load();
  for (unsigned number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    if (!has(kept, number)) prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) == 0) {
    for (unsigned half = 0; half < sets.size(); ++half) {
      const auto mask = static_cast<std::uint32_t>(kept >> (32 * half));
      sets[half].effective &= mask;
      sets[half].permitted &= mask;
      sets[half].inheritable &= mask;
    }
    syscall(SYS_capset, &header, sets.data());
  }
  errno = error;
}

struct ThreadSets {
  Capabilities effective = 0;
  Capabilities permitted = 0;
  Capabilities bounding = 0;
};

// Empty sets when the thread has ended.
ThreadSets sets_of(pid_t thread) {
  ThreadSets sets;
  capng_setpid(thread);
  if (capng_get_caps_process() != 0) return sets;
  const auto take = [](Capabilities& into, capng_type_t type) {
    for (unsigned number = 0; number <= CAP_LAST_CAP; ++number) {
      if (capng_have_capability(type, number) == 1) into |= capabilities_of({number});
    }
  };
  take(sets.effective, CAPNG_EFFECTIVE);
  take(sets.permitted, CAPNG_PERMITTED);
  take(sets.bounding, CAPNG_BOUNDING_SET);
  return sets;
}

std::vector<pid_t> all_threads() {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
    const std::string name = entry.path().filename();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    threads.push_back(thread);
  }
  return threads;
}

std::string name_of(pid_t thread) {
  std::string name;
  std::getline(std::ifstream{"/proc/self/task/" + std::to_string(thread) + "/comm"}, name);
  return name.empty() ? std::to_string(thread) : name;
}

void set_handler(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(kSignal, &action, nullptr);
}

}  // namespace

std::optional<Capabilities> capability_named(const std::string& name) {
  std::string lower;
  for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string bare = lower.starts_with("cap_") ? lower.substr(std::string_view{"cap_"}.size()) : lower;
  const int number = capng_name_to_capability(bare.c_str());
  if (number < 0) return std::nullopt;
  return capabilities_of({static_cast<unsigned>(number)});
}

std::string names_of(Capabilities set) {
  std::string names;
  for (unsigned number = 0; number <= CAP_LAST_CAP; ++number) {
    const char* const name = has(set, number) ? capng_capability_to_name(number) : nullptr;
    if (name == nullptr) continue;
    names += names.empty() ? "CAP_" : " CAP_";
    for (const char* c = name; *c != '\0'; ++c) names += static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
  }
  return names.empty() ? "none" : names;
}

ReducedPrivileges reduce_privileges(Capabilities kept) {
  wanted = kept;
  reduce_own(kSignal);
  const ThreadSets own = sets_of(gettid());
  const auto has_more = [&](pid_t thread) {
    const ThreadSets sets = sets_of(thread);
    return ((sets.effective | sets.permitted) & ~kept) != 0 || (sets.bounding & ~own.bounding) != 0;
  };
  set_handler(reduce_own);
  std::vector<pid_t> rest;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {
    rest = all_threads();
    std::erase_if(rest, [&](pid_t thread) { return !has_more(thread); });
    for (const pid_t thread : rest) syscall(SYS_tgkill, getpid(), thread, kSignal);
    if (!rest.empty()) std::this_thread::sleep_for(kLookAgain);
  } while (!rest.empty() && std::chrono::steady_clock::now() < deadline);
  set_handler(SIG_IGN);  // not the default: one that waits somewhere must not end the process

  ReducedPrivileges reduced{.kept = own.effective, .unreached = {}};
  for (const pid_t thread : rest) reduced.unreached.push_back(name_of(thread));
  return reduced;
}

}  // namespace penstock::control
