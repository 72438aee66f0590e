// Nothing left of what probes need of this host: no probe says anything about its server then, and each works again afterwards.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "healthcheck/io/own_failure.h"
#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"
#include "tests/healthcheck/io/tls_server.h"
#include "tests/support/script_folder.h"

namespace penstock::healthcheck::test {
namespace {

constexpr const char* kFaultyName = "www.example.org";
constexpr const char* kFaultyPage = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

// Leaves this process `spare` more descriptors than it has.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int spare) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next_free = dup(0);
    EXPECT_EQ(close(next_free), 0);
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next_free + spare), .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~DescriptorLimit() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// A scripted server in a process of its own, which keeps its descriptors.
class ServerProcess {
 public:
  explicit ServerProcess(const ScriptedServer::Script& script) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const ScriptedServer server{script};
      const std::uint16_t port = server.endpoint().port;
      if (write(ends[1], &port, sizeof port) != sizeof port) _exit(1);
      while (true) pause();
    }
    EXPECT_EQ(read(ends[0], &port_, sizeof port_), static_cast<ssize_t>(sizeof port_));
    close(ends[0]);
    close(ends[1]);
  }
  ~ServerProcess() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  [[nodiscard]] packet::Endpoint endpoint() const { return {address("127.0.0.1"), port_}; }

 private:
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

class FaultTest : public ProbeTest {
 protected:
  // With none, one, two, ... descriptors left the probe works or was not run, nothing else; with all it works.
  void starve(const CheckSpec& check) {
    EXPECT_TRUE(run(check).is_success());
    bool has_worked = false;
    for (int spare = 0; spare < 8; ++spare) {
      const DescriptorLimit limit{spare};
      const ProbeResult result = run(check);
      EXPECT_TRUE(result.is_success() || result.failure == ProbeFailure::kNotRun)
          << spare << " left: " << to_string(result.failure) << ": " << result.detail;
      if (spare == 0) {
        EXPECT_EQ(result.failure, ProbeFailure::kNotRun);
        EXPECT_TRUE(result.detail.contains("Too many open files")) << result.detail;
      }
      has_worked = has_worked || result.is_success();
    }
    EXPECT_TRUE(has_worked);
    EXPECT_TRUE(run(check).is_success());
  }

  penstock::test::ScriptFolder folder_;
};

TEST_F(FaultTest, ATcpCheckWithoutDescriptorsIsNotRun) {
  const ServerProcess server{[](Peer& peer) { peer.wait_for_end(); }};
  starve(check_of(server.endpoint(), TcpCheck{}));
}

TEST_F(FaultTest, AnHttpCheckWithoutDescriptorsIsNotRun) {
  const ServerProcess server{[](Peer& peer) {
    peer.read_request();
    peer.send(kFaultyPage);
  }};
  starve(check_of(server.endpoint(), HttpCheck{.urls = {{}, {.path = "/second"}}}));
}

TEST_F(FaultTest, AnHttpsCheckWithoutDescriptorsIsNotRunEvenWhereOnlyItsCaFileLacksOne) {
  const Certificate certificate{kFaultyName};
  const ServerProcess server{[&](Peer& peer) {
    TlsPeer session{peer, certificate};
    if (!session.is_open()) return;
    session.read_request();
    session.send(kFaultyPage);
    session.say_farewell();
  }};
  factory_.set_tls({.ca = certificate.file()});
  starve(check_of(server.endpoint(), HttpCheck{.tls = true, .virtual_host = kFaultyName, .send_sni = true, .urls = {{}}}));
}

TEST_F(FaultTest, AnSmtpCheckWithoutDescriptorsIsNotRun) {
  const ServerProcess server{[](Peer& peer) {
    for (const char* const reply : {"220 ready\r\n", "250 hello\r\n", "221 bye\r\n"}) {
      peer.send(reply);
      peer.read_some();
    }
  }};
  starve(check_of(server.endpoint(), SmtpCheck{.helo_name = "lb.example"}));
}

TEST_F(FaultTest, AUdpCheckWithoutDescriptorsIsNotRun) {
  UdpServer server{loop_, [](std::string_view) { return std::vector<std::string>{"pong"}; }};
  starve(check_of(server.endpoint(), UdpCheck{.require_reply = true}));
}

TEST_F(FaultTest, ADnsCheckWithoutDescriptorsIsNotRun) {
  UdpServer server{loop_, [](std::string_view query) {
                     std::string reply{query};
                     reply[2] = '\x81';
                     reply[3] = '\x80';
                     return std::vector{reply};
                   }};
  starve(check_of(server.endpoint(), DnsCheck{.name = "www.example.org"}));
}

TEST_F(FaultTest, APingCheckWithoutDescriptorsIsNotRun) {
  if (geteuid() != 0) GTEST_SKIP() << "raw sockets need root";
  starve(check_of({address("127.0.0.1"), 0}, PingCheck{}));
}

TEST_F(FaultTest, AFileCheckWithoutDescriptorsIsNotRun) {
  folder_.write("file", "0\n");
  starve(check_of({}, FileCheck{.track_file = "f", .path = folder_.path("file")}));
}

TEST_F(FaultTest, AMiscCheckWithoutDescriptorsIsNotRun) {
  const Script script{.command = {"/bin/true"}, .user = geteuid() == 0 ? "root" : ""};
  starve(check_of({}, MiscCheck{.script = script, .timeout = 20s}));
}

TEST_F(FaultTest, AScriptIsNotStartedWhereItsUserHasTooManyProcesses) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  // The limit is not root's: a process that is somebody else's.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
      _exit(2);
    control::EventLoop loop;
    ScriptRunner runner{loop, {}};
    const auto started = runner.start({.command = {"/bin/true"}}, [](control::ExitStatus) {});
    if (started) _exit(3);
    _exit(started.error().is_shortage && started.error().reason == "Resource temporarily unavailable" ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FaultTest, AScriptThatFloodsItsOutputIsJudgedByItsExit) {
  const auto flood = [this](const std::string& status) {
    const std::string path =
        folder_.script("flood", "head -c 100000000 /dev/zero; head -c 100000000 /dev/zero >&2; exit " + status);
    const Script script{.command = {path}, .user = geteuid() == 0 ? "root" : ""};
    return failure_of_run(check_of({}, MiscCheck{.script = script, .timeout = 20s}));
  };
  EXPECT_EQ(flood("0"), ProbeFailure::kNone);
  EXPECT_EQ(flood("1"), ProbeFailure::kScriptExit);
}

TEST_F(FaultTest, AScriptsUserWhoCouldNotBeLookedUpIsLookedUpAgain) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may run scripts as others";
  const auto true_of = [](const std::string& user) {
    return check_of({}, MiscCheck{.script = {.command = {"/bin/true"}, .user = user}, .timeout = 20s});
  };
  // UBSan opens a pipe when it meets a class for the first time.
  EXPECT_EQ(failure_of_run(true_of("root")), ProbeFailure::kNone);
  const CheckSpec check = true_of("nobody");
  {
    const DescriptorLimit limit{0};
    EXPECT_EQ(failure_of_run(check), ProbeFailure::kNotRun);
  }
  EXPECT_TRUE(run(check).is_success());
}

TEST_F(FaultTest, OnlyShortagesAreNoVerdict) {
  for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, ENOSPC}) EXPECT_TRUE(is_shortage(error)) << error;
  for (const int error : {EADDRNOTAVAIL, ENODEV, EPERM, EACCES, ENOENT, ECONNREFUSED})
    EXPECT_FALSE(is_shortage(error)) << error;
  EXPECT_EQ(own_failure("bind", EADDRNOTAVAIL).failure, ProbeFailure::kLocal);
  EXPECT_EQ(own_failure("bind", EADDRNOTAVAIL).detail, "bind: Cannot assign requested address");
}

}  // namespace
}  // namespace penstock::healthcheck::test
