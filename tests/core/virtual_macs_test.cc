// The table of virtual routers' MAC addresses: finds each one that it has, and none else, however full and however alike.
#include "dataplane/core/virtual_macs.h"

#include <gtest/gtest.h>

namespace penstock::core {
namespace {

packet::MacAddress mac_of(std::uint8_t network, std::uint8_t vrid) { return {{0x00, 0x00, 0x5e, 0x00, network, vrid}}; }

TEST(VirtualMacsTest, EmptyItHasNone) { EXPECT_EQ(VirtualMacs{}.owner_of(mac_of(1, 50)), std::nullopt); }

TEST(VirtualMacsTest, FindsAllVirtualRoutersOfAPortAndNoOther) {
  VirtualMacs macs;
  for (unsigned vrid = 1; vrid <= 255; ++vrid) {
    for (const std::uint8_t network : {std::uint8_t{1}, std::uint8_t{2}}) {
      macs.add({mac_of(network, static_cast<std::uint8_t>(vrid)), OwnerId{static_cast<std::uint16_t>(vrid * 2 + network)}});
    }
  }
  for (unsigned vrid = 1; vrid <= 255; ++vrid) {
    for (const std::uint8_t network : {std::uint8_t{1}, std::uint8_t{2}}) {
      EXPECT_EQ(macs.owner_of(mac_of(network, static_cast<std::uint8_t>(vrid))),
                OwnerId{static_cast<std::uint16_t>(vrid * 2 + network)});
    }
    EXPECT_EQ(macs.owner_of(mac_of(3, static_cast<std::uint8_t>(vrid))), std::nullopt);
  }
  EXPECT_EQ(macs.owner_of(mac_of(1, 0)), std::nullopt);
}

TEST(VirtualMacsTest, FindsAddressesThatEndAlike) {
  VirtualMacs macs;
  for (std::uint8_t i = 0; i < 40; ++i) macs.add({mac_of(i, 7), OwnerId{i}});
  for (std::uint8_t i = 0; i < 40; ++i) EXPECT_EQ(macs.owner_of(mac_of(i, 7)), OwnerId{i});
  EXPECT_EQ(macs.owner_of(mac_of(40, 7)), std::nullopt);
}

TEST(VirtualMacsTest, OfTwoAlikeTheFirstStands) {
  VirtualMacs macs;
  macs.add({mac_of(1, 7), OwnerId{1}});
  macs.add({mac_of(1, 7), OwnerId{2}});
  EXPECT_EQ(macs.owner_of(mac_of(1, 7)), OwnerId{1});
}

}  // namespace
}  // namespace penstock::core
