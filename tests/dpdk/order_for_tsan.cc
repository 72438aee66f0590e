#include "tests/dpdk/order_for_tsan.h"

#if defined(__SANITIZE_THREAD__)
#define PENSTOCK_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PENSTOCK_TSAN 1
#endif
#endif

#ifdef PENSTOCK_TSAN

#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace penstock::dpdk::testing {
namespace {

void* address_of(const void* object) { return const_cast<void*>(object); }

std::uint16_t received(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t count, std::uint16_t, void* ring) {
  if (count > 0) acquire(ring);
  return count;
}

std::uint16_t about_to_send(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t count, void* ring) {
  release(ring);
  return count;
}

// The pool's usual operations, and what they do to the order.
const rte_mempool_ops* usual = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): DPDK passes no context

int enqueue(rte_mempool* pool, void* const* objects, unsigned count) {
  for (unsigned i = 0; i < count; ++i) release(objects[i]);
  return usual->enqueue(pool, objects, count);
}

int dequeue(rte_mempool* pool, void** objects, unsigned count) {
  const int result = usual->dequeue(pool, objects, count);
  for (unsigned i = 0; result == 0 && i < count; ++i) acquire(objects[i]);
  return result;
}

const rte_mempool_ops* find_ops(std::string_view name) {
  for (unsigned i = 0; i < rte_mempool_ops_table.num_ops; ++i) {
    if (rte_mempool_ops_table.ops[i].name == name) return &rte_mempool_ops_table.ops[i];
  }
  std::abort();
}

}  // namespace

void release(const void* object) { __tsan_release(address_of(object)); }
void acquire(const void* object) { __tsan_acquire(address_of(object)); }

void show_receive_order(std::uint16_t device, std::uint16_t queue, rte_ring* ring) {
  if (rte_eth_add_rx_callback(device, queue, received, ring) == nullptr) std::abort();
}

void show_transmit_order(std::uint16_t device, std::uint16_t queue, rte_ring* ring) {
  if (rte_eth_add_tx_callback(device, queue, about_to_send, ring) == nullptr) std::abort();
}

void show_pool_order() {
  usual = find_ops("ring_mp_mc");
  rte_mempool_ops ops = *usual;
  std::snprintf(ops.name, sizeof(ops.name), "ordered");
  ops.enqueue = enqueue;
  ops.dequeue = dequeue;
  if (rte_mempool_register_ops(&ops) < 0 || rte_mbuf_set_user_mempool_ops(ops.name) != 0) std::abort();
}

}  // namespace penstock::dpdk::testing

#else

namespace penstock::dpdk::testing {

void release(const void*) {}
void acquire(const void*) {}
void show_receive_order(std::uint16_t, std::uint16_t, rte_ring*) {}
void show_transmit_order(std::uint16_t, std::uint16_t, rte_ring*) {}
void show_pool_order() {}

}  // namespace penstock::dpdk::testing

#endif
