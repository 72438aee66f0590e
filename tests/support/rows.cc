#include "tests/support/rows.h"

#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

constexpr core::OwnerId kMasterHere{1};
constexpr core::OwnerId kMasterElsewhere{2};

const core::Ownership& ownership() {
  static const core::Ownership& kOwnership = *[] {
    static core::Ownership ownership;
    ownership.set(kMasterHere, true);
    return &ownership;
  }();
  return kOwnership;
}

}  // namespace

packet::MacAddress port_mac(core::PortIndex port) { return port == 0 ? kDirectorMac : kInsideMac; }

packet::MacAddress server_mac(unsigned server) { return {{0x02, 0, 0, 0, 1, static_cast<std::uint8_t>(server)}}; }

std::unique_ptr<const core::Snapshot> snapshot_of(const Situation& situation, std::uint32_t generation) {
  core::SnapshotBuilder builder{ownership()};
  for (const core::PortIndex port : {core::PortIndex{0}, core::PortIndex{1}}) builder.set_port(port, port_mac(port));
  const core::OwnerId owner = situation.is_backup ? kMasterElsewhere : kMasterHere;
  builder.add_virtual_mac(0, {kVirtualMac, owner});
  for (unsigned i = 0; i < situation.servers.size(); ++i) {
    const RowServer& server = situation.servers[i];
    builder.set_server(core::ServerId{static_cast<std::uint16_t>(i)},
                       {.destination = server.resolved ? server_mac(i) : packet::MacAddress{},
                        .source = port_mac(server.egress),
                        .mtu = server.mtu,
                        .egress = server.egress,
                        .available = server.available,
                        .resolved = server.resolved,
                        .local = server.local,
                        .weight = server.weight,
                        .upper_threshold = server.upper_threshold,
                        .lower_threshold = server.lower_threshold});
  }
  for (const RowService& service : situation.services) {
    std::vector<core::ServerId> members;
    std::vector<core::MaglevTable::Member> in_table;
    for (auto server = service.servers.rbegin(); server != service.servers.rend(); ++server) {
      members.push_back(core::ServerId{static_cast<std::uint16_t>(*server)});
      in_table.push_back({members.back(), 0xc0a8'01b3 + *server, situation.servers.at(*server).weight});
    }
    const bool is_maglev = service.scheduler == core::SchedulerKind::kMaglev;
    builder.add_service({.endpoint = {packet::IpAddress::parse(service.vip).value(), service.port},
                         .protocol = service.protocol,
                         .virtual_id = core::VirtualId{service.id},
                         .scheduler = service.scheduler,
                         .scheduler_slot = service.id,
                         .generation = generation,
                         .members = std::move(members),
                         .owner = owner,
                         .maglev_flags = service.maglev_flags,
                         .maglev = is_maglev ? std::make_shared<const core::MaglevTable>(in_table) : nullptr});
  }
  for (const std::string& target : situation.check_targets) {
    builder.add_check_target(packet::IpAddress::parse(target).value());
  }
  builder.set_sync_flow({packet::IpAddress::parse("224.0.0.81").value(), 8848});
  builder.set_sync_policy(core::SyncPolicy{situation.sync});
  builder.set_expire_nodest_conn(situation.expire_nodest_conn);
  builder.set_sloppy_tcp(situation.sloppy_tcp);
  builder.set_expected_adverts(situation.adverts);
  return builder.build();
}

const std::vector<Row>& all_rows() {
  static const std::vector<Row> kRows = [] {
    std::vector<Row> rows;
    add_forwarding_rows(rows);
    add_connection_rows(rows);
    add_server_rows(rows);
    add_full_table_rows(rows);
    add_fragment_rows(rows);
    add_icmp_rows(rows);
    add_kernel_rows(rows);
    add_malformed_rows(rows);
    add_ownership_rows(rows);
    return rows;
  }();
  return kRows;
}

Bytes without_identification(Bytes frame) {
  const std::size_t l3 = layer3_offset(frame);
  if (frame.size() < l3 + sizeof(packet::Ipv4Header)) return frame;
  auto& ip = packet::overlay<packet::Ipv4Header>(frame.data() + l3);
  if (ip.version() != 4) return frame;
  ip.identification = {};
  ip.header_checksum = {};
  return frame;
}

}  // namespace penstock::test
