#include "control/sync/directory.h"

namespace penstock::control {

SyncDirectory::SyncDirectory(const Director& director, const config::LvsTimeouts& timeouts)
    : timeouts_{timeouts.tcp, timeouts.tcp_fin, timeouts.udp} {
  for (const Director::Service* const service : director.services()) {
    services_by_id_.emplace(index_of(service->id), Service{service->endpoint, service->protocol});
    if (service->configured) services_.emplace(ServiceKey{service->endpoint, service->protocol}, service->id);
    for (const auto& [endpoint, server] : service->servers) {
      servers_by_id_.emplace(index_of(server.id), endpoint);
      if (server.named) servers_.emplace(ServerKey{endpoint, service->id}, server.id);
    }
  }
}

std::optional<core::VirtualId> SyncDirectory::find_service(const packet::Endpoint& endpoint, packet::Protocol protocol) const {
  const auto found = services_.find(ServiceKey{endpoint, protocol});
  return found == services_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<core::ServerId> SyncDirectory::find_server(core::VirtualId service, const packet::Endpoint& server) const {
  const auto found = servers_.find(ServerKey{server, service});
  return found == servers_.end() ? std::nullopt : std::optional{found->second};
}

const SyncDirectory::Service* SyncDirectory::service(core::VirtualId id) const {
  const auto found = services_by_id_.find(index_of(id));
  return found == services_by_id_.end() ? nullptr : &found->second;
}

const packet::Endpoint* SyncDirectory::server(core::ServerId id) const {
  const auto found = servers_by_id_.find(index_of(id));
  return found == servers_by_id_.end() ? nullptr : &found->second;
}

}  // namespace penstock::control
