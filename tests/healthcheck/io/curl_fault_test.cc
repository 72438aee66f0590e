// libcurl without memory: nothing that fails in it says anything about a server, and it works again when it has memory.
//
// A program of its own, because libcurl takes its allocator once in a process. OpenSSL's memory is not libcurl's.
#include <curl/curl.h>

#include <cstdlib>
#include <cstring>

#include "healthcheck/io/mailer.h"
#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck::test {
namespace {

// How many allocations libcurl gets before each one fails, or only the next one; libcurl runs on the test's thread alone.
long calls_left = 0;
bool is_limited = false;
bool recovers = false;

bool may_have_memory() {
  if (!is_limited || calls_left-- > 0) return true;
  if (recovers) is_limited = false;
  return false;
}

void* get(std::size_t size) { return may_have_memory() ? std::malloc(size) : nullptr; }
void* get_more(void* block, std::size_t size) { return may_have_memory() ? std::realloc(block, size) : nullptr; }
void* get_cleared(std::size_t count, std::size_t size) { return may_have_memory() ? std::calloc(count, size) : nullptr; }
char* get_copy(const char* text) { return may_have_memory() ? strdup(text) : nullptr; }

const CURLcode library = curl_global_init_mem(CURL_GLOBAL_ALL, get, std::free, get_more, get_copy, get_cleared);

class NoMemory {
 public:
  explicit NoMemory(long after = 0, bool only_once = false) {
    calls_left = after;
    recovers = only_once;
    is_limited = true;
  }
  ~NoMemory() { is_limited = false; }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
  [[nodiscard]] bool was_met() const { return recovers ? !is_limited : calls_left < 0; }
};

void say_hello(Peer& peer) {
  peer.read_request();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
}

class CurlFaultTest : public ProbeTest {
 protected:
  void SetUp() override { ASSERT_EQ(library, CURLE_OK); }
  [[nodiscard]] CheckSpec check() const {
    return check_of(server_.endpoint(), HttpCheck{.version = HttpCheck::Version::k11, .virtual_host = "www", .urls = {{}}}, 3s);
  }
  ScriptedServer server_{say_hello};
};

TEST_F(CurlFaultTest, WhereItCannotBeSetUpNoCheckIsRunUntilItCan) {
  std::unique_ptr<CurlMulti> curl;
  {
    const NoMemory none;
    curl = std::make_unique<CurlMulti>(loop_);
  }
  ProbeFactory factory{loop_, *curl, scripts_};
  const auto start = [&](ProbeDone done) { return factory.start(check(), std::move(done)); };
  {
    const NoMemory none;
    const ProbeResult result = run(start);
    EXPECT_EQ(result.failure, ProbeFailure::kNotRun);
    EXPECT_EQ(result.detail, "libcurl has no memory for a request");
  }
  EXPECT_TRUE(run(start).is_success());
}

// At the start, that is: later libcurl 7.88 itself divides by zero when one of its tables could not be made, or forgets the
// transfer (which the probe's own deadline ends).
TEST_F(CurlFaultTest, AtWhicheverAllocationOfTheStartMemoryEndsTheCheckIsNotRun) {
  EXPECT_TRUE(run(check()).is_success());
  for (const bool only_once : {false, true}) {
    long allocations = 0;
    for (bool was_met = true; was_met; ++allocations) {
      ASSERT_LT(allocations, 10'000);
      const ProbeResult result = run([&](ProbeDone done) {
        const NoMemory limit{allocations, only_once};
        auto probe = factory_.start(check(), std::move(done));
        was_met = limit.was_met();
        return probe;
      });
      EXPECT_TRUE(result.is_success() || result.failure == ProbeFailure::kNotRun)
          << "after " << allocations << ": " << to_string(result.failure) << ": " << result.detail;
    }
    EXPECT_GT(allocations, 10);
  }
  EXPECT_TRUE(run(check()).is_success());
}

TEST_F(CurlFaultTest, AMailIsLostAndReported) {
  std::vector<std::string> reports;
  Mailer mailer{loop_, curl_, [&](std::string line) { reports.push_back(std::move(line)); }};
  mailer.set_policy({.server = "127.0.0.1", .port = server_.endpoint().port, .to = {"ops@example.org"}});
  mailer.send("subject", "body");
  const NoMemory none;
  wait_until("the mail's end", [&] { return mailer.is_idle(); });
  EXPECT_EQ(reports, std::vector<std::string>{"mail lost: libcurl has no memory for it"});
}

}  // namespace
}  // namespace penstock::healthcheck::test
