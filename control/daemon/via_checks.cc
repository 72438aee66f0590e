#include "control/daemon/via_checks.h"

#include <sys/socket.h>

#include <cerrno>
#include <expected>
#include <optional>

#include "control/log.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/overlay.h"
#include "healthcheck/io/own_failure.h"
#include "healthcheck/io/probe_socket.h"

namespace penstock::control {
namespace {

// The address that this host's own packets to a server come from: what a connected UDP socket has, which sends nothing.
std::expected<packet::IpAddress, healthcheck::ProbeResult> source_towards(const packet::IpAddress& server) {
  const healthcheck::Connection connection{.target = {server, 9}};
  const auto socket = healthcheck::open_probe_socket(connection, SOCK_DGRAM);
  if (!socket) return std::unexpected{socket.error()};
  if (const auto connected = healthcheck::start_connecting(*socket, connection); !connected) {
    return std::unexpected{connected.error()};
  }
  const auto own = healthcheck::local_end_of(*socket);
  if (!own) return std::unexpected{healthcheck::own_failure("getsockname", errno)};
  return own->address;
}

}  // namespace

ViaChecks::ViaChecks(EventLoop& loop, const Director& director, dpdk::Exchange& exchange)
    : director_{director},
      exchange_{exchange},
      gate_{CheckGate::open(
          loop, [this](const packet::Endpoint& source) { return door_->server_of(source); },
          [this](const packet::IpAddress& server, std::span<std::byte> frame) { forward(server, frame); })} {
  if (gate_) door_ = std::make_shared<healthcheck::ViaGate>((*gate_)->network_namespace());
}

std::expected<void, std::string> ViaChecks::prepare(const config::Model& model) {
  servers_.clear();
  for (const config::VirtualServer& service : model.virtual_servers) {
    for (const config::RealServer& real : service.real_servers) {
      for (const healthcheck::CheckSpec& check : real.health.checks) {
        if (check.connection.via_vip) servers_.insert(check.connection.target.address);
      }
    }
  }
  if (servers_.empty()) return {};
  if (!gate_) return std::unexpected{gate_.error()};
  refresh();
  return {};
}

void ViaChecks::refresh() {
  if (!gate_) return;
  for (const packet::IpAddress& server : servers_) {
    const auto source = source_towards(server);
    if (source) {
      if (const auto added = (*gate_)->add_source(*source); !added) log::warning("{}", added.error());
    }
    // Without a descriptor to ask by, what was known goes on.
    if (source || source.error().has_run()) door_->set_source(server, source ? std::optional{*source} : std::nullopt);
  }
}

// To the server itself or its router; where no MAC address is known the packet is lost, as any packet would be.
void ViaChecks::forward(const packet::IpAddress& server, std::span<std::byte> frame) {
  const auto way = director_.way_to(server);
  if (!way) return;
  auto& ethernet = packet::overlay<packet::EthernetHeader>(frame.data());
  ethernet.destination = way->destination;
  ethernet.source = way->source;
  exchange_.inject(way->egress, frame, dpdk::Urgency::kBulk);
}

}  // namespace penstock::control
