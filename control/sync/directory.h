// What the ids in the workers' tables stand for, both ways: connection sync names services and servers by their addresses.
//
// Immutable; control makes a new one when a configuration changes and gives it to the sync thread. An id is given to somebody
// else only 30 s after its last connection (Director), so a directory that is a moment old doesn't mislead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "control/director/director.h"
#include "dataplane/core/connection_state.h"
#include "dataplane/core/ids.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

class SyncDirectory {
 public:
  struct Service {
    packet::Endpoint endpoint;
    packet::Protocol protocol{};
  };

  SyncDirectory(const Director& director, const config::LvsTimeouts& timeouts);

  [[nodiscard]] std::optional<core::VirtualId> find_service(const packet::Endpoint& endpoint, packet::Protocol protocol) const;
  // Nothing where the service has no such server.
  [[nodiscard]] std::optional<core::ServerId> find_server(core::VirtualId service, const packet::Endpoint& server) const;
  // Null where the id isn't given out.
  [[nodiscard]] const Service* service(core::VirtualId id) const;
  [[nodiscard]] const packet::Endpoint* server(core::ServerId id) const;
  // For entries that say no time.
  [[nodiscard]] const core::StateTimeouts& timeouts() const { return timeouts_; }

 private:
  struct ServiceKey {
    packet::Endpoint endpoint;
    packet::Protocol protocol{};
    friend bool operator==(const ServiceKey&, const ServiceKey&) = default;
  };
  struct ServerKey {
    packet::Endpoint endpoint;
    core::VirtualId service{};
    friend bool operator==(const ServerKey&, const ServerKey&) = default;
  };
  struct Hash {
    std::size_t operator()(const ServiceKey& key) const {
      return mix(std::hash<packet::Endpoint>{}(key.endpoint), static_cast<std::size_t>(key.protocol));
    }
    std::size_t operator()(const ServerKey& key) const {
      return mix(std::hash<packet::Endpoint>{}(key.endpoint), index_of(key.service));
    }
    static std::size_t mix(std::size_t hash, std::size_t more) { return hash ^ (more * 0x9e3779b97f4a7c15U); }
  };

  std::unordered_map<ServiceKey, core::VirtualId, Hash> services_;
  std::unordered_map<ServerKey, core::ServerId, Hash> servers_;
  std::unordered_map<std::uint16_t, Service> services_by_id_;
  std::unordered_map<std::uint16_t, packet::Endpoint> servers_by_id_;
  core::StateTimeouts timeouts_;
};

}  // namespace penstock::control
