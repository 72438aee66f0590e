// What the monitor remembers of virtual servers and real servers, and what follows from it: weights and rows of tables.
//
// Plain state and functions of it; who changes it and says so is transitions.h. Control-owned.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "healthcheck/monitor.h"

namespace penstock::healthcheck {

struct CheckState;

// IPVS's highest weight (keepalived's IPVS_WEIGHT_LIMIT): weights beyond it count as it, those below 0 as 0.
inline constexpr std::int64_t kHighestWeight = 0x7fff'ffff;

// What one check says of one server. Several servers may share the check, each with a link of its own.
struct CheckLink {
  CheckState* check = nullptr;  // never null; of the registry
  bool is_up = true;            // what counts: a guess until the first result
};

struct ServerState {
  packet::Endpoint endpoint{};
  std::uint32_t configured_weight = 1;
  ServerPolicy policy{};  // `checks` empty: they are the links
  std::vector<CheckLink> links{};
  bool is_alive = true;
  std::int64_t effective_weight = 1;  // unclamped
  std::optional<TimePoint> changed{};
};

struct ServiceState {
  ServiceKey key{};
  ServicePolicy policy{};
  std::uint32_t quorum = 1;
  std::uint32_t hysteresis = 0;  // below `quorum`
  bool has_quorum = false;
  bool is_sorry_active = false;  // the sorry server takes the connections: quorum is lost and there is one
  std::vector<ServerState> servers{};
  std::vector<ServerState*> by_endpoint{};  // the same, sorted
  std::int64_t living_weight = 0;           // sum of share_of() each server

  // Null: not of this service.
  [[nodiscard]] ServerState* find(const packet::Endpoint& endpoint) const;
};
using Services = std::vector<std::unique_ptr<ServiceState>>;

// The weight as the table has it: 0..kHighestWeight.
[[nodiscard]] std::int64_t clamped(std::int64_t weight);
// The configured weight with what dynamic checks say: a MISC_CHECK replaces it (so several add up their differences from it),
// a FILE_CHECK adds to it.
[[nodiscard]] std::int64_t weight_by_checks(const ServerState& server);
[[nodiscard]] bool all_checks_up(const ServerState& server);
// What the server adds to the weight that the quorum is about.
[[nodiscard]] std::int64_t share_of(const ServerState& server);

// The server's row; none: it is not in the table.
[[nodiscard]] std::optional<TableRow> row_of(const ServiceState& service, const ServerState& server);
[[nodiscard]] Table table_of(const ServiceState& service);

}  // namespace penstock::healthcheck
