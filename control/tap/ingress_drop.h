// Keeps the kernel deaf on an interface that DPDK uses through a packet socket (net_af_packet): without this, the kernel would
// answer ARP for a VIP there and reset its connections, because it sees every frame as well.
//
// An nf_tables chain at the interface's ingress drops everything; packet sockets and XDP see frames before it. IPv6 is switched
// off there, for the kernel would otherwise announce itself with the MAC of the TAP. Both end with this object. A daemon that
// was killed leaves them behind: the table's name says whose it is (process id and start time) and whether IPv6 was on, so the
// next daemon recognises, replaces and finally undoes it. `nft flush ruleset` removes the table: then it is made again at once.
//
// Control-owned. Limit: addresses that IPv6 had on the interface are lost, except the link-local one. The process is looked
// for in one's own PID namespace, so daemons that share an interface must share that too.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "control/loop/event_loop.h"
#include "control/netlink/socket.h"
#include "control/tap/nf_tables.h"

namespace penstock::control {

class IngressDrop {
 public:
  using OnProblem = std::function<void(const std::string&)>;

  // `on_problem` gets sentences for the log about what doesn't prevent forwarding: a kernel without such tables (then nothing
  // is dropped, and table() is empty), IPv6 that can't be switched off, a table that can't be made again. The error is one for
  // the operator.
  [[nodiscard]] static std::expected<std::unique_ptr<IngressDrop>, std::string> install(EventLoop& loop,
                                                                                        const std::string& interface,
                                                                                        OnProblem on_problem);
  ~IngressDrop();
  IngressDrop(const IngressDrop&) = delete;
  IngressDrop& operator=(const IngressDrop&) = delete;

  // Times that somebody removed the table and it was made again.
  [[nodiscard]] std::uint64_t repairs() const { return repairs_; }
  [[nodiscard]] const std::string& table() const { return table_; }

 private:
  IngressDrop(EventLoop& loop, std::string interface, NfTables tables, NetlinkSocket events, OnProblem on_problem);
  std::expected<void, std::string> take_over(unsigned interface_index);
  void switch_ipv6_off();
  void on_events();
  void repair();

  std::string interface_;
  std::string table_;
  bool restores_ipv6_ = false;
  NfTables tables_;
  NetlinkSocket events_;
  OnProblem on_problem_;
  std::uint64_t repairs_ = 0;
  FdWatch watch_;
};

}  // namespace penstock::control
