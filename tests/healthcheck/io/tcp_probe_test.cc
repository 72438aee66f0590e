// TCP_CHECK against real servers on loopback.
#include <fcntl.h>
#include <sys/socket.h>

#include <filesystem>
#include <future>

#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using TcpProbeTest = ProbeTest;

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return std::distance(begin(all), end(all));
}

// A port of loopback on which nobody listens.
packet::Endpoint nobodys_port() {
  return ScriptedServer{[](Peer&) {}}.endpoint();
}

TEST_F(TcpProbeTest, SucceedsWhereAConnectionIsAcceptedAndClosesItInAnOrderlyWay) {
  std::promise<bool> orderly;
  ScriptedServer server{[&](Peer& peer) { orderly.set_value(peer.wait_for_end()); }};
  const ProbeResult result = run(check_of(server.endpoint(), TcpCheck{}));
  EXPECT_TRUE(result.is_success());
  EXPECT_GT(result.latency.count(), 0);
  EXPECT_TRUE(orderly.get_future().get());
}

TEST_F(TcpProbeTest, DoesNotResetAServerThatSpeaksFirst) {
  std::promise<bool> orderly;
  std::promise<void> greeted;
  ScriptedServer server{[&](Peer& peer) {
    peer.send("220 mail.example.org ready\r\n");
    greeted.set_value();
    orderly.set_value(peer.wait_for_end());
  }};
  EXPECT_TRUE(run(check_of(server.endpoint(), TcpCheck{})).is_success());
  greeted.get_future().get();
  std::future<bool> end = orderly.get_future();
  for (int turns = 0; end.wait_for(seconds{0}) != std::future_status::ready && turns < 3000; ++turns) {
    control::Timer tick = loop_.add_timer([] {});
    tick.start_once(milliseconds{10});
    loop_.run_once();
  }
  EXPECT_TRUE(end.get());
}

TEST_F(TcpProbeTest, FailsWhereNobodyListens) {
  const ProbeResult result = run(check_of(nobodys_port(), TcpCheck{}));
  EXPECT_EQ(result.failure, ProbeFailure::kRefused);
  EXPECT_EQ(result.detail, "Connection refused");
}

// A listener whose queue is full lets further connections wait.
class FullListener {
 public:
  FullListener() : listener_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    EXPECT_EQ(listen(listener_.fd(), 0), 0);  // binds to a free port of every address
    const auto own = local_end_of(listener_);
    endpoint_ = {packet::IpAddress::parse("127.0.0.1").value(), own->port};
    const Connection connection{.target = endpoint_};
    for (Socket& filler : fillers_) {
      filler = open_probe_socket(connection, SOCK_STREAM).value();
      EXPECT_TRUE(start_connecting(filler, connection).has_value());
    }
  }
  [[nodiscard]] const packet::Endpoint& endpoint() const { return endpoint_; }

 private:
  Socket listener_;
  packet::Endpoint endpoint_;
  std::array<Socket, 4> fillers_;
};

TEST_F(TcpProbeTest, FailsAtItsDeadlineWhereNothingAnswers) {
  const FullListener silent;
  const ProbeResult result = run(check_of(silent.endpoint(), TcpCheck{}, milliseconds{150}));
  EXPECT_EQ(result.failure, ProbeFailure::kConnectTimeout);
  EXPECT_GE(result.latency, milliseconds{149});
}

TEST_F(TcpProbeTest, ReachesAServerByIpv6) {
  ScriptedServer server{[](Peer& peer) { peer.wait_for_end(); }, "::1"};
  EXPECT_TRUE(run(check_of(server.endpoint(), TcpCheck{})).is_success());
}

TEST_F(TcpProbeTest, ComesFromTheAddressAndPortThatAreBound) {
  std::promise<packet::Endpoint> seen;
  ScriptedServer server{[&](Peer& peer) {
    seen.set_value(peer.client());
    peer.wait_for_end();
  }};
  const packet::Endpoint from{packet::IpAddress::parse("127.0.0.9").value(), nobodys_port().port};
  CheckSpec check = check_of(server.endpoint(), TcpCheck{});
  check.connection.bind_address = from.address;
  check.connection.bind_port = from.port;
  EXPECT_TRUE(run(check).is_success());
  EXPECT_EQ(seen.get_future().get(), from);
}

TEST_F(TcpProbeTest, SaysThatAnAddressToBindToIsNotOurs) {
  CheckSpec check = check_of(nobodys_port(), TcpCheck{});
  check.connection.bind_address = packet::IpAddress::parse("192.0.2.1").value();
  const ProbeResult result = run(check);
  EXPECT_EQ(result.failure, ProbeFailure::kLocal);
  EXPECT_EQ(result.detail, "bind: Cannot assign requested address");
}

TEST_F(TcpProbeTest, SaysThatAnInterfaceToBindToIsNotThere) {
  CheckSpec check = check_of(nobodys_port(), TcpCheck{});
  check.connection.bind_interface = "nowhere0";
  EXPECT_EQ(failure_of_run(check), ProbeFailure::kLocal);
}

TEST_F(TcpProbeTest, FailsByNameWhereACheckThroughTheVipCanNotBeMade) {
  CheckSpec check = check_of(nobodys_port(), TcpCheck{});
  check.connection.via_vip = packet::Endpoint{packet::IpAddress::parse("127.0.0.200").value(), 80};
  const ProbeResult result = run(check);
  EXPECT_EQ(result.failure, ProbeFailure::kLocal);
  EXPECT_TRUE(result.detail.starts_with("check_via")) << result.detail;
}

TEST_F(TcpProbeTest, LeavesNoDescriptorBehindWhenItIsAbandoned) {
  const FullListener silent;
  const auto before = open_descriptors();
  {
    const auto probe = factory_.start(check_of(silent.endpoint(), TcpCheck{}), [](ProbeResult) { FAIL(); });
    EXPECT_EQ(open_descriptors(), before + 1);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(TcpProbeTest, ThousandsRunBesideEachOther) {
  constexpr int kProbes = 2000;
  ScriptedServer server{[](Peer&) {}};
  std::vector<std::unique_ptr<Probe>> probes;
  int succeeded = 0;
  int ended = 0;
  for (int i = 0; i < kProbes; ++i) {
    probes.push_back(factory_.start(check_of(server.endpoint(), TcpCheck{}), [&](ProbeResult result) {
      if (result.is_success()) ++succeeded;
      if (++ended == kProbes) loop_.stop();
    }));
  }
  loop_.run();
  EXPECT_EQ(succeeded, kProbes);
}

}  // namespace
}  // namespace penstock::healthcheck::test
