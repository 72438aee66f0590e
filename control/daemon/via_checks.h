// `check_via vip`: ties the probes' namespace to the director's next hops and the data plane.
//
// The namespace is made at the start, whether a configuration asks for it or not: only then we may (privileges.h).
// Control-owned.
#pragma once

#include <expected>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "config/model.h"
#include "control/director/director.h"
#include "control/tap/check_gate.h"
#include "dataplane/dpdk/exchange.h"
#include "healthcheck/io/via_gate.h"

namespace penstock::control {

class ViaChecks {
 public:
  // All must outlive it. Needs CAP_SYS_ADMIN; without it, prepare() fails.
  ViaChecks(EventLoop& loop, const Director& director, dpdk::Exchange& exchange);

  // Prepares for the model's checks. The error is a sentence for the operator, where the model has any: they then fail with a
  // reason of their own.
  [[nodiscard]] std::expected<void, std::string> prepare(const config::Model& model);
  // Next hops changed: perhaps the addresses that probes come from as well.
  void refresh();
  // A frame that a worker took for an answer to a check: true when it was one to a probe of a VIP.
  [[nodiscard]] bool take(std::span<const std::byte> frame) { return gate_ && (*gate_)->take(frame); }

  // For the probes; nothing where the namespace couldn't be made.
  [[nodiscard]] std::shared_ptr<healthcheck::ViaGate> probes_door() const { return door_; }

 private:
  void forward(const packet::IpAddress& server, std::span<std::byte> frame);

  const Director& director_;
  dpdk::Exchange& exchange_;
  std::expected<std::unique_ptr<CheckGate>, std::string> gate_;
  std::shared_ptr<healthcheck::ViaGate> door_;
  std::set<packet::IpAddress> servers_;
};

}  // namespace penstock::control
