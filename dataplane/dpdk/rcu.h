// One immutable object that many threads read and one replaces, without a lock: read-copy-update.
//
// The problem: a worker that is in the middle of a burst may still use the old object when control publishes a new one.
// The idea: publishing swaps one pointer and notes a token; each reader reports now and then that it holds nothing
// ("quiescent"); an old object is freed once every reader has reported after its token (DPDK's rte_rcu_qsbr keeps that
// account). The limits: only the inline parts of rte_rcu_qsbr are used while threads run: its library isn't instrumented, so
// ThreadSanitizer could not follow its synchronize() or its defer queue.
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>

namespace penstock::dpdk {

// Whether all readers have passed a quiescent state since `token` was given.
struct QsbrGrace {
  [[nodiscard]] static bool is_over(rte_rcu_qsbr* account, std::uint64_t token) {
    return rte_rcu_qsbr_check(account, token, false) == 1;
  }
};

// Single publisher; each reader belongs to one thread. `Grace` exists so that a test can plant an error in it.
template <typename T, typename Grace = QsbrGrace>
class RcuPublisher {
 public:
  // Up to `readers` readers, with ids 0 .. readers - 1.
  explicit RcuPublisher(unsigned readers) {
    const std::size_t size = rte_rcu_qsbr_get_memsize(readers);
    const std::size_t rounded = (size + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE * RTE_CACHE_LINE_SIZE;
    account_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, rounded)));
    if (account_ == nullptr || rte_rcu_qsbr_init(account_.get(), readers) != 0) std::abort();
  }
  // @pre no reader is online: what is left is freed.
  ~RcuPublisher() { delete current_.load(std::memory_order_relaxed); }
  RcuPublisher(const RcuPublisher&) = delete;
  RcuPublisher& operator=(const RcuPublisher&) = delete;

  // One thread's access. Made and destroyed while its thread isn't reading.
  class Reader {
   public:
    Reader(RcuPublisher& publisher, unsigned id) : publisher_{publisher}, id_{id} {
      if (rte_rcu_qsbr_thread_register(account(), id_) != 0) std::abort();
    }
    ~Reader() { rte_rcu_qsbr_thread_unregister(account(), id_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // Before the first get(), and after offline().
    void online() { rte_rcu_qsbr_thread_online(account(), id_); }
    // Nobody waits for this reader until it is online again. What get() returned must not be used any more.
    void offline() { rte_rcu_qsbr_thread_offline(account(), id_); }
    // The same for the moment: what get() returned must not be used any more.
    void quiescent() { rte_rcu_qsbr_quiescent(account(), id_); }
    // The object of now; nullptr before the first publish(). Valid until quiescent() or offline().
    [[nodiscard]] const T* get() const { return publisher_.current_.load(std::memory_order_acquire); }

   private:
    [[nodiscard]] rte_rcu_qsbr* account() const { return publisher_.account_.get(); }

    RcuPublisher& publisher_;
    unsigned id_;
  };

  // Makes `next` the object that readers get from now on. Never waits.
  void publish(std::unique_ptr<const T> next) {
    std::unique_ptr<const T> old{current_.exchange(next.release(), std::memory_order_acq_rel)};
    if (old != nullptr) retired_.push_back({rte_rcu_qsbr_start(account_.get()), std::move(old)});
  }

  // Frees what no reader can hold any more, oldest first. Never waits.
  // @return how many are still to be freed.
  std::size_t reclaim() {
    while (!retired_.empty() && Grace::is_over(account_.get(), retired_.front().token)) retired_.pop_front();
    return retired_.size();
  }

  // The object of now, for the publisher itself.
  [[nodiscard]] const T* current() const { return current_.load(std::memory_order_relaxed); }

 private:
  struct Retired {
    std::uint64_t token;
    std::unique_ptr<const T> object;
  };
  struct Free {
    void operator()(rte_rcu_qsbr* account) const { std::free(account); }
  };

  std::unique_ptr<rte_rcu_qsbr, Free> account_;
  alignas(RTE_CACHE_LINE_SIZE) std::atomic<const T*> current_{nullptr};
  alignas(RTE_CACHE_LINE_SIZE) std::deque<Retired> retired_;  // the publisher's own
};

}  // namespace penstock::dpdk
