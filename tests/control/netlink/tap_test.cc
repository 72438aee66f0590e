#include "control/tap/tap_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/netlink/interface_sysctl.h"
#include "control/netlink/mirror.h"
#include "control/tap/multicast_membership.h"
#include "tests/control/netlink/network_namespace.h"
#include "tests/control/netlink/wire_frames.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;
using test::Frame;
using test::shell;

const MacAddress kTapAddress = *MacAddress::parse("02:00:00:00:00:01");
const MacAddress kClient = *MacAddress::parse("02:00:00:00:00:99");
const packet::Ipv4Address kDirector = IpAddress::parse("10.0.0.1")->v4();
const packet::Ipv4Address kClientIp = IpAddress::parse("10.0.0.99")->v4();

class TapTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    links_.emplace(std::move(*Requester::open()));
    mirror_ = std::move(*NetworkMirror::open(loop_));
  }
  void TearDown() override {
    watch_.reset();
    tap_.reset();
    mirror_.reset();
    NamespaceTest::TearDown();
  }
  void create() {
    auto created = TapDevice::create({.name = "eth0", .mac = kTapAddress, .mtu = 1400}, *links_);
    ASSERT_TRUE(created) << created.error();
    tap_.emplace(std::move(*created));
    watch_ = loop_.add_fd(tap_->fd(), {.readable = true}, [this](FdEvents) { read_all(); });
  }
  void read_all() {
    std::array<std::byte, 2048> room;
    for (auto size = tap_->read_frame(room); size && *size > 0; size = tap_->read_frame(room)) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(room.data());
      from_kernel_.emplace_back(bytes, bytes + *size);
    }
  }
  void to_kernel(const Frame& frame) { EXPECT_TRUE(tap_->write_frame(std::as_bytes(std::span{frame}))); }
  bool kernel_sent(const Frame& wanted) { return std::ranges::find(from_kernel_, wanted) != from_kernel_.end(); }
  // A frame to this multicast MAC in which these bytes occur.
  bool kernel_reported(const char* mac, std::span<const std::uint8_t> group) {
    return std::ranges::any_of(from_kernel_, [&](const Frame& frame) {
      return std::ranges::equal(std::span{frame}.first(6), MacAddress::parse(mac)->bytes) &&
             !std::ranges::search(frame, group).empty();
    });
  }

  std::optional<LinkControl> links_;
  std::unique_ptr<NetworkMirror> mirror_;
  std::optional<TapDevice> tap_;
  FdWatch watch_;
  std::vector<Frame> from_kernel_;
};

TEST_F(TapTest, LivesAsLongAsItsObject) {
  create();
  mirror_->poll();
  const Link* link = mirror_->find_link("eth0");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->index, tap_->interface_index());
  EXPECT_EQ(link->mac, kTapAddress);
  EXPECT_EQ(link->mtu, 1400U);
  wait_until("running", [&] { return mirror_->find_link("eth0")->is_running(); });
  TapDevice moved = std::move(*tap_);
  EXPECT_EQ(moved.name(), "eth0");
  watch_.reset();
  tap_.reset();
  mirror_->poll();
  EXPECT_NE(mirror_->find_link("eth0"), nullptr);
  {
    const TapDevice last = std::move(moved);
  }
  wait_until("gone", [&] { return mirror_->find_link("eth0") == nullptr; });
}

// Neither tentative nor, which would take longer to see, two seconds late.
TEST_F(TapTest, DoesNotLookForDuplicatesOfItsIpv6Address) {
  create();
  const InterfaceSysctl accept_dad{InterfaceSysctl::Family::kIpv6, "eth0", "accept_dad"};
  EXPECT_EQ(accept_dad.read(), "0");
}

TEST_F(TapTest, SaysWhatToDoWhenTheNameIsTaken) {
  const std::string words =
      "an interface \"eth0\" exists already, but the port's own interface must have this name: rename the existing one (ip "
      "link set "
      "eth0 down; ip link set eth0 name eth0-nic) and name it so in --port as well";
  shell("ip link add name eth0 type veth peer name other");
  EXPECT_EQ(TapDevice::create({.name = "eth0", .mac = kTapAddress}, *links_).error(), words);
  shell("ip link del eth0 && ip tuntap add dev eth0 mode tap");
  EXPECT_EQ(TapDevice::create({.name = "eth0", .mac = kTapAddress}, *links_).error(), words);
}

TEST_F(TapTest, RefusesWhatTheKernelCannotName) {
  EXPECT_EQ(TapDevice::create({.name = "a-name-of-16-char", .mac = kTapAddress}, *links_).error(),
            "\"a-name-of-16-char\" can't be an interface's name: 1 to 15 characters");
  EXPECT_FALSE(TapDevice::create({.name = "", .mac = kTapAddress}, *links_));
  const auto multicast_mac = TapDevice::create({.name = "eth0", .mac = packet::kBroadcastMac}, *links_);
  ASSERT_FALSE(multicast_mac);
  EXPECT_TRUE(multicast_mac.error().starts_with("cannot set the MAC address of eth0: ")) << multicast_mac.error();
  mirror_->poll();
  EXPECT_EQ(mirror_->find_link("eth0"), nullptr);  // nothing half-made stays
}

TEST_F(TapTest, TheKernelBehindItAnswersArpAndPing) {
  create();
  shell("ip addr add 10.0.0.1/24 dev eth0");
  to_kernel(test::arp(test::kArpRequest, kClient, kClientIp, MacAddress{}, kDirector));
  wait_until("ARP reply", [&] { return kernel_sent(test::arp(test::kArpReply, kTapAddress, kDirector, kClient, kClientIp)); });
  to_kernel(test::icmp_echo(8, kClient, kClientIp, kTapAddress, kDirector));
  wait_until("echo reply", [&] {
    return std::ranges::any_of(from_kernel_, [&](const Frame& frame) {
      // Compared behind the IP header, whose id and TTL are the kernel's business.
      const Frame wanted = test::icmp_echo(0, kTapAddress, kDirector, kClient, kClientIp);
      return frame.size() == wanted.size() && std::equal(frame.begin(), frame.begin() + 14, wanted.begin()) &&
             std::equal(frame.begin() + 26, frame.end(), wanted.begin() + 26);
    });
  });
}

TEST_F(TapTest, JoinsTheGroupsOfVrrpSoThatSwitchesKnow) {
  create();
  shell("ip addr add 10.0.0.1/24 dev eth0");
  const auto v4 = MulticastMembership::join(tap_->interface_index(), *IpAddress::parse("224.0.0.18"));
  ASSERT_TRUE(v4) << v4.error();
  auto v6 = MulticastMembership::join(tap_->interface_index(), *IpAddress::parse("ff02::12"));
  ASSERT_TRUE(v6) << v6.error();
  const std::array<std::uint8_t, 4> group_v4{224, 0, 0, 18};
  const auto group_v6 = IpAddress::parse("ff02::12")->v6().bytes;
  wait_until("IGMP report", [&] { return kernel_reported("01:00:5e:00:00:16", group_v4); });
  wait_until("MLD report", [&] { return kernel_reported("33:33:00:00:00:16", group_v6); });
  from_kernel_.clear();
  const auto moved = std::move(*v6);
  EXPECT_EQ(MulticastMembership::join(4711, *IpAddress::parse("224.0.0.18")).error(),
            "cannot join 224.0.0.18 on interface 4711: No such device");
}

TEST_F(TapTest, TakesTheCarrierOfTheInterfaceBelow) {
  create();
  wait_until("carrier", [&] { return mirror_->find_link("eth0") != nullptr && mirror_->find_link("eth0")->carrier; });
  EXPECT_TRUE(links_->set_carrier(tap_->interface_index(), false));
  wait_until("no carrier", [&] { return !mirror_->find_link("eth0")->carrier; });
  EXPECT_TRUE(mirror_->find_link("eth0")->admin_up);
  EXPECT_TRUE(links_->set_carrier(tap_->interface_index(), true));
  wait_until("carrier again", [&] { return mirror_->find_link("eth0")->is_running(); });
}

TEST_F(TapTest, ReportsAnInterfaceThatIsDownOrDeleted) {
  create();
  const Frame frame = test::arp(test::kArpRequest, kClient, kClientIp, MacAddress{}, kDirector);
  EXPECT_TRUE(links_->set_up(tap_->interface_index(), false));
  EXPECT_EQ(tap_->write_frame(std::as_bytes(std::span{frame})).error(), EIO);
  EXPECT_TRUE(links_->set_up(tap_->interface_index(), true));
  EXPECT_TRUE(tap_->write_frame(std::as_bytes(std::span{frame})));
  EXPECT_EQ(tap_->write_frame(std::as_bytes(std::span{frame}.first(13))).error(), EINVAL);
  watch_.reset();
  shell("ip link del eth0");
  std::array<std::byte, 2048> room;
  EXPECT_EQ(tap_->read_frame(room).error(), EBADFD);
}

}  // namespace
}  // namespace penstock::control
