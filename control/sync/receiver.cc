#include "control/sync/receiver.h"

#include <algorithm>
#include <chrono>

#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"

namespace penstock::control {
namespace {

struct Words {
  std::string_view name;
  std::string_view sentence;
};
constexpr std::array<Words, kEntryRefusalCount> kWords{{
    {"other_syncid", "a datagram of another pair of directors (its syncid is not ours)"},
    {"template", "an entry of a persistent service: persistence is not supported"},
    {"protocol", "neither TCP nor UDP"},
    {"unknown_service", "for a virtual server that is not in the configuration"},
    {"unknown_server", "for a real server that its virtual server doesn't have"},
    {"client_address", "from an address that no host has"},
    {"outdated", "the end of a connection that has another server by now"},
    {"table_full", "there is no more room for connections to keep"},
}};

bool is_host(const packet::IpAddress& address) {
  if (address.is_v4()) {
    return !packet::is_multicast(address.v4()) && !packet::is_limited_broadcast(address.v4()) &&
           !packet::is_loopback(address.v4()) && !packet::is_this_network(address.v4());
  }
  return !packet::is_multicast(address.v6()) && !packet::is_loopback(address.v6()) && !packet::is_unspecified(address.v6());
}

// From now on until it ends.
core::Tick span_of(const sync::Entry& entry, core::ConnectionState state, const core::StateTimeouts& timeouts) {
  if (entry.timeout.count() == 0) return timeouts[state];
  return static_cast<core::Tick>(std::min(entry.timeout, core::kMaxTimeout).count()) * core::kTicksPerSecond;
}

}  // namespace

std::string_view name_of(EntryRefusal refusal) { return kWords[static_cast<std::size_t>(refusal)].name; }
std::string_view describe(EntryRefusal refusal) { return kWords[static_cast<std::size_t>(refusal)].sentence; }

std::optional<sync::Note> SyncReceiver::take(std::span<const std::byte> datagram, const SyncDirectory& directory,
                                             core::Tick now, bool only_if_absent) {
  ++received_.datagrams;
  auto message = sync::read_message(datagram);
  if (!message) {
    ++received_.unreadable[static_cast<std::size_t>(message.error())];
    return std::nullopt;
  }
  if (syncid_ != 0 && message->syncid() != 0 && message->syncid() != syncid_) {
    refuse(EntryRefusal::kOtherSyncId);
    return std::nullopt;
  }
  while (auto entry = message->next()) {
    if (!*entry) {
      ++received_.unreadable[static_cast<std::size_t>(entry->error())];
    } else {
      take_entry(**entry, directory, now, only_if_absent);
    }
  }
  return message->note();
}

void SyncReceiver::take_entry(const sync::Entry& entry, const SyncDirectory& directory, core::Tick now, bool only_if_absent) {
  if (entry.is_template()) return refuse(EntryRefusal::kTemplate);
  if (const auto refusal = sync::refusal_of(entry)) {
    ++received_.unreadable[static_cast<std::size_t>(*refusal)];
    return;
  }
  const auto protocol = static_cast<packet::Protocol>(entry.protocol);
  if (protocol != packet::Protocol::kTcp && protocol != packet::Protocol::kUdp) return refuse(EntryRefusal::kProtocol);
  const auto service = directory.find_service(entry.virtual_server, protocol);
  if (!service) return refuse(EntryRefusal::kUnknownService);
  const auto server = directory.find_server(*service, entry.real_server);
  if (!server) return refuse(EntryRefusal::kUnknownServer);
  if (!is_host(entry.client.address)) return refuse(EntryRefusal::kClientAddress);

  const auto state =
      protocol == packet::Protocol::kUdp ? core::ConnectionState::kUdp : static_cast<core::ConnectionState>(entry.state);
  const core::StandbyConnection connection{.server = *server,
                                           .state = state,
                                           .only_if_absent = only_if_absent,
                                           .expires = now + span_of(entry, state, directory.timeouts())};
  const packet::Endpoint& client = entry.client;
  if (client.address.is_v4()) {
    put(tables_.ipv4, {client.address.v4(), client.port, *service}, entry, connection, now);
  } else {
    put(tables_.ipv6, {client.address.v6(), client.port, *service}, entry, connection, now);
  }
}

template <typename Table>
void SyncReceiver::put(Table& table, const typename Table::Key& key, const sync::Entry& entry,
                       const core::StandbyConnection& connection, core::Tick now) {
  if (!entry.is_active()) {
    const auto known = table.find(key);
    if (known && known->server != connection.server) return refuse(EntryRefusal::kOutdated);
  }
  switch (table.put(key, connection, now)) {
    case Table::Put::kInserted: ++received_.entries_new; break;
    case Table::Put::kUpdated: ++received_.entries_updated; break;
    case Table::Put::kFull: refuse(EntryRefusal::kTableFull); break;
  }
}

}  // namespace penstock::control
