// A network namespace of its own, and the thread that lives in it and does there what others ask it to.
//
// Who visits a namespace needs CAP_SYS_ADMIN for each visit, and must find the way home again. A thread that is born there
// needs it once, at its beginning; sockets that it makes stay of that namespace, whoever uses them. The namespace ends with the
// thread and the last of its sockets.
#pragma once

#include <condition_variable>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace penstock::control {

class NamespaceThread {
 public:
  // Needs CAP_SYS_ADMIN.
  [[nodiscard]] static std::expected<std::unique_ptr<NamespaceThread>, std::error_code> start();
  ~NamespaceThread();
  NamespaceThread(const NamespaceThread&) = delete;
  NamespaceThread& operator=(const NamespaceThread&) = delete;

  // Runs `work`, which must not throw, in the namespace and returns after its end. Any thread but this one; one after the
  // other.
  void run(const std::function<void()>& work);

 private:
  NamespaceThread() = default;
  void live();

  std::mutex callers_;  // held for the whole of a call
  std::mutex mutex_;    // guards what follows
  std::condition_variable changed_;
  const std::function<void()>* work_ = nullptr;  // null: none is asked for, or it is done
  bool is_ended_ = false;
  std::thread thread_;
};

}  // namespace penstock::control
