// In a network namespace of the test's own, where only root can work; there the kernel's ping sockets are nobody's.
#include "healthcheck/io/ping_probe.h"

#include <fstream>

#include "tests/control/netlink/network_namespace.h"
#include "tests/healthcheck/io/probe_test.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

class PingProbe : public ProbeTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "this test makes network namespaces, which needs root";
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    control::test::shell("ip link set lo up");
  }
  void TearDown() override {
    if (!IsSkipped()) host_.enter();
  }
  ProbeResult probe(const char* target, Duration timeout = 5s) {
    return run(check_of({.address = address(target), .port = 80}, PingCheck{}, timeout));
  }

 private:
  control::test::NetworkNamespace host_ = control::test::NetworkNamespace::current();
};

TEST_F(PingProbe, HearsTheReplyOfAnIpv4Address) { EXPECT_TRUE(probe("127.0.0.1").is_success()); }

TEST_F(PingProbe, HearsTheReplyOfAnIpv6Address) {
  const auto result = probe("::1");
  EXPECT_TRUE(result.is_success()) << result.detail;
}

TEST_F(PingProbe, GivesUpOnAnAddressThatDoesNotAnswer) {
  std::ofstream{"/proc/sys/net/ipv4/icmp_echo_ignore_all"} << "1\n";
  EXPECT_EQ(probe("127.0.0.1", 30ms).failure, ProbeFailure::kTimeout);
}

TEST_F(PingProbe, SaysThatThereIsNoWay) { EXPECT_EQ(probe("192.0.2.1").failure, ProbeFailure::kUnreachable); }

TEST_F(PingProbe, ManyBesideEachOtherHearTheirOwnRepliesOnly) {
  control::test::shell("ip address add 192.0.2.1/32 dev lo");
  control::test::shell("ip route add blackhole 198.51.100.0/24");
  std::vector<std::unique_ptr<Probe>> probes;
  std::size_t up = 0;
  std::size_t down = 0;
  for (int i = 0; i < 300; ++i) {
    const bool answers = i % 3 != 0;
    const std::string target = answers ? (i % 3 == 1 ? "192.0.2.1" : "127.0.0." + std::to_string(i % 250 + 1)) : "198.51.100.1";
    probes.push_back(start_ping_probe(loop_, check_of({.address = address(target.c_str())}, PingCheck{}),
                                      [&, answers](const ProbeResult& result) {
                                        EXPECT_EQ(result.is_success(), answers) << result.detail;
                                        ++(result.is_success() ? up : down);
                                      }));
  }
  wait_until("all results", [&] { return up + down == 300; });
  EXPECT_EQ(up, 200U);
}

TEST_F(PingProbe, AnIcmpErrorOfARouterEndsItAtOnce) {
  // Behind a router (a namespace of its own) that has no way to the target.
  const auto router = control::test::NetworkNamespace::create();
  control::test::shell("ip link add out type veth peer name in netns " + router.path());
  control::test::shell("ip address add 10.0.0.1/24 dev out && ip link set out up && ip route add 198.51.100.0/24 via 10.0.0.2");
  router.run([] {
    control::test::shell("ip address add 10.0.0.2/24 dev in && ip link set in up && ip route add unreachable 198.51.100.0/24");
    std::ofstream{"/proc/sys/net/ipv4/ip_forward"} << "1\n";
  });
  const auto result = probe("198.51.100.1");
  EXPECT_EQ(result.failure, ProbeFailure::kUnreachable) << result.detail;
  EXPECT_LT(result.latency, 4s);
}

}  // namespace
}  // namespace penstock::healthcheck
