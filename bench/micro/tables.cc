#include "bench/micro/tables.h"

#include <rte_errno.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <string>

namespace penstock::bench {

constexpr std::uint32_t kLeastRoom = 64;  // rte_hash refuses less than a bucket

template <bool kRcu>
DpdkTable<kRcu>::DpdkTable(std::size_t room) {
  static unsigned tables = 0;
  const std::string name = "bench" + std::to_string(tables++);
  rte_hash_parameters parameters{};
  parameters.name = name.c_str();
  parameters.entries = std::max<std::uint32_t>(static_cast<std::uint32_t>(room), kLeastRoom);
  parameters.key_len = sizeof(core::ConnectionKey4::word);
  parameters.hash_func = rte_hash_crc;
  parameters.socket_id = SOCKET_ID_ANY;
  parameters.extra_flag = kRcu ? RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF : 0;
  hash_ = rte_hash_create(&parameters);
  if (hash_ == nullptr) throw std::runtime_error{std::string{"rte_hash_create: "} + rte_strerror(rte_errno)};
  // Positions that are freed and wait for RCU aren't given again at once.
  connections_.resize(static_cast<std::size_t>(rte_hash_max_key_id(hash_)) + 1);
  if constexpr (kRcu) {
    rcu_.reset(static_cast<rte_rcu_qsbr*>(rte_zmalloc(nullptr, rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE)));
    rte_rcu_qsbr_init(rcu_.get(), 1);
    rte_rcu_qsbr_thread_register(rcu_.get(), 0);
    rte_rcu_qsbr_thread_online(rcu_.get(), 0);
    rte_hash_rcu_config config{};
    config.v = rcu_.get();
    if (rte_hash_rcu_qsbr_add(hash_, &config) != 0) throw std::runtime_error{"rte_hash_rcu_qsbr_add failed"};
  }
}

template <bool kRcu>
void DpdkTable<kRcu>::Free::operator()(rte_rcu_qsbr* variable) const {
  rte_free(variable);
}

template <bool kRcu>
void DpdkTable<kRcu>::find(const Keys& keys, Connections& found) {
  std::array<const void*, core::kBurst> pointers;
  std::array<std::int32_t, core::kBurst> positions;
  for (std::size_t i = 0; i < keys.size(); ++i) pointers[i] = &keys[i].word;
  rte_hash_lookup_bulk(hash_, pointers.data(), static_cast<std::uint32_t>(pointers.size()), positions.data());
  for (std::size_t i = 0; i < keys.size(); ++i)
    found[i] = positions[i] < 0 ? nullptr : &connections_[static_cast<std::size_t>(positions[i])];
  if constexpr (kRcu) rte_rcu_qsbr_quiescent(rcu_.get(), 0);
}

template <bool kRcu>
bool DpdkTable<kRcu>::insert(const core::ConnectionKey4& key) {
  if constexpr (kRcu) rte_rcu_qsbr_quiescent(rcu_.get(), 0);
  const std::int32_t position = rte_hash_add_key(hash_, &key.word);
  if (position < 0) return false;
  connections_[static_cast<std::size_t>(position)].key = key;
  return true;
}

template class DpdkTable<false>;
template class DpdkTable<true>;

ChainedTable::ChainedTable(std::size_t room) : mask_{std::bit_ceil(room) - 1}, heads_(mask_ + 1), nodes_(room) {
  for (Node& node : nodes_) {
    node.next = free_;
    free_ = &node;
  }
}

bool ChainedTable::insert(const core::ConnectionKey4& key) {
  if (free_ == nullptr) return false;
  Node* const node = free_;
  free_ = node->next;
  node->connection = core::Connection4{};
  node->connection.key = key;
  Node*& head = head_of(key);
  node->next = head;
  head = node;
  return true;
}

void ChainedTable::erase(const core::ConnectionKey4& key) {
  for (Node** link = &head_of(key); *link != nullptr; link = &(*link)->next) {
    Node* const node = *link;
    if (node->connection.key != key) continue;
    *link = node->next;
    node->next = free_;
    free_ = node;
    return;
  }
}

}  // namespace penstock::bench
