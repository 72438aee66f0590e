#include "control/netlink/next_hop_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/control/netlink/network_namespace.h"
#include "tests/support/ip.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;
using penstock::test::ip;
using test::shell;
using State = NextHop::State;

MacAddress mac(std::string_view text) { return *MacAddress::parse(text); }

// The director has `lan` (10.0.0.1/24, fd77::1/64); a neighbouring namespace has the other end, `peer`, with 10.0.0.2 and .3.
class NextHopTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    peer_ = std::make_unique<test::NetworkNamespace>(test::NetworkNamespace::create());
    shell("ip link add name lan address 02:00:00:00:00:01 type veth peer name peer address 02:00:00:00:00:02 netns " +
          peer_->path());
    // Without duplicate address detection: IPv6 asks for neighbours from its link-local address, which would be tentative for a
    // second.
    shell("echo 0 > /proc/sys/net/ipv6/conf/lan/accept_dad");
    peer_->run([] {
      shell("echo 0 > /proc/sys/net/ipv6/conf/peer/accept_dad");
      shell("ip link set lo up && ip link set peer up && ip addr add 10.0.0.2/24 dev peer && ip addr add 10.0.0.3/24 dev peer");
      shell("ip addr add fd77::2/64 dev peer nodad");
    });
    shell("ip link set lan up && ip addr add 10.0.0.1/24 dev lan && ip addr add fd77::1/64 dev lan nodad");
    // One unanswered question is enough to give up, and each takes 100 ms.
    shell(
        "for f in ipv4 ipv6; do echo 1 > /proc/sys/net/$f/neigh/lan/mcast_solicit; echo 1 > "
        "/proc/sys/net/$f/neigh/lan/ucast_solicit; "
        "echo 100 > /proc/sys/net/$f/neigh/lan/retrans_time_ms; done");
    mirror_ = std::move(*NetworkMirror::open(loop_));
  }
  void TearDown() override {
    tracker_.reset();
    keeper_.reset();
    mirror_.reset();
    peer_.reset();
    NamespaceTest::TearDown();
  }

  void track(const std::vector<IpAddress>& servers, NeighbourKeeper::Options options = {}) {
    options.on_problem = [this](const std::string& problem) { problems_.push_back(problem); };
    keeper_ = std::make_unique<NeighbourKeeper>(loop_, *mirror_, std::move(*Requester::open()), std::move(options));
    tracker_ = std::make_unique<NextHopTracker>(loop_, *mirror_, *keeper_, RouteLookup{std::move(*Requester::open())},
                                                [this](std::span<const NextHopTracker::Change> changes) {
                                                  for (const auto& change : changes) told_[change.server] = change.next_hop;
                                                });
    tracker_->set_servers(servers);
  }
  // As told by the callback, which must agree with find().
  NextHop hop(const IpAddress& server) {
    const auto found = told_.find(server);
    return found == told_.end() ? NextHop{} : found->second;
  }
  void wait_for_state(std::string_view server, State state) {
    wait_until(std::string{server} + " in state " + std::to_string(static_cast<int>(state)),
               [&] { return hop(ip(server)).state == state; });
    EXPECT_EQ(*tracker_->find(ip(server)), hop(ip(server)));
  }

  std::unique_ptr<test::NetworkNamespace> peer_;
  std::unique_ptr<NetworkMirror> mirror_;
  std::unique_ptr<NeighbourKeeper> keeper_;
  std::unique_ptr<NextHopTracker> tracker_;
  std::map<IpAddress, NextHop> told_;
  std::vector<std::string> problems_;
};

TEST_F(NextHopTest, LearnsTheNeighboursThatAnswer) {
  track({ip("10.0.0.2"), ip("fd77::2")});
  for (const std::string_view server : {"10.0.0.2", "fd77::2"}) {
    wait_for_state(server, State::kResolved);
    const NextHop found = hop(ip(server));
    EXPECT_EQ(found.mac, mac("02:00:00:00:00:02"));
    EXPECT_EQ(found.interface_name, "lan");
    EXPECT_EQ(found.interface_index, mirror_->find_link("lan")->index);
    EXPECT_EQ(found.address, ip(server));
    EXPECT_EQ(found.mtu, 1500U);
    EXPECT_TRUE(found.takes_new_connections());
  }
  EXPECT_TRUE(problems_.empty());
}

TEST_F(NextHopTest, HasTheKernelManageTheEntryWhileItIsNeeded) {
  track({ip("10.0.0.2")});
  wait_for_state("10.0.0.2", State::kResolved);
  const NeighbourKey key{hop(ip("10.0.0.2")).interface_index, ip("10.0.0.2")};
  if (keeper_->method() != NeighbourKeeper::Method::kManaged) GTEST_SKIP() << "this kernel is older than 5.16";
  EXPECT_TRUE(mirror_->find_neighbour(key)->managed);
  tracker_->set_servers({});
  wait_until("mark taken back", [&] { return !mirror_->find_neighbour(key)->managed; });
  EXPECT_EQ(tracker_->find(ip("10.0.0.2")), nullptr);
}

TEST_F(NextHopTest, TakesItsMarksBackAtTheEnd) {
  track({ip("10.0.0.2")});
  wait_for_state("10.0.0.2", State::kResolved);
  const NeighbourKey key{hop(ip("10.0.0.2")).interface_index, ip("10.0.0.2")};
  tracker_.reset();
  keeper_.reset();
  wait_until("mark taken back", [&] { return !mirror_->find_neighbour(key)->managed; });
}

TEST_F(NextHopTest, ProbesWhereTheKernelManagesNothing) {
  track({ip("10.0.0.2")},
        {.method = NeighbourKeeper::Method::kProbing, .interval = std::chrono::milliseconds{20}, .on_problem = {}});
  wait_for_state("10.0.0.2", State::kResolved);
  const NeighbourKey key{hop(ip("10.0.0.2")).interface_index, ip("10.0.0.2")};
  EXPECT_FALSE(mirror_->find_neighbour(key)->managed);
  // A probe finds out that the server has another MAC now: no packet of ours goes there, so only probing can notice.
  peer_->run([] { shell("ip link set peer address 02:00:00:00:00:22"); });
  shell(
      "ip neigh change 10.0.0.2 lladdr 02:00:00:00:00:02 dev lan nud stale && echo 0 > "
      "/proc/sys/net/ipv4/neigh/lan/delay_first_probe_time");
  wait_until("new MAC", [&] { return hop(ip("10.0.0.2")).mac == mac("02:00:00:00:00:22"); });
}

TEST_F(NextHopTest, HonoursTheOperatorsStaticEntries) {
  shell("ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:50 dev lan nud permanent");
  shell("ip neigh add 10.0.0.51 lladdr 02:00:00:00:00:51 dev lan nud noarp");
  track({ip("10.0.0.50"), ip("10.0.0.51"), ip("10.0.0.52"), ip("10.0.0.2")},
        {.interval = std::chrono::milliseconds{10}, .on_problem = {}});
  wait_for_state("10.0.0.50", State::kResolved);
  wait_for_state("10.0.0.51", State::kResolved);
  wait_for_state("10.0.0.2", State::kResolved);
  EXPECT_EQ(hop(ip("10.0.0.50")).mac, mac("02:00:00:00:00:50"));
  EXPECT_EQ(hop(ip("10.0.0.51")).mac, mac("02:00:00:00:00:51"));
  // One that comes later takes the place of an entry that is managed already, and keeps it over many repairs' intervals.
  wait_for_state("10.0.0.52", State::kFailed);
  shell("ip neigh replace 10.0.0.52 lladdr 02:00:00:00:00:52 dev lan nud permanent");
  wait_for_state("10.0.0.52", State::kResolved);
  EXPECT_EQ(hop(ip("10.0.0.52")).mac, mac("02:00:00:00:00:52"));
  int turns = 0;
  Timer timer = loop_.add_timer([&] { ++turns; });
  timer.start_every(std::chrono::milliseconds{10});
  wait_until("ten intervals", [&] { return turns == 10; });
  const int lan = mirror_->find_link("lan")->index;
  for (const char* address : {"10.0.0.50", "10.0.0.51", "10.0.0.52"}) {
    EXPECT_TRUE(mirror_->find_neighbour({lan, ip(address)})->is_static()) << address;
  }
}

TEST_F(NextHopTest, AFailedNeighbourKeepsItsLastMac) {
  track({ip("10.0.0.3"), ip("10.0.0.99")});
  wait_for_state("10.0.0.3", State::kResolved);
  wait_for_state("10.0.0.99", State::kFailed);
  EXPECT_EQ(hop(ip("10.0.0.99")).mac, std::nullopt);  // it never had one
  EXPECT_FALSE(hop(ip("10.0.0.99")).takes_new_connections());

  peer_->run([] { shell("ip addr del 10.0.0.3/24 dev peer"); });
  shell("ip neigh change 10.0.0.3 dev lan nud probe");  // what the kernel does by itself after some seconds
  wait_for_state("10.0.0.3", State::kFailed);
  EXPECT_EQ(hop(ip("10.0.0.3")).mac, mac("02:00:00:00:00:02"));
  EXPECT_FALSE(hop(ip("10.0.0.3")).takes_new_connections());

  peer_->run([] { shell("ip addr add 10.0.0.3/24 dev peer"); });
  shell("ip neigh change 10.0.0.3 dev lan use");  // likewise
  wait_for_state("10.0.0.3", State::kResolved);
  EXPECT_TRUE(hop(ip("10.0.0.3")).takes_new_connections());
}

TEST_F(NextHopTest, AFlushedEntryIsRenewed) {
  track({ip("10.0.0.2")}, {.repair_delay = std::chrono::milliseconds{5}, .on_problem = {}});
  wait_for_state("10.0.0.2", State::kResolved);
  bool was_lost = false;
  auto subscription =
      mirror_->subscribe({.link_changed = {},
                          .address_changed = {},
                          .neighbour_changed = [&](const NeighbourKey&, const Neighbour* now) { was_lost |= now == nullptr; },
                          .routes_changed = {}});
  shell("ip neigh flush dev lan");
  wait_until("entry lost", [&] { return was_lost; });
  EXPECT_EQ(tracker_->find(ip("10.0.0.2"))->mac, mac("02:00:00:00:00:02"));  // still the last one known
  wait_until("resolved again", [&] { return tracker_->find(ip("10.0.0.2"))->state == State::kResolved; });
}

// The kernel calls an entry failed at the moment in which somebody deletes it.
TEST_F(NextHopTest, ADeletedEntryTakesNewConnectionsUntilItsRenewalHasFailed) {
  track({ip("10.0.0.3")}, {.repair_delay = std::chrono::milliseconds{50}, .on_problem = {}});
  wait_for_state("10.0.0.3", State::kResolved);
  shell("ip neigh del 10.0.0.3 dev lan");
  wait_until("the deletion told", [&] { return hop(ip("10.0.0.3")).state != State::kResolved; });
  EXPECT_EQ(hop(ip("10.0.0.3")).state, State::kResolving);
  EXPECT_TRUE(hop(ip("10.0.0.3")).takes_new_connections());
  wait_for_state("10.0.0.3", State::kResolved);

  peer_->run([] { shell("ip addr del 10.0.0.3/24 dev peer"); });
  shell("ip neigh del 10.0.0.3 dev lan");
  wait_until("the deletion told", [&] { return hop(ip("10.0.0.3")).state != State::kResolved; });
  EXPECT_TRUE(hop(ip("10.0.0.3")).takes_new_connections());
  wait_for_state("10.0.0.3", State::kFailed);
  EXPECT_FALSE(hop(ip("10.0.0.3")).takes_new_connections());
  // Now it has been asked for in vain, and that its entry goes doesn't change that.
  bool is_gone = false;
  auto subscription =
      mirror_->subscribe({.link_changed = {},
                          .address_changed = {},
                          .neighbour_changed = [&](const NeighbourKey&, const Neighbour* now) { is_gone |= now == nullptr; },
                          .routes_changed = {}});
  shell("ip neigh del 10.0.0.3 dev lan");
  wait_until("the entry gone", [&] { return is_gone; });
  EXPECT_EQ(tracker_->find(ip("10.0.0.3"))->state, State::kFailed);
}

TEST_F(NextHopTest, ARouteChangeMovesTheNextHop) {
  track({ip("172.16.1.1"), ip("172.16.1.2"), ip("172.17.0.1")});
  wait_for_state("172.16.1.1", State::kNoRoute);
  EXPECT_EQ(hop(ip("172.16.1.1")).error, "Network is unreachable");
  shell("ip route add 172.16.0.0/16 via 10.0.0.2");
  wait_for_state("172.16.1.1", State::kResolved);
  wait_for_state("172.16.1.2", State::kResolved);  // the same next hop
  EXPECT_EQ(hop(ip("172.16.1.1")).address, ip("10.0.0.2"));
  EXPECT_EQ(hop(ip("172.16.1.2")).address, ip("10.0.0.2"));
  EXPECT_EQ(hop(ip("172.17.0.1")).state, State::kNoRoute);

  shell("ip neigh replace 10.0.0.77 lladdr 02:00:00:00:00:77 dev lan nud permanent");
  shell("ip route add 172.16.1.2/32 via 10.0.0.77 mtu 1280");
  wait_until("moved", [&] { return hop(ip("172.16.1.2")).mac == mac("02:00:00:00:00:77"); });
  EXPECT_EQ(hop(ip("172.16.1.2")).mtu, 1280U);
  EXPECT_EQ(hop(ip("172.16.1.1")).address, ip("10.0.0.2"));

  shell("ip route add blackhole 172.17.0.0/16 && ip route del 172.16.1.2/32 && ip route del 172.16.0.0/16");
  wait_for_state("172.16.1.1", State::kNoRoute);
  wait_for_state("172.16.1.2", State::kNoRoute);
}

TEST_F(NextHopTest, FollowsAnIpv4RouteByWayOfAnIpv6Router) {
  shell("ip route add 172.16.0.0/16 via inet6 fd77::2 dev lan");
  track({ip("172.16.1.1")});
  wait_for_state("172.16.1.1", State::kResolved);
  EXPECT_EQ(hop(ip("172.16.1.1")).address, ip("fd77::2"));
  EXPECT_EQ(hop(ip("172.16.1.1")).mac, mac("02:00:00:00:00:02"));
}

TEST_F(NextHopTest, RecognisesAServerThatIsTheDirectorItself) {
  track({ip("10.0.0.1"), ip("10.0.0.2"), ip("fd77::1")});
  wait_for_state("10.0.0.1", State::kLocal);
  wait_for_state("fd77::1", State::kLocal);
  wait_for_state("10.0.0.2", State::kResolved);
  EXPECT_TRUE(hop(ip("10.0.0.1")).is_local());
  shell("ip addr add 10.0.0.44/24 dev lan");
  tracker_->set_servers(std::vector{ip("10.0.0.44"), ip("10.0.0.2")});
  wait_for_state("10.0.0.44", State::kLocal);
  shell("ip addr del 10.0.0.44/24 dev lan");
  wait_for_state("10.0.0.44", State::kFailed);  // now a server on the link that doesn't exist
}

TEST_F(NextHopTest, ALinkThatGoesDownTakesItsRoutes) {
  track({ip("10.0.0.2"), ip("fd77::2")});
  wait_for_state("10.0.0.2", State::kResolved);
  wait_for_state("fd77::2", State::kResolved);
  shell("ip link set lan down");
  wait_for_state("10.0.0.2", State::kNoRoute);
  wait_for_state("fd77::2", State::kNoRoute);
  shell("ip link set lan up && ip addr replace fd77::1/64 dev lan nodad");
  wait_for_state("10.0.0.2", State::kResolved);
  wait_for_state("fd77::2", State::kResolved);
}

TEST_F(NextHopTest, ANewInterfaceMtuIsTold) {
  track({ip("10.0.0.2")});
  wait_for_state("10.0.0.2", State::kResolved);
  shell("ip link set lan mtu 1400");
  wait_until("new MTU", [&] { return hop(ip("10.0.0.2")).mtu == 1400; });
}

TEST_F(NextHopTest, FollowsFortyThousandServersBehindOneRouter) {
  shell("ip route add 172.16.0.0/12 via 10.0.0.2");
  std::vector<IpAddress> servers;
  for (std::uint32_t i = 0; i < 40'000; ++i) servers.emplace_back(packet::Ipv4Address{0xac100000U + i});
  track(servers);
  const auto count_behind = [&](const char* router) {
    return std::ranges::count_if(
        told_, [&](const auto& entry) { return entry.second.address == ip(router) && entry.second.state == State::kResolved; });
  };
  wait_until("all of them told", [&] { return told_.size() == servers.size(); });
  wait_until("all of them resolved",
             [&] { return hop(servers.back()).state == State::kResolved && count_behind("10.0.0.2") == 40'000; });
  EXPECT_EQ(tracker_->size(), 40'000U);
  // Only the servers that the change covers are asked about; all 256 of them move, and no other.
  shell("ip route add 172.16.7.0/24 via 10.0.0.3");
  wait_until("256 servers moved", [&] { return count_behind("10.0.0.3") == 256; });
  EXPECT_EQ(count_behind("10.0.0.2"), 40'000 - 256);
  tracker_->set_servers(std::span{servers}.first(10));
  EXPECT_EQ(tracker_->size(), 10U);
}

TEST_F(NextHopTest, SaysWhyTheKernelRefuses) {
  keeper_ = std::make_unique<NeighbourKeeper>(
      loop_, *mirror_, std::move(*Requester::open()),
      NeighbourKeeper::Options{.on_problem = [this](const std::string& problem) { problems_.push_back(problem); }});
  keeper_->keep({4711, ip("10.0.0.2")});
  wait_until("problem told", [&] { return !problems_.empty(); });
  EXPECT_EQ(problems_[0], "cannot have the neighbours on interface 4711 resolved: No such device");
  EXPECT_EQ(keeper_->failures(), 1U);
}

TEST_F(NextHopTest, WarnsBeforeTheNeighbourTableIsFull) {
  NeighbourKeeper::Options options;
  options.most_v4 = 2;
  options.most_v6 = 1;
  options.on_problem = [this](const std::string& problem) { problems_.push_back(problem); };
  keeper_ = std::make_unique<NeighbourKeeper>(loop_, *mirror_, std::move(*Requester::open()), std::move(options));
  const int lan = mirror_->find_link("lan")->index;
  for (const char* address : {"10.0.0.2", "10.0.0.3", "10.0.0.3", "fd77::2"}) keeper_->keep({lan, ip(address)});
  EXPECT_TRUE(problems_.empty());
  keeper_->release({lan, ip("10.0.0.3")});
  keeper_->keep({lan, ip("10.0.0.4")});
  EXPECT_TRUE(problems_.empty());
  for (const char* address : {"10.0.0.5", "10.0.0.6", "fd77::3"}) keeper_->keep({lan, ip(address)});
  ASSERT_EQ(problems_.size(), 2U);
  EXPECT_EQ(problems_[0],
            "more than 2 real servers and routers are neighbours, but the kernel's table takes no more: raise "
            "net.ipv4.neigh.default.gc_thresh3 (and gc_thresh2, beyond which it forgets some all the time) above their number");
  EXPECT_NE(problems_[1].find("net.ipv6."), std::string::npos);
}

}  // namespace
}  // namespace penstock::control
