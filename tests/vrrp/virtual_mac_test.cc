// use_vmac: which address, and how its interface is called.
#include "vrrp/virtual_mac.h"

#include <gtest/gtest.h>

namespace penstock::vrrp {
namespace {

InstanceSpec instance(std::uint8_t vrid, packet::Family family = packet::Family::kIpv4, std::string interface = {}) {
  InstanceSpec spec{.interface = "eth0", .family = family, .virtual_router_id = vrid};
  spec.virtual_mac = {.interface = std::move(interface)};
  return spec;
}

std::vector<std::string> names_of(std::vector<InstanceSpec> instances) {
  RouterSpec spec{.instances = std::move(instances)};
  name_virtual_mac_interfaces(spec);
  std::vector<std::string> names;
  for (const InstanceSpec& each : spec.instances) names.push_back(each.virtual_mac ? each.virtual_mac->interface : "none");
  return names;
}

using Names = std::vector<std::string>;
constexpr auto kIpv6 = packet::Family::kIpv6;

TEST(VirtualMacTest, TheAddressIsTheVridsOrTheConfiguredOne) {
  EXPECT_EQ(virtual_mac(instance(50)).to_string(), "00:00:5e:00:01:32");
  EXPECT_EQ(virtual_mac(instance(255, kIpv6)).to_string(), "00:00:5e:00:02:ff");
  InstanceSpec own = instance(50);
  own.virtual_mac->address = packet::MacAddress{{2, 0, 0, 0, 0, 9}};
  EXPECT_EQ(virtual_mac(own).to_string(), "02:00:00:00:00:09");
}

TEST(VirtualMacTest, InterfacesAreCalledByTheVrid) {
  EXPECT_EQ(names_of({instance(50), instance(7)}), (Names{"vrrp.50", "vrrp.7"}));
}

TEST(VirtualMacTest, AnInstanceWithoutGetsNone) {
  InstanceSpec plain = instance(50);
  plain.virtual_mac.reset();
  EXPECT_EQ(names_of({plain}), Names{"none"});
}

TEST(VirtualMacTest, AConfiguredNameStands) { EXPECT_EQ(names_of({instance(50, {}, "vip0")}), Names{"vip0"}); }

TEST(VirtualMacTest, ANameThatIsTakenIsNumberedAsKeepalivedDoes) {
  EXPECT_EQ(names_of({instance(50), instance(50, kIpv6), instance(50, kIpv6), instance(50)}),
            (Names{"vrrp.50", "vrrp6.50", "vrrp1.50", "vrrp2.50"}));
  EXPECT_EQ(names_of({instance(50), instance(9, {}, "vrrp.50")}), (Names{"vrrp1.50", "vrrp.50"}));
  EXPECT_EQ(names_of({instance(50, kIpv6)}), Names{"vrrp.50"});
}

TEST(VirtualMacTest, AddressesOfTheInstancesInterfaceLiveOnItsOwn) {
  InstanceSpec spec = instance(50, {}, "vrrp.50");
  EXPECT_EQ(interface_of(spec, {.interface = "eth0"}), "vrrp.50");
  EXPECT_EQ(interface_of(spec, {.interface = "eth1"}), "eth1");
  spec.virtual_mac.reset();
  EXPECT_EQ(interface_of(spec, {.interface = "eth0"}), "eth0");
}

}  // namespace
}  // namespace penstock::vrrp
