// The tables for people, and the same facts as JSON.
#include "control/cli/show.h"

#include <gtest/gtest.h>

#include "control/cli/commands.h"
#include "control/cli/show_json.h"
#include "control/cli/text_table.h"
#include "control/cli/units.h"
#include "tests/control/cli/fake_source.h"
#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

using std::chrono::seconds;

packet::MacAddress mac(std::string_view text) { return *packet::MacAddress::parse(text); }

ServiceStatus how_to_service() {
  ServiceStatus service;
  service.endpoint = golden::endpoint("192.168.1.200:80");
  service.scheduler = "rr";
  service.counters = {.connections = 1'234'567, .in_packets = 9'876'543, .in_bytes = 987'654'321};
  service.rates = {.connections = 1'250, .in_packets = 12'345, .in_bytes = 1'500'000};
  const auto add = [&service](std::string_view place, ServerState state, std::optional<NextHopStatus> hop) {
    RealServerStatus server;
    server.endpoint = golden::endpoint(place);
    server.state = state;
    server.active_connections = 12;
    server.inactive_connections = 3'456;
    server.counters = {.connections = 411'522, .in_packets = 3'292'181, .in_bytes = 329'218'107};
    server.next_hop = std::move(hop);
    service.servers.push_back(server);
  };
  const auto address = [](std::string_view text) { return *packet::IpAddress::parse(text); };
  add("192.168.1.10:80", ServerState::kAvailable,
      NextHopStatus{address("192.168.1.10"), "eth0", mac("02:00:00:00:00:0a"), "REACHABLE"});
  add("10.0.0.9:80", ServerState::kAvailable, NextHopStatus{address("192.168.1.1"), "eth0", mac("02:00:00:00:00:01"), "STALE"});
  add("192.168.1.12:80", ServerState::kUnresolved, std::nullopt);
  add("192.168.1.2:80", ServerState::kLocal, std::nullopt);
  service.servers.back().weight = 0;
  add("192.168.1.13:80", ServerState::kRemoved, std::nullopt);
  return service;
}

DaemonStatus how_to_daemon() {
  DaemonStatus daemon;
  daemon.version = "0.1.0";
  daemon.uptime = seconds{3 * 86'400 + 4 * 3'600 + 59};
  daemon.connection_table_size = 4'194'304;
  daemon.packets_per_second = 12'345.6;
  return daemon;
}

TEST(Show, services) {
  const std::vector<ServiceStatus> services{how_to_service()};
  EXPECT_EQ(show_services(services),
            "  Real server      Weight  State       Active  Inactive  Next hop\n"
            "TCP 192.168.1.200:80 rr\n"
            "  192.168.1.10:80       1  available       12     3,456  eth0 02:00:00:00:00:0a REACHABLE\n"
            "  10.0.0.9:80           1  available       12     3,456  via 192.168.1.1 eth0 02:00:00:00:00:01 STALE\n"
            "  192.168.1.12:80       1  unresolved      12     3,456  -\n"
            "  192.168.1.2:80        0  local           12     3,456  this host\n"
            "  192.168.1.13:80       1  removed         12     3,456  -\n");
}

TEST(Show, services_with_flags_and_without_servers) {
  std::vector<ServiceStatus> services{how_to_service()};
  services[0].servers.clear();
  services[0].flags.persistence = seconds{120};
  EXPECT_EQ(show_services(services),
            "  Real server  Weight  State  Active  Inactive  Next hop\n"
            "TCP 192.168.1.200:80 rr, persistent for 2 min 0 s\n"
            "  (no real server)\n");
  EXPECT_EQ(show_services({}), "No virtual service is configured.\n");
}

TEST(Show, stats) {
  std::vector<ServiceStatus> services{how_to_service()};
  services[0].servers.resize(1);
  WorkerStatus worker;
  worker.connections_v4 = {1'000, 2'000'000};
  worker.connections_v6 = {234, 97'152};
  const std::vector<WorkerStatus> workers{worker, worker};
  EXPECT_EQ(show_stats(how_to_daemon(), workers, services),
            "penstock 0.1.0, up 3 d 4 h, 12.3 k packets/s, 2,468 of 4,194,304 connections\n"
            "\n"
            "Service               Connections  Packets in  Bytes in\n"
            "TCP 192.168.1.200:80    1,234,567   9,876,543    987 MB\n"
            "  192.168.1.10:80         411,522   3,292,181    329 MB\n");
}

TEST(Show, rate) {
  std::vector<ServiceStatus> services{how_to_service()};
  services[0].servers.resize(1);
  EXPECT_EQ(show_rate(how_to_daemon(), services),
            "penstock 0.1.0, up 3 d 4 h, 12.3 k packets/s\n"
            "\n"
            "Service               Connections/s  Packets/s in           In\n"
            "TCP 192.168.1.200:80          1,250        12.3 k  12.0 Mbit/s\n"
            "  192.168.1.10:80                 0             0      0 bit/s\n");
}

TEST(Show, answers_have_columns_when_any_were_counted) {
  std::vector<ServiceStatus> services{how_to_service()};
  services[0].counters.out_packets = 1;
  EXPECT_NE(show_stats(how_to_daemon(), {}, services).find("Packets out"), std::string::npos);
  EXPECT_NE(show_rate(how_to_daemon(), services).find("Packets/s out"), std::string::npos);
}

std::vector<DropStatus> drops() {
  using enum packet::DropReason;
  return {{kFrameTruncated, 0, {0, 0}}, {kNoServer, 7, {3, 4}}, {kTtlExceeded, 12'345, {12'345, 0}}};
}

TEST(Show, drops_by_frequency) {
  EXPECT_EQ(show_drops(drops(), false),
            "Packets  Reason        Meaning\n"
            " 12,345  ttl_exceeded  TTL or hop limit used up (answered by time exceeded)\n"
            "      7  no_server     no real server available (answered by port unreachable)\n");
  EXPECT_EQ(show_drops(drops(), true),
            "Packets  Reason           Meaning\n"
            " 12,345  ttl_exceeded     TTL or hop limit used up (answered by time exceeded)\n"
            "      7  no_server        no real server available (answered by port unreachable)\n"
            "      0  frame_truncated  shorter than an Ethernet or VLAN header\n");
  EXPECT_EQ(show_drops({}, false), "No packet was dropped.\n");
}

std::vector<WorkerStatus> workers() {
  WorkerStatus worker;
  worker.cpu = 2;
  worker.polls = 1'000'000;
  worker.busy = 0.123;
  worker.cycles_per_packet = 66.6;
  worker.packets_per_burst = 31.25;
  worker.received = 12'345'678;
  worker.transmitted = 12'000'000;
  worker.actions = {.forwarded = 12'000'000, .replied = 5, .punted = 345'000, .handed_over = 600, .held = 3, .dropped = 70};
  worker.connections_v4 = {1'000, 2'097'152};
  worker.connections_v6 = {0, 524'288};
  return {worker};
}

TEST(Show, workers) {
  auto list = workers();
  const std::string table =
      "Worker  CPU    Busy  Cycles each  Burst  Received  Forwarded  Replied  To kernel  Handed over  Dropped   Connections v4 "
      "         v6\n"
      "     0    2  12.3 %           67   31.2    12.3 M     12.0 M        5      345 k          600       70  1,000 of 2.09 M "
      " 0 of 524 k\n";
  EXPECT_EQ(show_workers(list), table);
  list[0].table_full_evicted = 1'234;
  EXPECT_EQ(show_workers(list), table +
                                    "\nConnection table of worker 0 was full: 1,234 connections gave way, 0 packets were "
                                    "forwarded without state.\n");
}

TEST(Show, where_the_cycles_of_a_packet_go) {
  FakeSource source;
  source.worker_list = workers();
  const std::vector<std::string> words{"show", "workers", "--stages"};
  EXPECT_EQ(answer_command(words, source).out,
            "The stages are watched from now on; what the packets of a second took is known after it.\n");
  EXPECT_EQ(source.watched, 1);
  source.measured = true;
  EXPECT_EQ(answer_command(words, source).out, "The stages are watched, but no packet came in the last second.\n");
  source.worker_list[0].stages = {{"receive", 15.25}, {"forward", 40}};
  source.worker_list.push_back({.index = 1});
  EXPECT_EQ(answer_command(words, source).out,
            "Worker  Cycles each  receive  forward\n"
            "     0         66.6     15.2     40.0\n"
            "     1          0.0\n");
  EXPECT_EQ(workers_json(source.worker_list)[0]["stages"], (Json{{"receive", 15.25}, {"forward", 40.0}}));
  EXPECT_EQ(workers_json(source.worker_list)[1]["stages"], Json{});
}

std::vector<ThreadStatus> threads() {
  using std::chrono::microseconds;
  return {
      {"control", {.turns = 12'345, .worst = microseconds{4'300}, .worst_lately = microseconds{210}, .busy_lately = 0.0123}},
      {"health", {.turns = 7}},
      {"vrrp", {.turns = 8}, microseconds{120}}};
}

TEST(Show, threads) {
  EXPECT_EQ(show_threads(threads()),
            "Thread   Busy, last minute   Turns  Longest turn  Longest, last minute  Latest timer\n"
            "control              1.2 %  12.3 k        4.3 ms                0.2 ms\n"
            "health               0.0 %       7        0.0 ms                0.0 ms\n"
            "vrrp                 0.0 %       8        0.0 ms                0.0 ms        0.1 ms\n");
}

std::vector<PortStatus> ports() {
  PortStatus port;
  port.name = "eth0";
  port.device = "net_af_packet0,iface=x";
  port.mac = mac("02:00:00:00:00:01");
  port.mtu = 1500;
  port.link_up = true;
  port.link_mbps = 10'000;
  port.rx_queues = 2;
  port.tx_queues = 3;
  port.rx_packets = 12'345'678;
  port.rx_bytes = 1'234'567'890;
  port.tx_packets = 999;
  port.tx_bytes = 99'999;
  port.rx_missed = 1'234;
  return {port};
}

TEST(Show, ports) {
  auto list = ports();
  EXPECT_EQ(show_ports(list),
            "Port  Link           MAC address         MTU  Queues  Received           Sent           Missed  Errors  Device\n"
            "eth0  up, 10 Gbit/s  02:00:00:00:00:01  1500     2+3    12.3 M  1.23 GB   999  99.9 kB   1,234       0  "
            "net_af_packet0,iface=x\n");
  list[0].link_mbps = 2'500;
  EXPECT_NE(show_ports(list).find("eth0  up, 2500 Mbit/s  02:"), std::string::npos);
  list[0].link_mbps = 0;
  EXPECT_NE(show_ports(list).find("eth0  up    02:"), std::string::npos);
  list[0].link_up = false;
  EXPECT_NE(show_ports(list).find("eth0  down  02:"), std::string::npos);
}

TEST(Show, connections) {
  std::string table = show_connections_title();
  append_connection(table, golden::reference_connections()[4]);
  append_connection(table, golden::reference_connections()[1]);
  ConnectionStatus learned = golden::reference_connections()[3];
  learned.worker.reset();
  append_connection(table, learned);
  table += show_connections_end(3);
  EXPECT_EQ(table,
            "Proto State       Expires  Client                Virtual service       Real server           Worker\n"
            "TCP   ESTABLISHED   14:56  10.77.0.10:41000      10.77.0.100:80        10.77.0.23:80              0\n"
            "TCP   FIN_WAIT       1:53  [fd77::10]:40101      [fd77::100]:80        [fd77::23]:80              0\n"
            "TCP   FIN_WAIT       1:53  10.77.0.10:40007      10.77.0.100:80        10.77.0.22:80              -\n"
            "3 connections\n");
  EXPECT_EQ(connection_json(learned)["worker"], nullptr);
  EXPECT_EQ(connection_json(golden::reference_connections()[3])["worker"], 0);
  EXPECT_EQ(show_connections_end(1), "1 connection\n");
}

TEST(ShowJson, services) {
  const std::vector<ServiceStatus> services{how_to_service()};
  const Json json = services_json(services);
  ASSERT_EQ(json.size(), 1);
  EXPECT_EQ(json[0]["protocol"], "TCP");
  EXPECT_EQ(json[0]["address"], "192.168.1.200");
  EXPECT_EQ(json[0]["port"], 80);
  EXPECT_EQ(json[0]["scheduler"], "rr");
  EXPECT_EQ(json[0]["persistence_seconds"], nullptr);
  EXPECT_EQ(json[0]["counters"]["in_bytes"], 987'654'321);
  EXPECT_EQ(json[0]["rates"]["connections"], 1'250);
  ASSERT_EQ(json[0]["servers"].size(), 5);
  EXPECT_EQ(json[0]["servers"][1]["next_hop"],
            (Json{{"address", "192.168.1.1"}, {"interface", "eth0"}, {"mac", "02:00:00:00:00:01"}, {"state", "STALE"}}));
  EXPECT_EQ(json[0]["servers"][2]["next_hop"], nullptr);
  EXPECT_EQ(json[0]["servers"][2]["state"], "unresolved");
  EXPECT_EQ(json[0]["servers"][3]["weight"], 0);
  EXPECT_EQ(json[0]["servers"][4]["state"], "removed");
  EXPECT_EQ(services_json({}), Json::array());
}

TEST(ShowJson, persistence_has_its_prefix) {
  const Json json = services_json(golden::mixed_services());
  EXPECT_EQ(json[3]["persistence_seconds"], 300);
  EXPECT_EQ(json[3]["persistence_prefix"], 64);
  EXPECT_EQ(json[4]["persistence_prefix"], 32);
  EXPECT_EQ(json[5]["scheduler_flags"], (Json{"sh-fallback", "sh-port"}));
  EXPECT_EQ(json[5]["one_packet"], true);
}

TEST(ShowJson, drops_workers_threads_ports_and_daemon) {
  EXPECT_EQ(drops_json(drops())[1], (Json{{"reason", "no_server"},
                                          {"meaning", "no real server available (answered by port unreachable)"},
                                          {"packets", 7},
                                          {"per_worker", {3, 4}}}));
  EXPECT_EQ(drops_json(drops()).size(), 3) << "zero counts too";
  const Json worker = workers_json(workers())[0];
  EXPECT_EQ(
      worker["actions"],
      (Json{
          {"forwarded", 12'000'000}, {"replied", 5}, {"punted", 345'000}, {"handed_over", 600}, {"held", 3}, {"dropped", 70}}));
  EXPECT_EQ(worker["connections_v4"], (Json{{"used", 1'000}, {"capacity", 2'097'152}}));
  EXPECT_EQ(threads_json(threads())[0], (Json{{"thread", "control"},
                                              {"busy_last_minute", 0.0123},
                                              {"turns", 12'345},
                                              {"longest_turn_seconds", 0.0043},
                                              {"longest_turn_last_minute_seconds", 0.00021},
                                              {"worst_timer_delay_seconds", nullptr}}));
  EXPECT_EQ(threads_json(threads())[2]["worst_timer_delay_seconds"], 0.00012);
  EXPECT_EQ(ports_json(ports())[0]["rx_missed"], 1'234);
  EXPECT_EQ(daemon_json(how_to_daemon())["timeouts"], (Json{{"tcp", 900}, {"tcp_fin", 120}, {"udp", 300}}));
  EXPECT_EQ(connection_json(golden::reference_connections()[4])["source"], (Json{{"address", "10.77.0.10"}, {"port", 41'000}}));
}

// The whole output of a command, streamed or not.
std::string output(std::vector<std::string> args, FakeSource& source) {
  Answer answer = printed(answer_command(args, source));
  EXPECT_EQ(answer.err, "");
  std::string text = std::move(answer.out);
  for (bool more = answer.rest != nullptr; more;)
    answer.rest->more([&](const std::string& piece, bool last) {
      text += piece;
      more = !last;
    });
  return text;
}

TEST(Commands, every_listing_exists_as_json) {
  FakeSource source;
  source.daemon_status = how_to_daemon();
  source.service_list = {how_to_service()};
  source.worker_list = workers();
  source.thread_list = threads();
  source.drop_list = drops();
  source.port_list = ports();
  source.port_list[0].name = "eth\xff";  // an interface's name may hold any byte
  source.config = "global_defs {\n}\n";
  source.walk->total = 2'500;
  for (const std::string_view line :
       {"show services", "show connections", "show stats", "show rate", "show drops", "show workers", "show threads",
        "show ports", "show vrrp", "show config", "ipvsadm -Ln", "ipvsadm -Lnc", "ipvsadm -Ln --stats", "ipvsadm -Ln --timeout",
        "ipvsadm -L --daemon", "ipvsadm -Sn", "ipvsadm -Ln -t 192.168.1.200:80"}) {
    std::vector<std::string> args;
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      args.emplace_back(line.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_FALSE(Json::accept(output(args, source))) << line << " without --json is text";
    args.emplace_back("--json");
    const std::string text = output(args, source);
    EXPECT_TRUE(Json::accept(text)) << line << ": " << text.substr(0, 200);
    EXPECT_TRUE(text.ends_with('\n')) << line;
  }
  EXPECT_EQ(Json::parse(output({"show", "connections", "--json"}, source)).size(), 2'500);
  source.walk->total = 0;
  EXPECT_EQ(Json::parse(output({"show", "connections", "--json"}, source)), Json::array());
}

TEST(Commands, ipvsadm_version_names_the_daemon) {
  FakeSource source;
  source.daemon_status = how_to_daemon();
  EXPECT_EQ(output({"ipvsadm", "-v"}, source), "penstock 0.1.0 (the listings of ipvsadm v1.31, IPVS v1.2.1)\n");
  EXPECT_EQ(output({"ipvsadm", "-h"}, source), ipvsadm_help());
}

TEST(Commands, show_refuses_what_it_does_not_know) {
  const auto message = [](std::vector<std::string> args) {
    const auto command = parse_command(args);
    return command ? "accepted" : command.error().message;
  };
  const std::string list = "services, connections, stats, rate, drops, workers, threads, ports, checks, vrrp, sync, config";
  EXPECT_EQ(message({"show"}), "penstock show what? There are " + list);
  EXPECT_EQ(message({"show", "service"}), "penstock show: there is no service; there are " + list);
  EXPECT_EQ(message({"show", "drops", "ports"}), "penstock show: one thing at a time, please: ports is too much");
  EXPECT_EQ(message({"show", "--every"}), "penstock show: unknown option --every");
  EXPECT_EQ(message({"show", "ports", "--all"}), "penstock show: --all goes with drops only");
  EXPECT_EQ(message({"show", "--all", "drops"}), "accepted");
  EXPECT_EQ(message({"show", "ports", "--stages"}), "penstock show: --stages goes with workers only");
  EXPECT_EQ(message({"show", "workers", "--stages"}), "accepted");
}

TEST(Units, numbers_as_people_read_them) {
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(1'000), "1,000");
  EXPECT_EQ(with_separators(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
  EXPECT_EQ(scaled(9'999), "9,999");
  EXPECT_EQ(scaled(10'000), "10.0 k");
  EXPECT_EQ(scaled(99'999), "99.9 k");
  EXPECT_EQ(scaled(999'999), "999 k");
  EXPECT_EQ(scaled(1'009'999), "1.00 M");
  EXPECT_EQ(scaled(18'446'744'073'709'551'615U), "18.4 E");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bit_rate(1'250), "10.0 kbit/s");
  EXPECT_EQ(percent(1), "100.0 %");
  EXPECT_EQ(duration_text(seconds{59}), "59 s");
  EXPECT_EQ(duration_text(seconds{60}), "1 min 0 s");
  EXPECT_EQ(duration_text(seconds{86'399}), "23 h 59 min");
  EXPECT_EQ(duration_text(seconds{86'400 * 365}), "365 d 0 h");
}

TEST(TextTable, pads_between_columns_and_never_at_the_end) {
  TextTable table{{{"A"}, {"Number", TextTable::Align::kRight}, {"Last"}}};
  table.add({"long text", "1", ""});
  table.add_heading("a heading that is wider than the first column");
  table.add({"x"});
  EXPECT_EQ(table.text(),
            "A          Number  Last\n"
            "long text       1\n"
            "a heading that is wider than the first column\n"
            "x\n");
}

}  // namespace
}  // namespace penstock::control
