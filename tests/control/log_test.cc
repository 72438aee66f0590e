// The daemon's log, through real descriptors: stderr is captured, and a process of its own plays the syslog daemon.
#include "control/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <regex>
#include <thread>
#include <vector>

namespace penstock::control {
namespace {

using std::chrono::seconds;

// What `body` logs to stderr.
template <typename Body>
std::string captured(Body body) {
  testing::internal::CaptureStderr();
  body();
  log::close();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, lines_look_like_keepalived_s) {
  const std::string text = captured([] {
    log::open({});
    log::info("({}) Entering {} STATE", "VI_1", "MASTER");
  });
  const std::regex line{R"([A-Z][a-z]{2} [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d \d{4}: \(VI_1\) Entering MASTER STATE\n)"};
  EXPECT_TRUE(std::regex_match(text, line)) << text;
}

TEST(Log, detail_lines_need_detail) {
  const auto lines = [](bool detail) {
    return captured([detail] {
      log::open({.detail = detail});
      log::debug("one");
      EXPECT_EQ(log::enabled(log::Level::kDebug), detail);
      EXPECT_TRUE(log::enabled(log::Level::kInfo));
      log::notice("two");
    });
  };
  EXPECT_EQ(lines(false).find("one"), std::string::npos);
  EXPECT_NE(lines(false).find("two"), std::string::npos);
  EXPECT_NE(lines(true).find("one"), std::string::npos);
}

TEST(Log, every_level_reaches_the_target_in_order) {
  const std::string text = captured([] {
    log::open({.detail = true});
    log::debug("1");
    log::info("2");
    log::notice("3");
    log::warning("4");
    log::error("5");
  });
  std::string order;
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) order += text[at - 1];
  EXPECT_EQ(order, "12345");
}

TEST(Log, a_line_can_not_be_forged) {
  const std::string text = captured([] {
    log::open({});
    log::warning("page says: {}", "hello\nMon Nov 23 06:24:47 2026: (VI_1) Entering MASTER STATE\r");
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Log, works_before_it_is_opened_and_after_it_is_closed) {
  const std::string text = captured([] {
    log::error("early");
    log::open({});
    log::close();
    log::error("late");
  });
  EXPECT_NE(text.find("early"), std::string::npos);
  EXPECT_NE(text.find("late"), std::string::npos);
}

TEST(Log, close_waits_for_what_is_queued_from_many_threads) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;  // all of them fit into the queue
  const std::string text = captured([] {
    log::open({});
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([i] {
        for (int n = 0; n < kLines; ++n) log::info("thread {} line {}", i, n);
      });
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), kThreads * kLines);
}

// The reason for the queue: nobody reads stderr, and the caller goes on all the same.
TEST(Log, a_full_pipe_does_not_stop_the_caller) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const int stderr_before = dup(STDERR_FILENO);
  dup2(pipe_ends[1], STDERR_FILENO);
  log::open({});
  const std::string text(100, 'x');
  for (int n = 0; n < 20'000; ++n) log::info("{} {}", n, text);  // 2 MB; a pipe holds 64 KiB
  std::string received;
  std::jthread reader{[&] {
    char buffer[65'536];
    for (ssize_t got = 0; (got = read(pipe_ends[0], buffer, sizeof(buffer))) > 0;)
      received.append(buffer, static_cast<std::size_t>(got));
  }};
  log::close();
  dup2(stderr_before, STDERR_FILENO);
  close(stderr_before);
  close(pipe_ends[1]);
  reader.join();
  close(pipe_ends[0]);
  const auto lines = std::ranges::count(received, '\n');
  EXPECT_NE(received.find(": 19999 "), std::string::npos) << "the newest line is kept";
  EXPECT_LT(lines, 20'000) << "the oldest give way";
  EXPECT_GT(lines, 8'000);
}

TEST(Log, a_full_disk_costs_lines_and_nothing_else) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const int stderr_before = dup(STDERR_FILENO);
  dup2(full, STDERR_FILENO);
  log::open({});
  for (int n = 0; n < 10'000; ++n) log::info("{}", n);
  log::close();
  dup2(stderr_before, STDERR_FILENO);
  close(stderr_before);
  close(full);
  EXPECT_TRUE(captured([] {
                log::open({});
                log::info("there is room again");
              }).contains("there is room again"));
}

// The syslog daemon's view: runs in a process with a /dev of its own, where it is that daemon. Returns what was received, or
// why not.
std::string received_by_syslog() {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", "/dev", "tmpfs", 0, nullptr) != 0)
    return "no namespace";
  const int daemon = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "/dev/log"};
  if (bind(daemon, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return "no /dev/log";
  log::open({.target = log::Target::kSyslog, .ident = "director", .detail = true});
  log::debug("1");
  log::info("2");
  log::notice("3 %s");  // no format of syslog's
  log::warning("4");
  log::error("5");
  log::close();
  std::string all;
  char buffer[512];
  for (ssize_t got = 0; (got = recv(daemon, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0;) {
    const std::string line{buffer, static_cast<std::size_t>(got)};  // "<31>Nov 23 06:24:47 director[123]: 1"
    all +=
        line.substr(0, line.find('>') + 1) + line.substr(line.find("director"), 8) + line.substr(line.rfind("]: ") + 1) + '\n';
  }
  return all;
}

TEST(Log, syslog_gets_each_line_with_facility_daemon_and_its_severity) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root for a mount namespace";
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = received_by_syslog();
    _exit(write(pipe_ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(pipe_ends[0], buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(text,
            "<31>director: 1\n"
            "<30>director: 2\n"
            "<29>director: 3 %s\n"
            "<28>director: 4\n"
            "<27>director: 5\n");
}

TEST(RateLimit, lets_one_through_per_interval_and_counts_the_rest) {
  log::RateLimit limit{seconds{10}};
  log::RateLimit::Time now{};
  EXPECT_TRUE(limit.pass(now));
  EXPECT_EQ(limit.pass(now + seconds{10}).suffix(), "") << "nothing was held back";
  for (int second = 11; second < 20; ++second) EXPECT_FALSE(limit.pass(now + seconds{second})) << second;
  const auto pass = limit.pass(now + seconds{20});
  EXPECT_TRUE(pass);
  EXPECT_EQ(pass.suffix(), " (suppressed 9 times)");
  EXPECT_FALSE(limit.pass(now + seconds{29}));
  EXPECT_EQ(limit.pass(now + seconds{30}).suffix(), " (suppressed 1 time)");
}

}  // namespace
}  // namespace penstock::control
