// The few orders to nf_tables that Penstock needs: a table in family netdev whose one chain drops everything that an interface
// receives. Spoken over netlink (linux/netfilter/nf_tables.h), so neither the nft program nor its library has to be installed.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "control/netlink/requester.h"

namespace penstock::control {

class NfTables {
 public:
  // Fails where the kernel has no nf_tables.
  [[nodiscard]] static std::expected<NfTables, std::string> open();

  // The names of all netdev tables in this network namespace.
  std::expected<std::vector<std::string>, std::string> list_tables();
  // In one transaction: removes `outdated`, then makes `table` with a chain that drops what `interface` receives. Nothing has
  // changed when it fails.
  std::expected<void, std::string> create_drop(const std::string& table, const std::string& interface,
                                               std::span<const std::string> outdated);
  std::expected<void, std::string> remove(const std::string& table);
  // Whether the last order failed because this kernel has no such tables at all.
  [[nodiscard]] bool is_unsupported() const { return unsupported_; }
  // Whether create_drop's chain is there.
  [[nodiscard]] bool has_drop(const std::string& table);

 private:
  explicit NfTables(Requester requester) : requester_{std::move(requester)} {}
  std::expected<void, std::string> commit(std::vector<Message> orders);
  Requester requester_;
  bool unsupported_ = false;
};

}  // namespace penstock::control
