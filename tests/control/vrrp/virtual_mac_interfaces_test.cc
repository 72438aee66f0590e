// use_vmac's interfaces in the kernel: what `ip` and the sysctls say of them, and who answers ARP for what.
#include "control/vrrp/virtual_mac_interfaces.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "control/netlink/interface_sysctl.h"
#include "tests/control/netlink/network_namespace.h"
#include "tests/support/ip.h"

namespace penstock::control {
namespace {

using penstock::test::ip;
using test::shell;
using Family = InterfaceSysctl::Family;

vrrp::InstanceSpec instance(std::string name, std::uint8_t vrid, const char* address, std::string interface) {
  vrrp::InstanceSpec spec{.name = std::move(name), .interface = "left", .virtual_router_id = vrid};
  spec.family = ip(address).family();
  spec.addresses.push_back({.address = ip(address), .interface = "left"});
  spec.virtual_mac = {.interface = std::move(interface)};
  return spec;
}

std::string sysctl(const char* interface, const char* key, Family family = Family::kIpv4) {
  return InterfaceSysctl{family, interface, key}.read().value_or("none");
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  for (int letter = fgetc(pipe); letter != EOF; letter = fgetc(pipe)) text += static_cast<char>(letter);
  pclose(pipe);
  return text;
}

class VirtualMacInterfacesTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    shell("ip link add name left type veth peer name right && ip link set left up && ip link set right up");
    mirror_ = std::move(*NetworkMirror::open(loop_));
    links_ = std::make_unique<LinkControl>(std::move(*Requester::open()));
    interfaces_ = std::make_unique<VirtualMacInterfaces>(*links_, *mirror_);
  }
  void TearDown() override {
    interfaces_.reset();
    mirror_.reset();
    NamespaceTest::TearDown();
  }
  const Link* link(std::string_view name) {
    mirror_->poll();
    return mirror_->find_link(name);
  }

  std::unique_ptr<NetworkMirror> mirror_;
  std::unique_ptr<LinkControl> links_;
  std::unique_ptr<VirtualMacInterfaces> interfaces_;
  const vrrp::InstanceSpec v4_ = instance("VI_1", 50, "192.168.1.200", "vrrp.50");
  const vrrp::InstanceSpec v6_ = instance("VI_2", 50, "fd77::200", "vrrp6.50");
};

TEST_F(VirtualMacInterfacesTest, AreMacvlansAsKeepalivedMakesThem) {
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_, v6_}));
  ASSERT_NE(link("vrrp.50"), nullptr);
  EXPECT_EQ(link("vrrp.50")->mac.to_string(), "00:00:5e:00:01:32");
  EXPECT_EQ(link("vrrp6.50")->mac.to_string(), "00:00:5e:00:02:32");
  EXPECT_TRUE(link("vrrp.50")->admin_up);
  EXPECT_NE(output_of("ip -d link show vrrp.50").find("macvlan mode private"), std::string::npos);
  EXPECT_NE(output_of("ip -d link show vrrp6.50").find("addrgenmode none"), std::string::npos);
  for (const char* const key : {"arp_ignore", "accept_local", "promote_secondaries"})
    EXPECT_EQ(sysctl("vrrp.50", key), "1") << key;
  EXPECT_EQ(sysctl("vrrp.50", "rp_filter"), "0");
  EXPECT_EQ(sysctl("vrrp.50", "disable_ipv6", Family::kIpv6), "1");
  EXPECT_EQ(sysctl("vrrp6.50", "disable_ipv6", Family::kIpv6), "0");
  EXPECT_EQ(sysctl("left", "arp_ignore"), "1");
  EXPECT_EQ(sysctl("left", "arp_filter"), "1");
  EXPECT_EQ(sysctl("left", "arp_announce"), "2");
}

TEST_F(VirtualMacInterfacesTest, GoWithTheirInstancesAndLeaveAllAsItWas) {
  shell("echo 2 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 2 > /proc/sys/net/ipv4/conf/left/arp_ignore");
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_, v6_}));
  EXPECT_EQ(sysctl("all", "rp_filter"), "0");
  EXPECT_EQ(sysctl("left", "rp_filter"), "2");
  EXPECT_EQ(sysctl("default", "rp_filter"), "2");
  EXPECT_EQ(sysctl("vrrp.50", "rp_filter"), "0");
  interfaces_->keep_only(std::vector{v6_});
  EXPECT_EQ(link("vrrp.50"), nullptr);
  EXPECT_NE(link("vrrp6.50"), nullptr);
  EXPECT_EQ(sysctl("left", "arp_ignore"), "2");
  EXPECT_EQ(sysctl("left", "arp_filter"), "0");
  EXPECT_EQ(sysctl("left", "arp_announce"), "0");
  EXPECT_EQ(sysctl("all", "rp_filter"), "2");
  EXPECT_EQ(sysctl("left", "rp_filter"), "0");
  interfaces_->withdraw();
  EXPECT_EQ(link("vrrp6.50"), nullptr);
}

TEST_F(VirtualMacInterfacesTest, StayOverAReloadThatNamesThemAgain) {
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_}));
  const int index = link("vrrp.50")->index;
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_, v6_}));
  interfaces_->keep_only(std::vector{v4_, v6_});
  EXPECT_EQ(link("vrrp.50")->index, index);
  vrrp::InstanceSpec other = v4_;
  other.virtual_mac->address = packet::MacAddress{{2, 0, 0, 0, 0, 9}};
  ASSERT_TRUE(interfaces_->prepare(std::vector{other, v6_}));
  EXPECT_EQ(link("vrrp.50")->mac.to_string(), "02:00:00:00:00:09");
}

TEST_F(VirtualMacInterfacesTest, ANameThatSomebodyElseHasIsAnErrorAndNothingIsLeftBehind) {
  shell("ip link add name vrrp6.50 type veth peer name other");
  const auto prepared = interfaces_->prepare(std::vector{v4_, v6_});
  ASSERT_FALSE(prepared);
  EXPECT_NE(prepared.error().find("(VI_2) use_vmac: cannot create the interface vrrp6.50 upon left: "), std::string::npos)
      << prepared.error();
  EXPECT_NE(prepared.error().find("give use_vmac another name"), std::string::npos);
  EXPECT_EQ(link("vrrp.50"), nullptr);
  EXPECT_NE(link("vrrp6.50"), nullptr);
}

TEST_F(VirtualMacInterfacesTest, TwoInstancesDoNotShareOne) {
  vrrp::InstanceSpec other = v6_;
  other.virtual_mac->interface = "vrrp.50";
  EXPECT_EQ(interfaces_->prepare(std::vector{v4_, other}).error(),
            "(VI_2) use_vmac: the interface vrrp.50 is that of vrrp_instance VI_1");
  EXPECT_EQ(link("vrrp.50"), nullptr);
}

TEST_F(VirtualMacInterfacesTest, AnInstanceWithoutItsInterfaceGetsNone) {
  vrrp::InstanceSpec elsewhere = v4_;
  elsewhere.interface = "nowhere";
  EXPECT_TRUE(interfaces_->prepare(std::vector{elsewhere}));
  EXPECT_EQ(link("vrrp.50"), nullptr);
}

TEST_F(VirtualMacInterfacesTest, OneThatSomebodyDeletesIsMadeAgain) {
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_}));
  const int index = link("vrrp.50")->index;
  shell("ip link del vrrp.50");
  wait_until("it is made again", [&] {
    const Link* const now = mirror_->find_link("vrrp.50");
    return now != nullptr && now->index != index && now->admin_up;
  });
  EXPECT_EQ(sysctl("vrrp.50", "arp_ignore"), "1");
}

TEST_F(VirtualMacInterfacesTest, EachInterfaceAnswersForItsOwnAddress) {
  const auto client = test::NetworkNamespace::create();
  shell("ip link set right netns " + client.path() + " && ip addr add 192.168.1.101/24 dev left");
  client.run([] { shell("ip link set right up && ip addr add 192.168.1.10/24 dev right"); });
  ASSERT_TRUE(interfaces_->prepare(std::vector{v4_}));
  shell("ip addr add 192.168.1.200/32 dev vrrp.50");
  client.run([] {
    for (const char* const address : {"192.168.1.200", "192.168.1.101"}) {
      shell(std::string{"ping -c 1 -W 5 "} + address + " > /dev/null");
    }
    const std::string neighbours = output_of("ip neigh show dev right");
    EXPECT_NE(neighbours.find("192.168.1.200 lladdr 00:00:5e:00:01:32"), std::string::npos) << neighbours;
    EXPECT_EQ(neighbours.find("192.168.1.101 lladdr 00:00:5e"), std::string::npos) << neighbours;
  });
}

}  // namespace
}  // namespace penstock::control
