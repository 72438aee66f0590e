#include "healthcheck/service_state.h"

#include <algorithm>
#include <numeric>

#include "healthcheck/check_registry.h"

namespace penstock::healthcheck {
namespace {

bool is_sorry_server(const ServiceState& service, const ServerState& server) {
  return service.policy.sorry_server && service.policy.sorry_server->endpoint == server.endpoint;
}

}  // namespace

ServerState* ServiceState::find(const packet::Endpoint& endpoint) const {
  const auto at = std::ranges::lower_bound(by_endpoint, endpoint, {}, &ServerState::endpoint);
  return at != by_endpoint.end() && (*at)->endpoint == endpoint ? *at : nullptr;
}

std::int64_t clamped(std::int64_t weight) { return std::clamp<std::int64_t>(weight, 0, kHighestWeight); }

std::int64_t weight_by_checks(const ServerState& server) {
  std::int64_t weight = server.configured_weight;
  for (const CheckLink& link : server.links) {
    const CheckState& check = *link.check;
    if (!check.weight) continue;
    const bool replaces = std::holds_alternative<MiscCheck>(check.spec.kind);
    weight += replaces ? *check.weight - server.configured_weight : *check.weight;
  }
  return weight;
}

bool all_checks_up(const ServerState& server) {
  return std::ranges::all_of(server.links, [](const CheckLink& link) { return link.is_up; });
}

std::int64_t share_of(const ServerState& server) { return server.is_alive ? clamped(server.effective_weight) : 0; }

std::optional<TableRow> row_of(const ServiceState& service, const ServerState& server) {
  if (service.is_sorry_active && is_sorry_server(service, server)) return std::nullopt;  // its row is the sorry server's
  if (!server.is_alive && !server.policy.inhibit_on_failure) return std::nullopt;
  const bool takes_connections = server.is_alive && !service.is_sorry_active;
  return TableRow{.endpoint = server.endpoint,
                  .weight = takes_connections ? static_cast<std::uint32_t>(clamped(server.effective_weight)) : 0};
}

Table table_of(const ServiceState& service) {
  Table table;
  table.reserve(service.servers.size() + 1);
  for (const ServerState& server : service.servers) {
    if (const auto row = row_of(service, server)) table.push_back(*row);
  }
  const auto& sorry = service.policy.sorry_server;
  if (!sorry) return table;
  if (service.is_sorry_active) {
    table.push_back({.endpoint = sorry->endpoint, .weight = 1, .is_sorry_server = true});
  } else if (sorry->inhibit &&
             std::ranges::none_of(service.servers, [&](const auto& server) { return is_sorry_server(service, server); })) {
    table.push_back({.endpoint = sorry->endpoint, .weight = 0, .is_sorry_server = true});
  }
  return table;
}

}  // namespace penstock::healthcheck
