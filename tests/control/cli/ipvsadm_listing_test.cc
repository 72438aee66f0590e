// Each listing of ipvsadm, compared byte for byte with what ipvsadm itself printed.
#include "control/cli/ipvsadm_listing.h"

#include <gtest/gtest.h>

#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

using Columns = IpvsadmColumns;

std::string listing(const std::vector<ServiceStatus>& services, IpvsadmRequest request) {
  return ipvsadm_services(request, golden::daemon(), select_services(request, services));
}

std::string listing(const std::vector<ServiceStatus>& services, Columns columns) {
  return listing(services, {.columns = columns});
}

std::string connections(const std::vector<ConnectionStatus>& rows, bool persistence_engine) {
  std::string text = ipvsadm_connections_title(persistence_engine);
  for (const ConnectionStatus& row : rows) append_ipvsadm_connection(text, row);
  return text;
}

TEST(IpvsadmListing, services_of_the_reference) {
  const auto services = golden::reference_services();
  EXPECT_EQ(listing(services, Columns::kConnections), golden::text("reference_services"));
  EXPECT_EQ(listing(services, Columns::kStats), golden::text("reference_stats"));
  EXPECT_EQ(listing(services, Columns::kRate), golden::text("reference_rate"));
  EXPECT_EQ(listing(services, Columns::kThresholds), golden::text("reference_thresholds"));
  EXPECT_EQ(listing(services, Columns::kPersistent), golden::text("reference_persistent_conn"));
  EXPECT_EQ(listing(services, {.columns = Columns::kStats, .exact = true}), golden::text("reference_stats_exact"));
}

TEST(IpvsadmListing, services_of_every_kind) {
  const auto services = golden::mixed_services();
  EXPECT_EQ(listing(services, Columns::kConnections), golden::text("mixed_services"));
  EXPECT_EQ(listing(services, {.sorted = false}), golden::text("mixed_nosort"));
  EXPECT_EQ(listing(services, Columns::kStats), golden::text("mixed_stats"));
  EXPECT_EQ(listing(services, Columns::kThresholds), golden::text("mixed_thresholds"));
  EXPECT_EQ(listing(services, Columns::kPersistent), golden::text("mixed_persistent_conn"));
  EXPECT_EQ(listing(services, Columns::kTunnel), golden::text("mixed_tun_info"));
}

TEST(IpvsadmListing, no_services_at_all) { EXPECT_EQ(listing({}, Columns::kConnections), golden::text("empty_services")); }

TEST(IpvsadmListing, one_service_stands_without_the_version_line) {
  const auto services = golden::mixed_services();
  const ServiceKey tcp{packet::Protocol::kTcp, golden::endpoint("10.9.0.1:80")};
  EXPECT_EQ(listing(services, {.service = tcp}), golden::text("mixed_one_service"));
  const ServiceKey tcp6{packet::Protocol::kTcp, golden::endpoint("[fd77:1111:2222:3333:4444:5555:6666:7777]:65535")};
  EXPECT_EQ(listing(services, {.columns = Columns::kStats, .service = tcp6}), golden::text("mixed_one_service_stats"));
}

TEST(IpvsadmListing, one_service_is_named_by_protocol_address_and_port) {
  const auto services = golden::mixed_services();
  const auto found = [&](packet::Protocol protocol, std::string_view place) {
    return select_services({.service = ServiceKey{protocol, golden::endpoint(place)}}, services).size();
  };
  EXPECT_EQ(found(packet::Protocol::kTcp, "10.9.0.1:80"), 1);
  EXPECT_EQ(found(packet::Protocol::kSctp, "10.9.0.1:80"), 1);
  EXPECT_EQ(found(packet::Protocol::kUdp, "10.9.0.1:80"), 0);
  EXPECT_EQ(found(packet::Protocol::kTcp, "10.9.0.1:81"), 0);
  EXPECT_EQ(found(packet::Protocol::kTcp, "10.9.0.2:80"), 0);
}

TEST(IpvsadmListing, large_numbers) {
  const auto services = golden::large_services();
  EXPECT_EQ(listing(services, Columns::kConnections), golden::text("large_services"));
  EXPECT_EQ(listing(services, Columns::kStats), golden::text("large_stats"));
  EXPECT_EQ(listing(services, {.columns = Columns::kStats, .exact = true}), golden::text("large_stats_exact"));
  EXPECT_EQ(listing(services, Columns::kThresholds), golden::text("large_thresholds"));
  EXPECT_EQ(listing(services, Columns::kPersistent), golden::text("large_persistent_conn"));
}

// Addresses on both sides of 128.0.0.0 make ipvsadm's comparison go round in a circle.
TEST(IpvsadmListing, sorts_as_ipvsadm_does_where_its_comparison_is_no_order) {
  const auto services = golden::order_services();
  EXPECT_EQ(listing(services, {.sorted = false}), golden::text("order_nosort"));
  EXPECT_EQ(listing(services, Columns::kConnections), golden::text("order_sorted"));
}

TEST(IpvsadmListing, the_table_size_is_the_daemons) {
  DaemonStatus daemon = golden::daemon();
  daemon.connection_table_size = 4'194'304;
  EXPECT_TRUE(ipvsadm_services({}, daemon, {}).starts_with("IP Virtual Server version 1.2.1 (size=4194304)\n"));
}

TEST(IpvsadmListing, a_removed_server_does_not_appear) {
  auto services = golden::reference_services();
  const std::string before = listing(services, Columns::kConnections);
  const std::string saved = ipvsadm_save(services);
  RealServerStatus gone = services[0].servers[0];
  gone.endpoint.port = 81;
  gone.state = ServerState::kRemoved;
  services[0].servers.push_back(gone);
  EXPECT_EQ(listing(services, Columns::kConnections), before);
  EXPECT_EQ(ipvsadm_save(services), saved);
}

TEST(IpvsadmListing, connections) {
  EXPECT_EQ(connections({}, false), golden::text("empty_connections"));
  EXPECT_EQ(connections(golden::reference_connections(), false), golden::text("reference_connections"));
  EXPECT_EQ(connections(golden::odd_connections(), false), golden::text("odd_connections"));
  EXPECT_EQ(connections(golden::odd_connections(), true), golden::text("odd_connections_persistence_engine"));
}

TEST(IpvsadmListing, save) {
  EXPECT_EQ(ipvsadm_save(select_services({}, golden::reference_services())), golden::text("reference_save"));
  EXPECT_EQ(ipvsadm_save(select_services({}, golden::mixed_services())), golden::text("mixed_save"));
}

TEST(IpvsadmListing, timeouts) { EXPECT_EQ(ipvsadm_timeouts(golden::daemon()), golden::text("reference_timeout")); }

TEST(IpvsadmListing, synchronisation_daemons) {
  DaemonStatus daemon = golden::daemon();
  EXPECT_EQ(ipvsadm_daemons(daemon), "");
  const auto group = [](std::string_view text) { return *packet::IpAddress::parse(text); };
  daemon.sync_daemons = {{.master = true, .interface = "eth0", .sync_id = 50, .group = group("224.0.0.81")}};
  EXPECT_EQ(ipvsadm_daemons(daemon), golden::text("reference_daemon"));
  daemon.sync_daemons[0].interface = "lo";
  daemon.sync_daemons.push_back(
      {.master = false, .interface = "lo", .sync_id = 51, .max_length = 65'487, .group = group("ff02::81")});
  EXPECT_EQ(ipvsadm_daemons(daemon), golden::text("both_daemons"));
}

}  // namespace
}  // namespace penstock::control
