#include "bench/traffic.h"

#include <algorithm>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

using packet::Be16;
using packet::Be32;

constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);
constexpr std::size_t kL4 = kL3 + sizeof(packet::Ipv4Header);

}  // namespace

packet::Ipv4Address vip() { return packet::Ipv4Address{0xc0a8'01c8}; }

Traffic::Traffic(std::uint8_t tcp_flags, const packet::MacAddress& to) : to_{to} {
  for (std::size_t slot = 0; slot < core::kBurst; ++slot) {
    std::byte* const data = memory_[slot].data();
    packet::overlay<packet::EthernetHeader>(data) = {
        .destination = to, .source = {{2, 0, 0, 0, 0, 0x0c}}, .ether_type = Be16{packet::ether_type::kIpv4}};
    packet::overlay<packet::Ipv4Header>(data + kL3) = {.version_ihl = 0x45,
                                                       .type_of_service = 0,
                                                       .total_length = Be16{40},
                                                       .identification = {},
                                                       .flags_fragment_offset = {},
                                                       .time_to_live = 64,
                                                       .protocol = packet::ip_protocol::kTcp,
                                                       .header_checksum = {},
                                                       .source = {},
                                                       .destination = vip()};
    packet::overlay<packet::TcpHeader>(data + kL4) = {.source_port = {},
                                                      .destination_port = Be16{kPort},
                                                      .sequence_number = {},
                                                      .acknowledgment_number = {},
                                                      .data_offset_reserved = 0x50,
                                                      .flags = tcp_flags,
                                                      .window = {},
                                                      .checksum = {},
                                                      .urgent_pointer = {}};
    frames_[slot] = {.data = data,
                     .length = kFrameSize - 4,
                     .capacity = static_cast<std::uint16_t>(memory_[slot].size()),
                     .packet_length = kFrameSize - 4};
  }
  base_sum_ = 0x4500 + 40 + (64 << 8 | packet::ip_protocol::kTcp) + (vip().value() >> 16) + (vip().value() & 0xffff);
}

void Traffic::write_flow(std::size_t slot, std::uint32_t flow) {
  std::byte* const data = memory_[slot].data();
  packet::overlay<packet::EthernetHeader>(data).destination = to_;
  auto& ip = packet::overlay<packet::Ipv4Header>(data + kL3);
  const std::uint32_t client = 0x0a00'0000 | flow >> 8;
  ip.source.set(client);
  ip.time_to_live = 64;
  std::uint32_t sum = base_sum_ + (client >> 16) + (client & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  ip.header_checksum.set(static_cast<std::uint16_t>(~sum));
  packet::overlay<packet::TcpHeader>(data + kL4).source_port.set(static_cast<std::uint16_t>(1024 + (flow & 0xff)));
}

std::unique_ptr<const core::Snapshot> snapshot_for(unsigned servers, core::SchedulerKind scheduler, unsigned others,
                                                   unsigned virtual_routers) {
  core::SnapshotBuilder builder;
  builder.set_port(0, kPortMac);
  for (unsigned vrid = 1; vrid <= virtual_routers; ++vrid) builder.add_virtual_mac(0, {virtual_mac(vrid), core::kAlwaysOurs});
  core::ServiceSpec spec{.endpoint = {vip(), kPort},
                         .protocol = packet::Protocol::kTcp,
                         .virtual_id = core::VirtualId{1},
                         .scheduler = scheduler,
                         .scheduler_slot = 1,
                         .generation = 1,
                         .members = {}};
  std::vector<core::MaglevTable::Member> in_table;
  for (unsigned i = 0; i < servers; ++i) {
    const core::ServerId id{static_cast<std::uint16_t>(i)};
    builder.set_server(id, {.destination = {{2, 0, 0, 0, 1, static_cast<std::uint8_t>(i)}},
                            .source = kPortMac,
                            .available = true,
                            .resolved = true,
                            .weight = 1 + i % 4});
    spec.members.push_back(id);
    in_table.push_back({id, i, 1 + i % 4});
  }
  if (scheduler == core::SchedulerKind::kMaglev) spec.maglev = std::make_shared<const core::MaglevTable>(in_table);
  builder.add_service(spec);
  for (unsigned i = 0; i < others; ++i) {
    builder.add_service({.endpoint = {packet::Ipv4Address{0xc0a8'0200 + i}, kPort},
                         .protocol = packet::Protocol::kTcp,
                         .virtual_id = core::VirtualId{static_cast<std::uint16_t>(2 + i)},
                         .scheduler_slot = static_cast<std::uint16_t>(2 + i),
                         .generation = 1,
                         .members = {}});
  }
  return builder.build();
}

}  // namespace penstock::bench
