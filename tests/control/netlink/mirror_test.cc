#include "control/netlink/mirror.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/control/netlink/network_namespace.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;
using test::shell;

class MirrorTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    shell("ip link add name left address 02:00:00:00:00:01 type veth peer name right address 02:00:00:00:00:02");
  }
  void open(const NetworkMirror::Options& options = {}) {
    auto opened = NetworkMirror::open(loop_, options);
    ASSERT_TRUE(opened) << opened.error();
    mirror_ = std::move(*opened);
  }
  void TearDown() override {
    mirror_.reset();
    NamespaceTest::TearDown();
  }
  const Link* link(const char* name) { return mirror_->find_link(name); }
  NeighbourKey neighbour_key(const char* interface, const char* address) {
    return {link(interface)->index, *IpAddress::parse(address)};
  }

  std::unique_ptr<NetworkMirror> mirror_;
};

TEST_F(MirrorTest, KnowsWhatExistedBeforeIt) {
  shell("ip link set left up mtu 1400 && ip link set right up");
  shell("ip addr add 10.0.0.1/24 brd 10.0.0.255 dev left label left:1 && ip addr add fd77::1/64 dev left nodad");
  shell("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev left nud permanent");
  open();
  const Link* left = link("left");
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(left->mac, *MacAddress::parse("02:00:00:00:00:01"));
  EXPECT_EQ(left->mtu, 1400U);
  EXPECT_TRUE(left->is_running());
  EXPECT_EQ(mirror_->find_link(left->index), left);

  const Address* v4 = mirror_->find_address({left->index, *IpAddress::parse("10.0.0.1"), 24});
  ASSERT_NE(v4, nullptr);
  EXPECT_EQ(v4->broadcast, IpAddress::parse("10.0.0.255"));
  EXPECT_EQ(v4->label, "left:1");
  const Address* v6 = mirror_->find_address({left->index, *IpAddress::parse("fd77::1"), 64});
  ASSERT_NE(v6, nullptr);
  EXPECT_TRUE((v6->flags & IFA_F_NODAD) != 0);

  const Neighbour* neighbour = mirror_->find_neighbour(neighbour_key("left", "10.0.0.9"));
  ASSERT_NE(neighbour, nullptr);
  EXPECT_TRUE(neighbour->is_static());
  EXPECT_TRUE(neighbour->is_usable());
  EXPECT_EQ(neighbour->mac, MacAddress::parse("02:00:00:00:00:09"));
}

TEST_F(MirrorTest, FollowsALinkThroughItsLife) {
  open();
  EXPECT_FALSE(link("left")->admin_up);
  shell("ip link set left up && ip link set right up");
  wait_until("both ends up", [&] { return link("left")->is_running() && link("right")->is_running(); });
  shell("ip link set right down");
  wait_until("carrier lost with the partner", [&] { return !link("left")->carrier; });
  EXPECT_TRUE(link("left")->admin_up);
  shell("ip link set left down && ip link set left name renamed mtu 1300 address 02:00:00:00:00:77");
  wait_until("new name, MTU and MAC", [&] {
    const Link* renamed = link("renamed");
    return renamed != nullptr && renamed->mtu == 1300 && renamed->mac == *MacAddress::parse("02:00:00:00:00:77");
  });
  EXPECT_EQ(link("left"), nullptr);
  shell("ip link del renamed");
  wait_until("both ends gone", [&] { return link("renamed") == nullptr && link("right") == nullptr; });
}

TEST_F(MirrorTest, TellsObserversOfRealChangesOnly) {
  open();
  shell("ip link set left up && ip link set right up");
  wait_until("up", [&] { return link("left")->is_running(); });
  std::vector<std::string> told;
  auto subscription = mirror_->subscribe({
      .link_changed = [&](int, const Link* now) { told.push_back(now != nullptr ? "link " + now->name : "link gone"); },
      .address_changed =
          [&](const AddressKey& key, const Address* now) {
            if (key.address.is_v4()) told.push_back((now != nullptr ? "address " : "gone ") + key.address.to_string());
          },
      .neighbour_changed =
          [&](const NeighbourKey& key, const Neighbour* now) {
            if (key.address.is_v4()) told.push_back((now != nullptr ? "neighbour " : "forgotten ") + key.address.to_string());
          },
      .routes_changed = {},
  });
  shell("ip addr add 10.0.0.1/32 dev left");
  shell("ip link set left mtu 1500");  // as it was
  shell("ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev left nud permanent");
  shell("ip neigh del 10.0.0.2 dev left");
  shell("ip addr del 10.0.0.1/32 dev left");
  wait_until("the last change", [&] { return !told.empty() && told.back() == "gone 10.0.0.1"; });
  std::erase_if(told, [](const std::string& line) { return line.starts_with("link"); });
  // Removing a neighbour makes it fail before it goes, which is a change of its own.
  const std::vector<std::string> expected{"address 10.0.0.1", "neighbour 10.0.0.2", "neighbour 10.0.0.2", "forgotten 10.0.0.2",
                                          "gone 10.0.0.1"};
  EXPECT_EQ(told, expected);
}

TEST_F(MirrorTest, SaysWhichDestinationsARouteChangeConcerns) {
  open();
  shell("ip link set left up && ip link set right up && ip addr add 10.0.0.1/24 dev left");
  std::vector<std::string> scopes;
  auto subscription = mirror_->subscribe(
      {.link_changed = {},
       .address_changed = {},
       .neighbour_changed = {},
       .routes_changed = [&](const std::optional<RouteScope>& scope) {
         scopes.push_back(scope ? scope->network.to_string() + "/" + std::to_string(scope->prefix_length) : "everything");
       }});
  shell("ip route add 192.168.128.0/17 via 10.0.0.2 && ip route add default via 10.0.0.2 && ip rule add from 10.9.9.9 table 7");
  wait_until("the rule", [&] { return !scopes.empty() && scopes.back() == "everything"; });
  const std::set<std::string> told{scopes.begin(), scopes.end()};
  EXPECT_TRUE(told.contains("192.168.128.0/17"));
  EXPECT_TRUE(told.contains("0.0.0.0/0"));
}

TEST_F(MirrorTest, AnObserverMayEndItsOwnSubscription) {
  open();
  int calls = 0;
  NetworkMirror::Subscription subscription;
  subscription = mirror_->subscribe({.link_changed =
                                         [&](int, const Link*) {
                                           ++calls;
                                           subscription = {};
                                         },
                                     .address_changed = {},
                                     .neighbour_changed = {},
                                     .routes_changed = {}});
  shell("ip link set left up && ip link set left mtu 1400 && ip link set left mtu 1300");
  wait_until("the last change", [&] { return link("left")->mtu == 1300; });
  EXPECT_EQ(calls, 1);
}

// The buffer holds a few dozen notifications; while nobody reads, hundreds arrive.
TEST_F(MirrorTest, IsCompleteAgainAfterNotificationsWereLost) {
  shell("ip link set left up && ip link set right up");
  shell("ip neigh add 10.7.0.1 lladdr 02:00:00:00:01:01 dev left nud permanent && ip addr add 10.8.0.1/32 dev left");
  open({.receive_buffer_bytes = 16 * 1024});
  const auto before = neighbour_key("left", "10.7.0.1");
  ASSERT_NE(mirror_->find_neighbour(before), nullptr);
  int all_routes = 0;
  auto subscription =
      mirror_->subscribe({.link_changed = {},
                          .address_changed = {},
                          .neighbour_changed = {},
                          .routes_changed = [&](const std::optional<RouteScope>& scope) { all_routes += scope ? 0 : 1; }});
  shell("ip neigh del 10.7.0.1 dev left && ip addr del 10.8.0.1/32 dev left && ip link set left mtu 1400");
  shell(
      "for i in $(seq 1 250); do echo neigh add 10.6.0.$i lladdr 02:00:00:00:02:00 dev left nud permanent; done | ip -batch -");
  shell("for i in $(seq 1 250); do echo addr add 10.5.0.$i/32 dev left; done | ip -batch -");
  shell("ip neigh replace 10.6.0.1 lladdr 02:00:00:00:02:99 dev left nud permanent");
  wait_until("overrun noticed", [&] { return mirror_->counters().overruns > 0; });
  wait_until("resync", [&] { return mirror_->is_in_sync() && mirror_->counters().resyncs > 0; });
  const int left = link("left")->index;
  EXPECT_EQ(link("left")->mtu, 1400U);
  EXPECT_EQ(mirror_->find_neighbour(before), nullptr);
  EXPECT_EQ(mirror_->find_address({left, *IpAddress::parse("10.8.0.1"), 32}), nullptr);
  for (int i = 1; i <= 250; ++i) {
    const std::string last = std::to_string(i);
    EXPECT_NE(mirror_->find_neighbour({left, *IpAddress::parse("10.6.0." + last)}), nullptr) << i;
    EXPECT_NE(mirror_->find_address({left, *IpAddress::parse("10.5.0." + last), 32}), nullptr) << i;
  }
  EXPECT_EQ(mirror_->find_neighbour(neighbour_key("left", "10.6.0.1"))->mac, MacAddress::parse("02:00:00:00:02:99"));
  EXPECT_GE(all_routes, 1);

  // And it hears again.
  shell("ip link set left mtu 1350");
  wait_until("the next notification", [&] { return link("left")->mtu == 1350; });
}

TEST(RouteScope, ContainsWhatSharesItsPrefix) {
  const RouteScope odd{*IpAddress::parse("10.1.128.0"), 17};
  EXPECT_TRUE(odd.contains(*IpAddress::parse("10.1.128.0")));
  EXPECT_TRUE(odd.contains(*IpAddress::parse("10.1.255.255")));
  EXPECT_FALSE(odd.contains(*IpAddress::parse("10.1.127.255")));
  EXPECT_FALSE(odd.contains(*IpAddress::parse("::")));
  const RouteScope host{*IpAddress::parse("fd77::1"), 128};
  EXPECT_TRUE(host.contains(*IpAddress::parse("fd77::1")));
  EXPECT_FALSE(host.contains(*IpAddress::parse("fd77::2")));
  const RouteScope all{IpAddress{packet::Ipv6Address{}}, 0};
  EXPECT_TRUE(all.contains(*IpAddress::parse("fd77::1")));
  EXPECT_FALSE(all.contains(*IpAddress::parse("10.0.0.1")));
}

}  // namespace
}  // namespace penstock::control
