#include "control/tap/ingress_drop.h"

#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "control/netlink/interface_sysctl.h"
#include "control/tap/process_identity.h"

namespace penstock::control {
namespace {

constexpr std::string_view kPrefix = "penstock_";

// What a table's name says: penstock_PID_START_INTERFACE_IPV6.
struct Owner {
  ProcessIdentity process;
  unsigned interface_index = 0;
  bool had_ipv6 = false;

  [[nodiscard]] std::string table() const {
    std::ostringstream name;
    name << kPrefix << process.pid << '_' << process.start_ticks << '_' << interface_index << '_' << (had_ipv6 ? 1 : 0);
    return name.str();
  }
  static std::optional<Owner> read(std::string_view table) {
    if (!table.starts_with(kPrefix)) return std::nullopt;
    Owner owner;
    std::istringstream fields{std::string{table.substr(kPrefix.size())}};
    char gap = 0;
    fields >> owner.process.pid >> gap >> owner.process.start_ticks >> gap >> owner.interface_index >> gap >> owner.had_ipv6;
    if (fields.fail() || owner.table() != table) return std::nullopt;  // named by somebody else
    return owner;
  }
};

InterfaceSysctl ipv6_switch(std::string_view interface) { return {InterfaceSysctl::Family::kIpv6, interface, "disable_ipv6"}; }

// An interface that a killed daemon used, and this one doesn't.
void restore_ipv6(unsigned interface_index) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(interface_index, name.data()) == nullptr) return;
  static_cast<void>(ipv6_switch(name.data()).write("0"));
}

}  // namespace

IngressDrop::IngressDrop(EventLoop& loop, std::string interface, NfTables tables, NetlinkSocket events, OnProblem on_problem)
    : interface_{std::move(interface)},
      tables_{std::move(tables)},
      events_{std::move(events)},
      on_problem_{std::move(on_problem)},
      watch_{loop.add_fd(events_.fd(), {.readable = true}, [this](FdEvents) { on_events(); })} {}

std::expected<std::unique_ptr<IngressDrop>, std::string> IngressDrop::install(EventLoop& loop, const std::string& interface,
                                                                              OnProblem on_problem) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected{"cannot keep the kernel from answering on " + interface + ": " + why};
  };
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return failed(std::strerror(errno));
  auto tables = NfTables::open();
  if (!tables) return failed(tables.error());
  auto events = NetlinkSocket::open({.protocol = NETLINK_NETFILTER, .groups = {NFNLGRP_NFTABLES}});
  if (!events) return failed(events.error());
  std::unique_ptr<IngressDrop> drop{
      new IngressDrop{loop, interface, std::move(*tables), std::move(*events), std::move(on_problem)}};
  if (const auto taken = drop->take_over(index); !taken) {
    if (!drop->tables_.is_unsupported()) return failed(taken.error());
    drop->on_problem_(failed(taken.error()).error() + "; until it does, drop there by other means: tc qdisc add dev " +
                      interface + " ingress; tc filter add dev " + interface + " ingress matchall action drop");
  }
  drop->switch_ipv6_off();
  return drop;
}

std::expected<void, std::string> IngressDrop::take_over(unsigned interface_index) {
  const auto names = tables_.list_tables();
  if (!names) return std::unexpected{names.error()};
  Owner own{ProcessIdentity::own(), interface_index, ipv6_switch(interface_).read() == "0"};
  std::vector<std::string> outdated;
  std::vector<unsigned> without_ipv6;
  for (const std::string& name : *names) {
    const auto owner = Owner::read(name);
    if (!owner) continue;
    const bool is_here = owner->interface_index == interface_index;
    if (owner->process.is_alive()) {
      if (is_here) return std::unexpected{"the process " + std::to_string(owner->process.pid) + " uses it already"};
      continue;
    }
    outdated.push_back(name);
    if (owner->had_ipv6) {
      if (is_here) own.had_ipv6 = true;
      without_ipv6.push_back(owner->interface_index);
    }
  }
  const std::string table = own.table();
  if (auto created = tables_.create_drop(table, interface_, outdated); !created) return created;
  table_ = table;
  restores_ipv6_ = own.had_ipv6;
  for (const unsigned index : without_ipv6) {
    if (index != interface_index) restore_ipv6(index);
  }
  return {};
}

void IngressDrop::switch_ipv6_off() {
  if (!restores_ipv6_) return;
  if (const auto off = ipv6_switch(interface_).write("1"); !off)
    on_problem_("IPv6 stays on under the data plane: " + off.error());
}

IngressDrop::~IngressDrop() {
  watch_.reset();
  if (table_.empty()) return;
  // Nobody is left to be told: the interface may have gone, and its chain with it.
  static_cast<void>(tables_.remove(table_));
  if (restores_ipv6_) static_cast<void>(ipv6_switch(interface_).write("0"));
}

// Any change of any table, our own included: so look before mending. A lost notification counts as a change.
void IngressDrop::on_events() {
  bool has_changed = false;
  while (events_.receive([](const nlmsghdr&) {}) != NetlinkSocket::Received::kNothing) has_changed = true;
  if (has_changed && !table_.empty() && !tables_.has_drop(table_)) repair();
}

void IngressDrop::repair() {
  std::vector<std::string> remains;
  const auto names = tables_.list_tables();
  if (names && std::ranges::find(*names, table_) != names->end()) remains.push_back(table_);  // without its chain
  if (const auto created = tables_.create_drop(table_, interface_, remains); !created) {
    on_problem_("the kernel answers on " + interface_ + " again, and that cannot be prevented: " + created.error());
    return;
  }
  ++repairs_;
}

}  // namespace penstock::control
