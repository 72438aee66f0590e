// SyncSocket between two namespaces: what goes to the group comes out at the other end, and what can go wrong is said.
#include "control/sync/sync_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "tests/control/sync/sync_cable.h"

namespace penstock::control {
namespace {

using Bytes = std::vector<std::byte>;
using Sent = SyncSocket::Sent;

Bytes text(std::string_view words) {
  const auto bytes = std::as_bytes(std::span{words});
  return {bytes.begin(), bytes.end()};
}

class SyncSocketTest : public test::NamespaceTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) cable_.emplace();
  }
  void TearDown() override {
    cable_.reset();
    NamespaceTest::TearDown();
  }
  [[nodiscard]] static packet::IpAddress group() { return test::group_of(GetParam()); }
  [[nodiscard]] static std::expected<SyncSocket, std::string> open(std::string interface = "left", std::uint8_t ttl = 1) {
    return SyncSocket::open({.interface = std::move(interface), .group = group(), .port = 8848, .ttl = ttl});
  }

  std::optional<test::SyncCable> cable_;
};

INSTANTIATE_TEST_SUITE_P(All, SyncSocketTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& each) { return each.param ? "IPv4" : "IPv6"; });

TEST_P(SyncSocketTest, WhatIsSentComesToTheOtherOneWhole) {
  SyncSocket ours = open().value();
  SyncSocket peer = cable_->peer(group());
  EXPECT_EQ(ours.send(text("one")), Sent::kYes);
  EXPECT_EQ(ours.send(Bytes(1452, std::byte{7})), Sent::kYes);
  EXPECT_EQ(test::next_datagram(peer), text("one"));
  EXPECT_EQ(test::next_datagram(peer), Bytes(1452, std::byte{7}));
  EXPECT_FALSE(peer.receive().has_value());
  EXPECT_EQ(peer.send(text("two")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(ours), text("two"));
}

TEST_P(SyncSocketTest, WhatWeSendDoesNotComeBack) {
  SyncSocket ours = open().value();
  SyncSocket peer = cable_->peer(group());
  EXPECT_EQ(ours.send(text("ours")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(peer), text("ours"));
  EXPECT_EQ(peer.send(text("theirs")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(ours), text("theirs"));
  EXPECT_FALSE(ours.receive().has_value());
}

TEST_P(SyncSocketTest, OtherGroupsAndPortsAreNotHeard) {
  SyncSocket ours = open().value();
  SyncSocket elsewhere = cable_->peer(packet::IpAddress::parse(GetParam() ? "224.0.0.82" : "ff02::82").value());
  SyncSocket another_port = cable_->peer(group(), 8849);
  SyncSocket peer = cable_->peer(group());
  EXPECT_EQ(elsewhere.send(text("another group")), Sent::kYes);
  EXPECT_EQ(another_port.send(text("another port")), Sent::kYes);
  EXPECT_EQ(peer.send(text("this one")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(ours), text("this one"));
}

// The group and the port are the same, and the host is a member there, too.
TEST_P(SyncSocketTest, AnotherInterfaceIsNotHeard) {
  SyncSocket ours = open().value();
  test::shell("ip link add name other type veth peer name third && ip link set third netns " +
              cable_->peers_namespace().path() +
              " && ip link set other up && ip addr add 10.0.1.1/24 dev other && ip addr add fe80::11/64 dev other nodad");
  SyncSocket other = open("other").value();
  std::optional<SyncSocket> third;
  cable_->peers_namespace().run([&] {
    test::shell("ip link set third up && ip addr add 10.0.1.2/24 dev third && ip addr add fe80::12/64 dev third nodad");
    third.emplace(SyncSocket::open({.interface = "third", .group = group(), .port = 8848}).value());
  });
  SyncSocket peer = cable_->peer(group());
  EXPECT_EQ(third->send(text("there")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(other), text("there"));
  EXPECT_EQ(peer.send(text("here")), Sent::kYes);
  EXPECT_EQ(test::next_datagram(ours), text("here"));
}

TEST_P(SyncSocketTest, ADatagramHasTheTtlThatWasAskedFor) {
  SyncSocket ours = open("left", 7).value();
  SyncSocket peer = cable_->peer(group());
  const int on = 1;
  ASSERT_EQ(GetParam() ? setsockopt(peer.receive_fd(), IPPROTO_IP, IP_RECVTTL, &on, sizeof on)
                       : setsockopt(peer.receive_fd(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on),
            0);
  EXPECT_EQ(ours.send(text("far")), Sent::kYes);
  pollfd readable{.fd = peer.receive_fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&readable, 1, 10'000), 1);
  std::array<char, 64> room;
  alignas(cmsghdr) std::array<char, 64> beside;
  iovec where{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = beside.data();
  message.msg_controllen = beside.size();
  ASSERT_EQ(recvmsg(peer.receive_fd(), &message, 0), 3);
  const cmsghdr* const note = CMSG_FIRSTHDR(&message);
  ASSERT_NE(note, nullptr);
  int ttl = 0;
  std::memcpy(&ttl, CMSG_DATA(note), sizeof ttl);
  EXPECT_EQ(ttl, 7);
}

TEST_P(SyncSocketTest, AnInterfaceThatIsNotThereIsNamed) {
  const auto socket = open("nowhere");
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error(), "connection sync on nowhere: no such interface: No such device");
}

TEST_P(SyncSocketTest, AnAddressThatIsNoGroupIsNamed) {
  const auto socket = SyncSocket::open(
      {.interface = "left", .group = packet::IpAddress::parse(GetParam() ? "10.0.0.2" : "fe80::2").value(), .port = 8848});
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error(), std::string{"connection sync: cannot join "} + (GetParam() ? "10.0.0.2" : "fe80::2") +
                                " on left: Invalid argument");
}

// By somebody who doesn't share it.
TEST_P(SyncSocketTest, APortThatIsTakenIsNamed) {
  const Descriptor holder{socket(GetParam() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (GetParam()) {
    sockaddr_in any{.sin_family = AF_INET, .sin_port = htons(8848), .sin_addr = {}, .sin_zero = {}};
    ASSERT_EQ(bind(holder.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  } else {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(8848);
    ASSERT_EQ(bind(holder.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  }
  const auto socket = open();
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error(), "connection sync on left: can't listen to the group: Address already in use");
}

TEST_P(SyncSocketTest, OnlyAnInterfaceThatIsGoneOrReplacedMakesItStale) {
  SyncSocket ours = open().value();
  EXPECT_FALSE(ours.is_stale());
  test::shell("ip link set left down");
  EXPECT_FALSE(ours.is_stale());
  EXPECT_EQ(ours.send(text("lost")), Sent::kFailed);
  test::SyncCable::pull();
  EXPECT_TRUE(ours.is_stale());
  EXPECT_EQ(ours.send(text("lost")), Sent::kFailed);
  cable_->plug();
  EXPECT_TRUE(ours.is_stale());
  EXPECT_FALSE(open().value().is_stale());
}

// 65,507 bytes fit into an IPv4 datagram.
TEST_P(SyncSocketTest, WhatNoDatagramHoldsIsRefused) {
  EXPECT_EQ(open().value().send(Bytes(70'000, std::byte{1})), Sent::kFailed);
}

// A queue that lets a datagram out each few seconds and holds little more than one.
TEST_P(SyncSocketTest, AnInterfaceThatTakesNoMoreIsBusyAndTakesTheSameLater) {
  if (std::system("tc qdisc add dev left root tbf rate 8kbit burst 1600 limit 1600") != 0)
    GTEST_SKIP() << "this kernel has no queue that can be full (sch_tbf)";
  SyncSocket ours = open().value();
  SyncSocket peer = cable_->peer(group());
  const Bytes datagram(1000, std::byte{3});
  unsigned taken = 0;
  while (taken < 100 && ours.send(datagram) == Sent::kYes) ++taken;
  ASSERT_LT(taken, 100U);
  EXPECT_EQ(ours.send(datagram), Sent::kBusy);
  test::shell("tc qdisc del dev left root");
  EXPECT_EQ(ours.send(text("the last")), Sent::kYes);
  while (const auto got = test::next_datagram(peer)) {
    if (*got == text("the last")) return;
  }
  ADD_FAILURE() << "it did not come";
}

}  // namespace
}  // namespace penstock::control
