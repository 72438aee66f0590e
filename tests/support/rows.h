// Packet rows: what a frame meets and what must become of it, as plain data, so that several drivers can run the same rows (the
// pure core; the daemon's own loop on ring or pcap ports) and none needs to know how another does.
//
// A row is a situation (services and servers), what happened before (frames, changes, time), one frame in, and its outcome with
// the bytes that leave. The expected bytes are made by the test frames' builder or by a plain edit of the input, never by the
// code under test. Addresses are literals: the client is 10.0.0.1 / fd77::1, the VIP 192.168.1.200 / fd77::100.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/snapshot.h"
#include "tests/support/packet_builder.h"

namespace penstock::test {

// Port 0, where the clients are, has kDirectorMac.
inline constexpr packet::MacAddress kInsideMac{{0x02, 0, 0, 0, 0, 0x1d}};  // port 1
// Of the virtual router that has the VIPs, on port 0.
inline constexpr packet::MacAddress kVirtualMac{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x32}};

[[nodiscard]] packet::MacAddress port_mac(core::PortIndex port);
[[nodiscard]] packet::MacAddress server_mac(unsigned server);  // where it is `resolved`

// A real server; its place in Situation::servers is its ServerId.
struct RowServer {
  std::uint32_t weight = 1;
  bool available = true;
  bool resolved = true;
  bool local = false;
  std::uint16_t mtu = 1500;
  core::PortIndex egress = 0;
  std::uint32_t upper_threshold = 0;
  std::uint32_t lower_threshold = 0;
};

struct RowService {
  std::string vip;
  std::uint16_t port = 0;
  packet::Protocol protocol{};
  std::uint16_t id = 0;           // its VirtualId and its scheduler's slot
  std::vector<unsigned> servers;  // in the order in which they were added
  core::SchedulerKind scheduler = core::SchedulerKind::kRoundRobin;
  core::MaglevFlags maglev_flags{};
};

struct Situation {
  std::vector<RowServer> servers;
  std::vector<RowService> services;
  std::vector<std::string> check_targets;
  bool expire_nodest_conn = false;
  bool sloppy_tcp = false;
  std::vector<core::ExpectedAdvert> adverts{};
  core::SyncSettings sync{};
  bool is_backup = false;           // the VIPs belong to a virtual router whose master is another director
  std::size_t connections4 = 1024;  // the size of a worker's tables; only that of the row's first situation counts
  std::size_t connections6 = 512;
  unsigned workers = 1;
};

// `generation`: of all services' lists, not 0; larger for each change.
[[nodiscard]] std::unique_ptr<const core::Snapshot> snapshot_of(const Situation& situation, std::uint32_t generation);

struct Outcome {
  core::Action action{};
  packet::DropReason reason{};  // kDrop, kReply
  core::PuntClass punt{};       // kPunt
  core::PortIndex port = 0;     // kForward, kReply
  Bytes out{};                  // kForward, kReply: what is transmitted; kPunt: what the kernel gets
};

// What came before the row's frame, each in this order: a change, then time passes, then a frame comes (unless empty).
struct Event {
  std::optional<Situation> change{};
  core::Tick wait = 0;
  Bytes frame{};
};

struct Row {
  std::string name;  // a sentence, unique
  Situation situation;
  std::vector<Event> before{};
  core::Tick wait = 0;  // after all of `before`
  Bytes in{};           // empty: nothing comes, only time passes
  core::PortIndex port = 0;
  std::size_t contiguous = SIZE_MAX;  // bytes of `in` in the first segment
  Outcome expected{};                 // of `in`
  std::vector<Outcome> released{};    // of frames held from before that get their verdict now
};

// All rows, in the order of the functions below.
[[nodiscard]] const std::vector<Row>& all_rows();

// Each appends its rows.
void add_forwarding_rows(std::vector<Row>& rows);
void add_connection_rows(std::vector<Row>& rows);
void add_server_rows(std::vector<Row>& rows);
void add_full_table_rows(std::vector<Row>& rows);
void add_fragment_rows(std::vector<Row>& rows);
void add_icmp_rows(std::vector<Row>& rows);
void add_kernel_rows(std::vector<Row>& rows);
void add_malformed_rows(std::vector<Row>& rows);
void add_ownership_rows(std::vector<Row>& rows);

// An IPv4 reply's identification is a free-running counter: zeroes it, and the header checksum over it, for comparing.
[[nodiscard]] Bytes without_identification(Bytes frame);

}  // namespace penstock::test
