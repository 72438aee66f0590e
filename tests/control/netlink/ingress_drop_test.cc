#include "control/tap/ingress_drop.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "control/netlink/interface_sysctl.h"
#include "tests/control/netlink/network_namespace.h"
#include "tests/control/netlink/wire_frames.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;
using test::shell;

const MacAddress kOurs = *MacAddress::parse("02:00:00:00:00:01");
const MacAddress kPeer = *MacAddress::parse("02:00:00:00:00:02");
packet::Ipv4Address v4(const char* text) { return IpAddress::parse(text)->v4(); }

// `below` stands for the NIC that net_af_packet uses, with an address that the kernel would answer for; `peer` is the wire's
// other end.
class IngressDropTest : public test::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    peer_ = std::make_unique<test::NetworkNamespace>(test::NetworkNamespace::create());
    shell("ip link add name below address 02:00:00:00:00:01 type veth peer name peer address 02:00:00:00:00:02 netns " +
          peer_->path());
    peer_->run([this] {
      shell("ip link set peer up");
      wire_ = std::make_unique<test::PacketSocket>("peer");
    });
    shell("ip link set below up && ip addr add 10.0.0.1/24 dev below");
    ours_ = std::make_unique<test::PacketSocket>("below");
    for (auto* socket : {wire_.get(), ours_.get()}) {
      watches_.push_back(loop_.add_fd(socket->fd(), {.readable = true}, [socket](FdEvents) { socket->has_received({0}); }));
    }
  }
  void TearDown() override {
    watches_.clear();
    drop_.reset();
    wire_.reset();
    ours_.reset();
    peer_.reset();
    NamespaceTest::TearDown();
  }

  std::expected<std::unique_ptr<IngressDrop>, std::string> install() {
    return IngressDrop::install(loop_, "below", [this](const std::string& problem) { problems_.push_back(problem); });
  }
  static test::Frame question(const char* sender) {
    return test::arp(test::kArpRequest, kPeer, v4(sender), MacAddress{}, v4("10.0.0.1"));
  }
  static test::Frame answer(const char* sender) { return test::arp(test::kArpReply, kOurs, v4("10.0.0.1"), kPeer, v4(sender)); }
  // Asks, and waits until our packet socket has seen the question.
  void ask(const char* sender) {
    wire_->send(question(sender));
    wait_until("packet socket sees the question", [&] { return ours_->has_received(question(sender)); });
  }
  static std::vector<std::string> tables() { return *NfTables::open()->list_tables(); }
  static std::string ipv6_off() { return *InterfaceSysctl{InterfaceSysctl::Family::kIpv6, "below", "disable_ipv6"}.read(); }

  // A process that installs the drop, and then waits to be killed; the call returns when the drop is there.
  pid_t start_other_daemon() {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      EventLoop loop;
      const auto drop = IngressDrop::install(loop, "below", [](const std::string&) {});
      const char verdict = drop ? 'y' : 'n';
      if (write(ready[1], &verdict, 1) != 1) _exit(1);
      for (;;) pause();
    }
    char verdict = 0;
    EXPECT_EQ(read(ready[0], &verdict, 1), 1);
    EXPECT_EQ(verdict, 'y');
    close(ready[0]);
    close(ready[1]);
    return pid;
  }
  static void kill_and_reap(pid_t pid) {
    EXPECT_EQ(kill(pid, SIGKILL), 0);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
  }

  std::unique_ptr<test::NetworkNamespace> peer_;
  std::unique_ptr<test::PacketSocket> wire_;
  std::unique_ptr<test::PacketSocket> ours_;
  std::unique_ptr<IngressDrop> drop_;
  std::vector<FdWatch> watches_;
  std::vector<std::string> problems_;
};

TEST_F(IngressDropTest, TheKernelIsDeafWhilePacketSocketsHear) {
  ask("10.0.0.51");
  wait_until("answer before", [&] { return wire_->has_received(answer("10.0.0.51")); });
  auto installed = install();
  ASSERT_TRUE(installed) << installed.error();
  ask("10.0.0.52");
  installed->reset();
  EXPECT_TRUE(tables().empty());
  ask("10.0.0.53");
  wait_until("answer after", [&] { return wire_->has_received(answer("10.0.0.53")); });
  // The wire keeps the order: had the second question been answered, that answer would be here by now.
  EXPECT_FALSE(wire_->has_received(answer("10.0.0.52")));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(IngressDropTest, SwitchesIpv6OffAndOnAgain) {
  EXPECT_EQ(ipv6_off(), "0");
  {
    const auto installed = install();
    ASSERT_TRUE(installed) << installed.error();
    EXPECT_EQ(ipv6_off(), "1");
  }
  EXPECT_EQ(ipv6_off(), "0");
}

TEST_F(IngressDropTest, LeavesIpv6OffWhereTheOperatorHadItOff) {
  shell("echo 1 > /proc/sys/net/ipv6/conf/below/disable_ipv6");
  {
    const auto installed = install();
  }
  EXPECT_EQ(ipv6_off(), "1");
}

TEST_F(IngressDropTest, ReplacesWhatAKilledDaemonLeftBehind) {
  const pid_t other = start_other_daemon();
  const auto refused = install();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            "cannot keep the kernel from answering on below: the process " + std::to_string(other) + " uses it already");
  kill_and_reap(other);
  const auto left = tables();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(ipv6_off(), "1");

  auto installed = install();
  ASSERT_TRUE(installed) << installed.error();
  EXPECT_EQ(tables(), std::vector{(*installed)->table()});
  EXPECT_NE(left[0], (*installed)->table());
  ask("10.0.0.52");
  installed->reset();
  EXPECT_TRUE(tables().empty());
  EXPECT_EQ(ipv6_off(), "0");  // as the killed one had found it
}

TEST_F(IngressDropTest, CleansUpUnderInterfacesThatItDoesNotUse) {
  const pid_t other = start_other_daemon();
  kill_and_reap(other);
  shell("ip link add name elsewhere type veth peer name far");
  {
    const auto installed = IngressDrop::install(loop_, "elsewhere", [](const std::string&) {});
    ASSERT_TRUE(installed) << installed.error();
    EXPECT_EQ(tables(), std::vector{(*installed)->table()});
  }
  EXPECT_EQ(ipv6_off(), "0");
  ask("10.0.0.52");
  wait_until("answer", [&] { return wire_->has_received(answer("10.0.0.52")); });
}

TEST_F(IngressDropTest, LeavesOtherPeoplesTablesAlone) {
  auto tool = NfTables::open();
  ASSERT_TRUE(tool->create_drop("penstock_of_somebody", "lo", {}));
  {
    const auto installed = install();
  }
  EXPECT_EQ(tables(), std::vector<std::string>{"penstock_of_somebody"});
}

TEST_F(IngressDropTest, ComesBackWhenSomebodyFlushesTheRuleset) {
  auto installed = install();
  ASSERT_TRUE(installed) << installed.error();
  drop_ = std::move(*installed);
  auto tool = NfTables::open();
  ASSERT_TRUE(tool->remove(drop_->table()));
  EXPECT_FALSE(tool->has_drop(drop_->table()));
  wait_until("made again", [&] { return drop_->repairs() == 1; });
  EXPECT_TRUE(tool->has_drop(drop_->table()));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(IngressDropTest, SaysWhyItCannotBeInstalled) {
  EXPECT_EQ(IngressDrop::install(loop_, "nowhere", [](const std::string&) {}).error(),
            "cannot keep the kernel from answering on nowhere: No such device");
  const pid_t pid = fork();
  if (pid == 0) {
    if (setuid(65534) != 0) _exit(2);
    EventLoop loop;
    const auto refused = IngressDrop::install(loop, "below", [](const std::string&) {});
    _exit(!refused && refused.error().ends_with("(this needs root or CAP_NET_ADMIN)") ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace penstock::control
