#include "config/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Model model_of(const std::string& text) {
  LoadResult result = load_text(text);
  EXPECT_TRUE(result.model.has_value());
  return std::move(result.model).value_or(Model{});
}

std::string service(const std::string& vip, const std::string& head, const std::vector<std::string>& servers) {
  std::string text = "virtual_server " + vip + " 80 {\n    lb_kind DR\n    protocol TCP\n    " + head + "\n";
  for (const std::string& server : servers) text += "    real_server " + server + "\n";
  return text + "}\n";
}

TEST(Diff, TheSameFileChangesNothing) {
  const Model model = model_of(in_instance("") + service("10.0.0.1", "", {"10.0.0.2 80 {}"}));
  EXPECT_TRUE(diff(model, model).empty());
}

TEST(Diff, ServicesComeAndGo) {
  const ModelDiff change =
      diff(model_of(service("10.0.0.1", "", {"10.0.0.3 80 {}"})), model_of(service("10.0.0.2", "", {"10.0.0.3 80 {}"})));
  ASSERT_THAT(change.added_servers, SizeIs(1));
  ASSERT_THAT(change.removed_servers, SizeIs(1));
  EXPECT_EQ(change.added_servers[0].endpoint.to_string(), "10.0.0.2:80");
  EXPECT_EQ(change.removed_servers[0].endpoint.to_string(), "10.0.0.1:80");
  EXPECT_THAT(change.changed_servers, IsEmpty());
}

TEST(Diff, RealServersComeGoAndChange) {
  const ModelDiff change =
      diff(model_of(service("10.0.0.1", "", {"10.0.0.2 80 {}", "10.0.0.3 80 {}", "10.0.0.4 80 {}"})),
           model_of(service("10.0.0.1", "", {"10.0.0.3 80 { weight 5 }", "10.0.0.4 80 {}", "10.0.0.5 80 {}"})));
  ASSERT_THAT(change.changed_servers, SizeIs(1));
  const VirtualServerChange& server = change.changed_servers[0];
  ASSERT_THAT(server.real_servers.added, SizeIs(1));
  ASSERT_THAT(server.real_servers.removed, SizeIs(1));
  ASSERT_THAT(server.real_servers.changed, SizeIs(1));
  EXPECT_EQ(server.real_servers.added[0].endpoint.to_string(), "10.0.0.5:80");
  EXPECT_EQ(server.real_servers.removed[0].endpoint.to_string(), "10.0.0.2:80");
  EXPECT_EQ(server.real_servers.changed[0].before.weight, 1U);
  EXPECT_EQ(server.real_servers.changed[0].after.weight, 5U);
  EXPECT_FALSE(server.scheduler_changed);
  EXPECT_FALSE(server.order_changed);
}

TEST(Diff, TheSchedulerAndTheOrderOfServersAreToldApart) {
  const Model before = model_of(service("10.0.0.1", "lb_algo rr", {"10.0.0.2 80 {}", "10.0.0.3 80 {}"}));
  const ModelDiff scheduler = diff(before, model_of(service("10.0.0.1", "lb_algo wrr", {"10.0.0.2 80 {}", "10.0.0.3 80 {}"})));
  ASSERT_THAT(scheduler.changed_servers, SizeIs(1));
  EXPECT_TRUE(scheduler.changed_servers[0].scheduler_changed);
  EXPECT_FALSE(scheduler.changed_servers[0].order_changed);
  const ModelDiff order = diff(before, model_of(service("10.0.0.1", "lb_algo rr", {"10.0.0.3 80 {}", "10.0.0.2 80 {}"})));
  ASSERT_THAT(order.changed_servers, SizeIs(1));
  EXPECT_TRUE(order.changed_servers[0].order_changed);
  EXPECT_TRUE(order.changed_servers[0].real_servers.empty());
}

TEST(Diff, AddressesOfAllInstancesAreCompared) {
  const ModelDiff change = diff(
      model_of(in_instance("    virtual_ipaddress {\n        10.0.0.2/24\n    }")),
      model_of(in_instance(
          "    virtual_ipaddress {\n        10.0.0.2/16\n    }\n    virtual_ipaddress_excluded {\n        10.0.0.3\n    }")));
  ASSERT_THAT(change.addresses.added, SizeIs(1));
  EXPECT_EQ(change.addresses.added[0].address.to_string(), "10.0.0.3");
  ASSERT_THAT(change.addresses.changed, SizeIs(1));
  EXPECT_EQ(change.addresses.changed[0].after.prefix_length, 16);
  EXPECT_THAT(change.addresses.removed, IsEmpty());
  EXPECT_THAT(change.instances.changed, SizeIs(1));
}

TEST(Diff, GlobalValuesAreCompared) {
  const Model before = model_of(in_global("    router_id A"));
  EXPECT_TRUE(diff(before, model_of(in_global("    router_id B"))).router_id_changed);
  EXPECT_TRUE(diff(before, model_of(in_global("    router_id A\n    lvs_timeouts tcp 5"))).lvs_timeouts_changed);
}

TEST(Diff, TheOrderOfServicesChangesNothing) {
  const std::string first = service("10.0.0.1", "", {"10.0.0.3 80 {}"});
  const std::string second = service("10.0.0.2", "", {"10.0.0.3 80 {}"});
  EXPECT_TRUE(diff(model_of(first + second), model_of(second + first)).empty());
}

}  // namespace
}  // namespace penstock::config
