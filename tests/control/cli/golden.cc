#include "tests/control/cli/golden.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace penstock::control::golden {
namespace {

using packet::Protocol;

Protocol protocol(std::string_view name) {
  return name == "UDP" ? Protocol::kUdp : name == "SCTP" ? Protocol::kSctp : Protocol::kTcp;
}

ConnectionStatus row(std::string_view name, std::string_view state, std::uint32_t expires_in, std::string_view source,
                     std::string_view virtual_service, std::string_view destination) {
  return {.protocol = protocol(name),
          .state = state,
          .expires_in = expires_in,
          .source = endpoint(source),
          .virtual_service = endpoint(virtual_service),
          .destination = endpoint(destination),
          .worker = 0};
}

RealServerStatus server(std::string_view place, std::uint32_t weight, std::uint64_t active = 0, std::uint64_t inactive = 0,
                        std::uint64_t persistent = 0, const Counters& counters = {}, const Rates& rates = {}) {
  RealServerStatus result;
  result.endpoint = endpoint(place);
  result.weight = weight;
  result.active_connections = active;
  result.inactive_connections = inactive;
  result.persistent_connections = persistent;
  result.counters = counters;
  result.rates = rates;
  return result;
}

RealServerStatus limited(std::string_view place, std::uint32_t weight, std::uint32_t upper, std::uint32_t lower) {
  RealServerStatus result = server(place, weight);
  result.upper_threshold = upper;
  result.lower_threshold = lower;
  return result;
}

ServiceStatus service(std::string_view name, std::string_view place, std::string_view scheduler, const Counters& counters,
                      const Rates& rates, std::vector<RealServerStatus> servers) {
  ServiceStatus result;
  result.protocol = protocol(name);
  result.endpoint = endpoint(place);
  result.scheduler = scheduler;
  result.counters = counters;
  result.rates = rates;
  result.servers = std::move(servers);
  return result;
}

ServiceStatus flagged(std::string_view name, std::string_view place, std::string_view scheduler, ServiceFlags flags,
                      std::vector<RealServerStatus> servers) {
  ServiceStatus result = service(name, place, scheduler, {}, {}, std::move(servers));
  result.flags = std::move(flags);
  return result;
}

}  // namespace

std::string text(std::string_view name) {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA "/"} + std::string{name} + ".txt"};
  if (!file) std::abort();
  return {std::istreambuf_iterator<char>{file}, {}};
}

packet::Endpoint endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  const auto parsed = packet::IpAddress::parse(address);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (!parsed || error != std::errc{} || end != text.data() + text.size()) std::abort();
  return {*parsed, port};
}

std::vector<ServiceStatus> reference_services() {
  std::vector<ServiceStatus> services{
      service("TCP", "10.77.0.100:80", "rr", {11, 98, 0, 6108, 0}, {1, 9, 0, 578, 0},
              {server("10.77.0.21:80", 1, 1, 3, 0, {4, 35, 0, 2185, 0}, {0, 3, 0, 210, 0}),
               server("10.77.0.22:80", 1, 1, 3, 0, {4, 35, 0, 2185, 0}, {0, 3, 0, 200, 0}),
               server("10.77.0.23:80", 2, 1, 3, 0, {3, 28, 0, 1738, 0}, {0, 3, 0, 168, 0})}),
      service("TCP", "10.77.0.100:443", "wlc", {3, 21, 0, 1353, 0}, {0, 2, 0, 127, 0},
              {server("10.77.0.21:443", 1, 0, 0, 0, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}),
               server("10.77.0.22:443", 1, 0, 0, 0, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}),
               server("10.77.0.23:443", 1, 0, 3, 1, {3, 21, 0, 1353, 0}, {0, 2, 0, 127, 0})}),
      service("UDP", "10.77.0.100:5353", "wrr", {3, 15, 0, 510, 0}, {0, 2, 0, 64, 0},
              {server("10.77.0.21:5353", 1, 0, 1, 0, {1, 5, 0, 170, 0}, {0, 1, 0, 21, 0}),
               server("10.77.0.22:5353", 2, 0, 1, 0, {1, 5, 0, 170, 0}, {0, 1, 0, 21, 0}),
               server("10.77.0.23:5353", 3, 0, 1, 0, {1, 5, 0, 170, 0}, {0, 1, 0, 21, 0})}),
      service("TCP", "[fd77::100]:80", "rr", {3, 21, 0, 1761, 0}, {0, 2, 0, 165, 0},
              {server("[fd77::21]:80", 1, 0, 1, 0, {1, 7, 0, 587, 0}, {0, 1, 0, 55, 0}),
               server("[fd77::22]:80", 1, 0, 1, 0, {1, 7, 0, 587, 0}, {0, 1, 0, 55, 0}),
               server("[fd77::23]:80", 1, 0, 1, 0, {1, 7, 0, 587, 0}, {0, 1, 0, 55, 0})}),
  };
  services[1].flags.persistence = std::chrono::seconds{120};
  return services;
}

std::vector<ConnectionStatus> reference_connections() {
  return {
      row("UDP", "UDP", 296, "10.77.0.10:42000", "10.77.0.100:5353", "10.77.0.23:5353"),
      row("TCP", "FIN_WAIT", 113, "[fd77::10]:40101", "[fd77::100]:80", "[fd77::23]:80"),
      row("TCP", "FIN_WAIT", 114, "10.77.0.10:40201", "10.77.0.100:443", "10.77.0.23:443"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40007", "10.77.0.100:80", "10.77.0.22:80"),
      row("TCP", "ESTABLISHED", 896, "10.77.0.10:41000", "10.77.0.100:80", "10.77.0.23:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40001", "10.77.0.100:80", "10.77.0.22:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40004", "10.77.0.100:80", "10.77.0.22:80"),
      row("TCP", "ESTABLISHED", 896, "10.77.0.10:41002", "10.77.0.100:80", "10.77.0.21:80"),
      row("TCP", "FIN_WAIT", 115, "10.77.0.10:40203", "10.77.0.100:443", "10.77.0.23:443"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40008", "10.77.0.100:80", "10.77.0.21:80"),
      row("TCP", "FIN_WAIT", 115, "10.77.0.10:40202", "10.77.0.100:443", "10.77.0.23:443"),
      row("TCP", "ESTABLISHED", 896, "10.77.0.10:41001", "10.77.0.100:80", "10.77.0.22:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40003", "10.77.0.100:80", "10.77.0.23:80"),
      row("TCP", "FIN_WAIT", 114, "[fd77::10]:40102", "[fd77::100]:80", "[fd77::22]:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40006", "10.77.0.100:80", "10.77.0.23:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40002", "10.77.0.100:80", "10.77.0.21:80"),
      row("UDP", "UDP", 296, "10.77.0.10:42002", "10.77.0.100:5353", "10.77.0.21:5353"),
      row("TCP", "FIN_WAIT", 103, "10.77.0.10:35988", "10.77.0.100:80", "10.77.0.23:80"),
      row("UDP", "UDP", 296, "10.77.0.10:42001", "10.77.0.100:5353", "10.77.0.22:5353"),
      row("TCP", "FIN_WAIT", 114, "[fd77::10]:40103", "[fd77::100]:80", "[fd77::21]:80"),
      row("TCP", "FIN_WAIT", 113, "10.77.0.10:40005", "10.77.0.100:80", "10.77.0.21:80"),
      row("TCP", "ASSURED", 115, "10.77.0.10:0", "10.77.0.100:443", "10.77.0.23:443"),
  };
}

std::vector<ConnectionStatus> odd_connections() {
  return {
      row("UDP", "UDP", 296, "10.77.0.10:42000", "10.77.0.100:5353", "10.77.0.23:5353"),
      row("TCP", "ESTABLISHED", 360000, "192.168.100.200:65535", "192.168.100.201:65535", "192.168.100.202:65535"),
      row("TCP", "ESTABLISHED", 6000, "192.168.100.200:65535", "192.168.100.201:65535", "192.168.100.202:65535"),
      row("TCP", "SYN_RECV", 0, "192.168.100.200:65535", "192.168.100.201:65535", "192.168.100.202:65535"),
      row("TCP", "FIN_WAIT", 113, "[fd77:1111:2222:3333:4444:5555:6666:7777]:40101", "[fd77::100]:80",
          "[fd77:1111:2222:3333:4444:5555:6666:7777]:65535"),
      row("TCP", "FIN_WAIT", 113, "[fd77:1111:2222:3333:4444:5555:6666:7777]:40101", "[fd77:1111::6666:100]:80",
          "10.77.0.21:65535"),
      row("TCP", "ASSURED", 115, "10.77.0.10:0", "10.77.0.100:443", "10.77.0.23:443"),
      row("SCTP", "ESTABLISHED", 115, "10.77.0.10:1", "10.77.0.100:443", "10.77.0.23:443"),
      row("UDP", "UDP", 86400000, "10.77.0.10:42000", "10.77.0.100:5353", "10.77.0.23:5353"),
  };
}

// In the kernel's order, which --nosort keeps.
std::vector<ServiceStatus> mixed_services() {
  using std::chrono::seconds;
  return {
      flagged("TCP", "[fd77::100]:80", "rr", {},
              {server("[fd77::abcd:21]:80", 0), server("[fd77::3]:80", 1), server("[fd77::22]:80", 1)}),
      flagged("TCP", "10.9.0.1:80", "rr", {},
              {server("192.168.7.7:80", 1), limited("10.77.0.199:80", 199, 1000, 10), limited("10.77.0.3:80", 3, 1000, 10),
               limited("10.77.0.22:80", 22, 1000, 10), limited("10.77.0.21:80", 21, 1000, 10),
               limited("10.77.0.23:80", 23, 1000, 10)}),
      flagged("UDP", "[fd77::100]:80", "wrr", {.one_packet = true}, {}),
      flagged("TCP", "[fd77:1111:2222:3333:4444:5555:6666:7777]:65535", "rr",
              {.persistence = seconds{300}, .persistence_prefix = 64},
              {server("[fd77:1111:2222:3333:4444:5555:6666:8888]:65535", 10)}),
      flagged("TCP", "10.1.0.1:0", "rr", {.persistence = seconds{360}}, {}),
      flagged("UDP", "10.9.0.1:53", "sh",
              {.scheduler_flags = {"sh-fallback", "sh-port"},
               .persistence = seconds{120},
               .persistence_prefix = 16,
               .one_packet = true},
              {server("10.77.0.9:53", 1)}),
      flagged("SCTP", "10.9.0.1:80", "mh", {.scheduler_flags = {"mh-port"}}, {server("10.77.0.9:80", 1)}),
      flagged("TCP", "192.168.100.200:65535", "sh", {.scheduler_flags = {"sh-fallback", "sh-port"}},
              {server("192.168.100.201:65535", 123456)}),
      flagged("TCP", "10.9.0.1:8080", "lc", {},
              {limited("10.77.0.9:8080", 2147483647, 65535, 65535), server("127.0.0.1:8080", 0)}),
      flagged("TCP", "10.10.0.1:443", "wlc", {.persistence = seconds{120}, .persistence_prefix = 24}, {}),
  };
}

std::vector<ServiceStatus> large_services() {
  constexpr std::uint64_t kMany = 4'294'967'295;
  return {service("TCP", "10.9.0.1:80", "rr", {7, 99'999'999, 100'000'000, 999'999'999, 1'000'000'000}, {},
                  {server("10.77.0.21:80", 1, kMany, kMany, kMany, {0, 0, 0, 999'999'999, 9'999'999'999}),
                   server("10.77.0.22:80", 1, kMany, kMany, kMany, {0, 0, 0, 18'446'744'073'709'551'615U, 99'999'999}),
                   server("10.77.0.23:80", 1, kMany, kMany, kMany, {0, 0, 0, 99'999'999'999'999, 100'000'000'000'000}),
                   server("10.77.0.24:80", 1, kMany, kMany, kMany, {0, 0, 0, 99'999'999'999, 100'000'000'000})})};
}

std::vector<ServiceStatus> order_services() {
  static constexpr std::string_view kPlaces[] = {
      "[fd77:8000::4]:80", "203.151.0.4:80",  "192.24.0.4:80",      "8.183.0.4:80",       "203.181.2.4:80",
      "192.36.1.4:80",     "10.184.3.2:80",   "[fd77:8000::2]:80",  "192.0.0.2:80",       "100.194.0.2:80",
      "60.90.0.3:80",      "192.85.2.3:80",   "[3fff:ffff::4]:443", "[3fff:db8::1]:443",  "[fc00:db8::3]:443",
      "191.4.3.1:8080",    "8.33.2.3:8080",   "100.176.2.4:8080",   "[3fff:8000::4]:443", "100.93.1.4:443",
      "203.206.0.4:443",   "[2a00::4]:443",   "[fd77:8000::1]:443", "191.74.0.1:443",     "[fc00:8000::1]:443",
      "100.174.2.2:443",   "100.208.2.2:443", "[fc00::2]:443",      "8.246.2.2:443",      "192.100.0.2:443",
      "192.40.1.3:443",    "10.173.0.3:443",  "8.47.2.3:443",       "10.80.0.3:443",
  };
  std::vector<ServiceStatus> services;
  for (const std::string_view place : kPlaces) services.push_back(service("TCP", place, "rr", {}, {}, {}));
  return services;
}

DaemonStatus daemon() {
  DaemonStatus result;
  result.version = "0.1.0";
  return result;
}

}  // namespace penstock::control::golden
