#include "control/loop/namespace_thread.h"

#include <sched.h>

#include <cerrno>

namespace penstock::control {

std::expected<std::unique_ptr<NamespaceThread>, std::error_code> NamespaceThread::start() {
  std::unique_ptr<NamespaceThread> self{new NamespaceThread};
  try {
    self->thread_ = std::thread{[raw = self.get()] { raw->live(); }};
  } catch (const std::system_error& error) {
    return std::unexpected{error.code()};
  }
  int error = 0;
  self->run([&error] {
    if (unshare(CLONE_NEWNET) != 0) error = errno;
  });
  if (error != 0) return std::unexpected{std::error_code{error, std::generic_category()}};
  return self;
}

NamespaceThread::~NamespaceThread() {
  {
    const std::lock_guard lock{mutex_};
    is_ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void NamespaceThread::run(const std::function<void()>& work) {
  const std::lock_guard turn{callers_};
  std::unique_lock lock{mutex_};
  work_ = &work;
  changed_.notify_all();
  changed_.wait(lock, [this] { return work_ == nullptr; });
}

void NamespaceThread::live() {
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [this] { return work_ != nullptr || is_ended_; });
    if (work_ == nullptr) return;
    (*work_)();  // its caller waits, so nobody else wants the lock
    work_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace penstock::control
