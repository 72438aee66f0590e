// Addresses, routes and links: what the kernel is told to do, checked by what `ip` or the mirror says afterwards.
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/netlink/address_manager.h"
#include "control/netlink/interface_sysctl.h"
#include "control/netlink/link_control.h"
#include "control/netlink/mirror.h"
#include "control/netlink/route_lookup.h"
#include "control/netlink/route_manager.h"
#include "tests/control/netlink/network_namespace.h"
#include "tests/support/ip.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;
using penstock::test::ip;
using test::shell;
using Outcome = AddressManager::Outcome;

class OrdersTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    shell("ip link add name left type veth peer name right && ip link set left up && ip link set right up");
    mirror_ = std::move(*NetworkMirror::open(loop_));
    left_ = mirror_->find_link("left")->index;
  }
  void TearDown() override {
    mirror_.reset();
    NamespaceTest::TearDown();
  }
  static Requester requester() { return std::move(*Requester::open()); }
  const Address* find(const AddressKey& key) {
    mirror_->poll();
    return mirror_->find_address(key);
  }

  std::unique_ptr<NetworkMirror> mirror_;
  int left_ = 0;
};

TEST_F(OrdersTest, AddsAndRemovesAnAddressHoweverOften) {
  AddressManager addresses{requester()};
  const AddressKey key{left_, ip("192.168.1.200"), 32};
  EXPECT_EQ(addresses.remove(key), Outcome::kWasGone);
  EXPECT_EQ(addresses.add({.key = key, .broadcast = ip("192.168.1.255"), .scope = RT_SCOPE_LINK, .label = "left:vip"}),
            Outcome::kAdded);
  EXPECT_EQ(addresses.add({.key = key, .broadcast = {}, .label = {}}), Outcome::kWasThere);
  const Address* found = find(key);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->broadcast, ip("192.168.1.255"));
  EXPECT_EQ(found->scope, RT_SCOPE_LINK);
  EXPECT_EQ(found->label, "left:vip");
  EXPECT_EQ(addresses.remove(key), Outcome::kRemoved);
  EXPECT_EQ(addresses.remove(key), Outcome::kWasGone);
  EXPECT_EQ(find(key), nullptr);
  EXPECT_TRUE(addresses.added().empty());
}

TEST_F(OrdersTest, RemovesTheAddressWithThatPrefixOnly) {
  AddressManager addresses{requester()};
  const AddressKey host{left_, ip("192.168.1.200"), 32};
  const AddressKey network{left_, ip("192.168.1.200"), 24};
  EXPECT_EQ(addresses.add({.key = host, .broadcast = {}, .label = {}}), Outcome::kAdded);
  EXPECT_EQ(addresses.add({.key = network, .broadcast = {}, .label = {}}), Outcome::kAdded);
  EXPECT_EQ(addresses.remove(network), Outcome::kRemoved);
  EXPECT_NE(find(host), nullptr);
  EXPECT_EQ(find(network), nullptr);
}

TEST_F(OrdersTest, AnIpv6VipIsUsableAtOnceAndNobodysSource) {
  AddressManager addresses{requester()};
  const AddressKey vip{left_, ip("fd77::200"), 128};
  const AddressKey own{left_, ip("fd77::1"), 64};
  EXPECT_EQ(addresses.add({.key = vip, .broadcast = {}, .label = {}}), Outcome::kAdded);
  EXPECT_EQ(addresses.add({.key = own, .broadcast = {}, .label = {}}), Outcome::kAdded);
  EXPECT_EQ(addresses.add({.key = own, .broadcast = {}, .label = {}}), Outcome::kWasThere);
  // The kernel tells of a new IPv6 address a moment later, from its work queue.
  wait_until("both told", [&] { return find(vip) != nullptr && find(own) != nullptr; });
  EXPECT_EQ(find(vip)->flags & (IFA_F_NODAD | IFA_F_TENTATIVE | IFA_F_DEPRECATED), IFA_F_NODAD | IFA_F_DEPRECATED);
  EXPECT_EQ(find(own)->flags & (IFA_F_NODAD | IFA_F_TENTATIVE | IFA_F_DEPRECATED), static_cast<std::uint32_t>(IFA_F_NODAD));
  EXPECT_EQ(addresses.remove(vip), Outcome::kRemoved);
  EXPECT_EQ(addresses.remove(vip), Outcome::kWasGone);
}

TEST_F(OrdersTest, AtItsEndOnlyItsOwnAddressesGo) {
  shell("ip addr add 192.168.1.201/32 dev left");
  const AddressKey before{left_, ip("192.168.1.201"), 32};
  const AddressKey ours{left_, ip("192.168.1.202"), 32};
  const AddressKey ours_v6{left_, ip("fd77::202"), 128};
  {
    AddressManager addresses{requester()};
    EXPECT_EQ(addresses.add({.key = before, .broadcast = {}, .label = {}}), Outcome::kWasThere);
    EXPECT_EQ(addresses.add({.key = ours, .broadcast = {}, .label = {}}), Outcome::kAdded);
    EXPECT_EQ(addresses.add({.key = ours_v6, .broadcast = {}, .label = {}}), Outcome::kAdded);
    EXPECT_NE(find(ours), nullptr);
    wait_until("IPv6 address told", [&] { return find(ours_v6) != nullptr; });
  }
  EXPECT_NE(find(before), nullptr);
  EXPECT_EQ(find(ours), nullptr);
  EXPECT_EQ(find(ours_v6), nullptr);
}

TEST_F(OrdersTest, SaysInWordsWhatWentWrong) {
  AddressManager addresses{requester()};
  const auto added = addresses.add({.key = {4711, ip("192.168.1.200"), 32}, .broadcast = {}, .label = {}});
  ASSERT_FALSE(added);
  EXPECT_TRUE(added.error().starts_with("cannot add 192.168.1.200/32 to interface 4711: ")) << added.error();
  EXPECT_EQ(addresses.remove({4711, ip("192.168.1.200"), 32}), Outcome::kWasGone);
  const auto multicast = addresses.add({.key = {left_, ip("ff02::12"), 128}, .broadcast = {}, .label = {}});
  ASSERT_FALSE(multicast);
  EXPECT_TRUE(multicast.error().starts_with("cannot add ff02::12/128 to left: ")) << multicast.error();
}

TEST_F(OrdersTest, AddsARouteThatTheKernelThenUses) {
  shell("ip addr add 10.0.0.1/24 dev left && ip addr add fd77::1/64 dev left nodad");
  RouteManager routes{requester()};
  for (const char* text :
       {"172.16.0.0/16 via 10.0.0.2", "172.17.0.0/16", "default via 10.0.0.3", "fd88::/32 via fd77::2", "fd99::/32"}) {
    const auto route = parse_static_route(text);
    ASSERT_TRUE(route) << text << ": " << route.error();
    EXPECT_EQ(routes.add(*route, left_), RouteManager::Outcome::kAdded) << text;
    EXPECT_EQ(routes.add(*route, left_), RouteManager::Outcome::kWasThere) << text;
  }
  RouteLookup lookup{requester()};
  const auto found =
      lookup.ask(std::vector{ip("172.16.1.1"), ip("172.17.1.1"), ip("8.8.8.8"), ip("fd88::1"), ip("fd99::1"), ip("fd11::1")});
  const auto next_hops = {ip("10.0.0.2"), ip("172.17.1.1"), ip("10.0.0.3"), ip("fd77::2"), ip("fd99::1")};
  for (std::size_t i = 0; i < next_hops.size(); ++i) {
    ASSERT_TRUE(found[i]) << i;
    EXPECT_EQ(found[i]->next_hop, next_hops.begin()[i]);
    EXPECT_EQ(found[i]->interface_index, left_);
  }
  EXPECT_EQ(found[5].error().code, ENETUNREACH);

  const auto refused = routes.add(*parse_static_route("172.18.0.0/16 via 10.9.9.9"), left_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "cannot add the route to 172.18.0.0/16 via 10.9.9.9 on left: Nexthop has invalid gateway");
}

TEST(StaticRoute, IsReadFromItsText) {
  EXPECT_EQ(parse_static_route("10.0.0.0/8 via 1.2.3.4"), (StaticRoute{ip("10.0.0.0"), 8, ip("1.2.3.4")}));
  EXPECT_EQ(parse_static_route("  default   via fe80::1 "), (StaticRoute{ip("::"), 0, ip("fe80::1")}));
  EXPECT_EQ(parse_static_route("10.1.2.3"), (StaticRoute{ip("10.1.2.3"), 32, std::nullopt}));
  EXPECT_EQ(parse_static_route("0.0.0.0/0 via 1.2.3.4"), (StaticRoute{ip("0.0.0.0"), 0, ip("1.2.3.4")}));
}

TEST(StaticRoute, SaysWhatIsWrongWithItsText) {
  const std::vector<std::pair<const char*, const char*>> rows{
      {"", "\"\": expected DESTINATION [via GATEWAY]"},
      {"10.0.0.0/8 1.2.3.4", "\"10.0.0.0/8 1.2.3.4\": expected DESTINATION [via GATEWAY]"},
      {"default", "a default route needs \"via GATEWAY\""},
      {"10.0.0.0/8 via router", "\"router\" is not a gateway's address"},
      {"10.0.0/8 via 1.2.3.4", "\"10.0.0/8\" is not a network: expected ADDRESS/LENGTH or default"},
      {"10.0.0.0/33", "\"10.0.0.0/33\" has no valid prefix length: 0 to 32"},
      {"10.0.0.0/", "\"10.0.0.0/\" has no valid prefix length: 0 to 32"},
      {"10.0.0.0/8x", "\"10.0.0.0/8x\" has no valid prefix length: 0 to 32"},
      {"fd77::/129", "\"fd77::/129\" has no valid prefix length: 0 to 128"},
      {"10.0.0.1/8", "\"10.0.0.1/8\" has bits set behind its prefix length"},
      {"fd77::1/64", "\"fd77::1/64\" has bits set behind its prefix length"},
      {"10.0.0.0/8 via fd77::1", "destination and gateway of \"10.0.0.0/8 via fd77::1\" are of different IP versions"},
  };
  for (const auto& [text, expected] : rows) {
    const auto route = parse_static_route(text);
    ASSERT_FALSE(route) << text;
    EXPECT_EQ(route.error(), expected);
  }
}

TEST_F(OrdersTest, ChangesALink) {
  LinkControl links{requester()};
  const auto now = [&] {
    mirror_->poll();
    return *mirror_->find_link(left_);
  };
  EXPECT_TRUE(links.set_up(left_, false));
  EXPECT_FALSE(now().admin_up);
  EXPECT_TRUE(links.set_mac(left_, *MacAddress::parse("02:00:00:00:00:42")));
  EXPECT_TRUE(links.set_mtu(left_, 1380));
  EXPECT_TRUE(links.set_ipv6_link_local(left_, false));
  EXPECT_TRUE(links.set_up(left_, true));
  wait_until("up", [&] { return now().is_running(); });
  EXPECT_EQ(now().mac, *MacAddress::parse("02:00:00:00:00:42"));
  EXPECT_EQ(now().mtu, 1380U);
  mirror_->for_each_address(
      [&](const Address& address) { EXPECT_NE(address.key.interface_index, left_) << address.key.address.to_string(); });

  const auto refused = links.set_carrier(left_, false);
  ASSERT_FALSE(refused);  // a veth's carrier is its partner's
  EXPECT_EQ(refused.error(), "cannot set the carrier of left: Operation not supported");
  EXPECT_EQ(links.set_mtu(4711, 1500).error(), "cannot set the MTU of interface 4711: No such device");
}

TEST_F(OrdersTest, ReadsAndWritesAnInterfacesKnobs) {
  const InterfaceSysctl knob{InterfaceSysctl::Family::kIpv6, "left", "accept_dad"};
  ASSERT_TRUE(knob.exists());
  EXPECT_EQ(knob.read(), "1");
  EXPECT_TRUE(knob.write("0"));
  EXPECT_EQ(knob.read(), "0");
  const InterfaceSysctl missing{InterfaceSysctl::Family::kIpv4, "nowhere", "rp_filter"};
  EXPECT_FALSE(missing.exists());
  EXPECT_EQ(missing.read().error(), "cannot open /proc/sys/net/ipv4/conf/nowhere/rp_filter: No such file or directory");
}

TEST_F(OrdersTest, AProcessWithoutRightsIsTold) {
  const auto pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    if (setuid(65534) != 0) _exit(2);
    AddressManager addresses{requester()};
    const auto added = addresses.add({.key = {left_, ip("192.168.1.200"), 32}, .broadcast = {}, .label = {}});
    const bool is_told = !added && added.error() ==
                                       "cannot add 192.168.1.200/32 to left: Operation not permitted "
                                       "(this needs root or CAP_NET_ADMIN)";
    _exit(is_told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace penstock::control
