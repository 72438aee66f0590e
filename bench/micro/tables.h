// The connection table and what could stand in its place, with one face, so that one benchmark races them all. Each finds a
// core::Connection4 by its key, hashed with the secret of the process where the table lets its user choose.
#pragma once

#include <rte_hash.h>
#include <rte_rcu_qsbr.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/core/connection.h"
#include "dataplane/core/connection_table.h"
#include "dataplane/core/frame.h"
#include "dataplane/core/keyed_hash.h"

namespace penstock::bench {

using Keys = std::array<core::ConnectionKey4, core::kBurst>;
using Connections = std::array<core::Connection4*, core::kBurst>;

// Penstock's own.
class OwnTable {
 public:
  explicit OwnTable(std::size_t room) : table_{room} {}

  // Null for those that are not there.
  void find(const Keys& keys, Connections& found) {
    const Table::Map map{table_};
    std::array<Table::Place, core::kBurst> places;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      places[i] = map.place_of(keys[i]);
      map.prefetch(places[i]);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) found[i] = map.peek(keys[i], places[i]);
    for (std::size_t i = 0; i < keys.size(); ++i) found[i] = table_.find(keys[i], places[i], found[i]);
  }
  // False when there is no room. Precondition: it isn't there.
  bool insert(const core::ConnectionKey4& key) { return table_.insert(key, table_.place_of(key)) != nullptr; }
  void erase(const core::ConnectionKey4& key) {
    if (auto* const entry = table_.find(key, table_.place_of(key))) table_.erase(*entry);
  }

 private:
  using Table = core::ConnectionTable<core::Connection4>;
  Table table_;
};

// DPDK's cuckoo hash: looked up by bursts, connections in an array by its positions. `kRcu`: with concurrent lookups and erased
// places coming back by RCU, as a table is used that control walks while workers change it.
template <bool kRcu>
class DpdkTable {
 public:
  explicit DpdkTable(std::size_t room);
  ~DpdkTable() { rte_hash_free(hash_); }
  DpdkTable(const DpdkTable&) = delete;
  DpdkTable& operator=(const DpdkTable&) = delete;

  void find(const Keys& keys, Connections& found);
  bool insert(const core::ConnectionKey4& key);
  void erase(const core::ConnectionKey4& key) { rte_hash_del_key(hash_, &key.word); }

 private:
  rte_hash* hash_;
  struct Free {
    void operator()(rte_rcu_qsbr* variable) const;
  };
  std::unique_ptr<rte_rcu_qsbr, Free> rcu_;
  std::vector<core::Connection4> connections_;
};

// Chained lists of single connections, as the kernel's IPVS and DPVS have them: as many heads as there is room.
class ChainedTable {
 public:
  explicit ChainedTable(std::size_t room);

  void find(const Keys& keys, Connections& found) {
    for (std::size_t i = 0; i < keys.size(); ++i) found[i] = find(keys[i]);
  }
  bool insert(const core::ConnectionKey4& key);
  void erase(const core::ConnectionKey4& key);

 private:
  struct Node {
    core::Connection4 connection;
    Node* next = nullptr;
  };

  core::Connection4* find(const core::ConnectionKey4& key) {
    for (Node* node = head_of(key); node != nullptr; node = node->next) {
      if (node->connection.key == key) return &node->connection;
    }
    return nullptr;
  }
  Node*& head_of(const core::ConnectionKey4& key) { return heads_[core::keyed_hash(key, secret_) & mask_]; }

  core::HashSecret secret_ = core::process_hash_secret();
  std::size_t mask_;
  std::vector<Node*> heads_;
  std::vector<Node> nodes_;
  Node* free_ = nullptr;
};

}  // namespace penstock::bench
