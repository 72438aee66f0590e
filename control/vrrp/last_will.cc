#include "control/vrrp/last_will.h"

#include <array>
#include <atomic>
#include <csignal>
#include <utility>

namespace penstock::control {
namespace {

constexpr std::array kFatal{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

std::function<void()> will;        // set before the handlers are, emptied after they are gone
std::atomic_flag has_been_read{};  // by one thread only, whichever fails first

void on_fatal_signal(int signal) {
  if (!has_been_read.test_and_set()) will();
  raise(signal);  // after this handler, with its own effect (SA_RESETHAND): abort() and faults would repeat it anyway, kill(1)
                  // not
}

void set_handlers(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : kFatal) sigaction(signal, &action, nullptr);
}

}  // namespace

LastWill::LastWill(std::function<void()> carry_out) {
  will = std::move(carry_out);
  set_handlers(on_fatal_signal);
}

LastWill::~LastWill() {
  set_handlers(SIG_DFL);
  will = nullptr;
}

}  // namespace penstock::control
