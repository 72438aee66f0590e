// HTTP_GET against scripted servers on loopback: what is asked, and what each kind of answer means.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <latch>

#include "healthcheck/http_judgement.h"
#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using HttpProbeTest = ProbeTest;

constexpr const char* kHelloDigest = "b1946ac92492d2347c6235b4d2611184";  // of "hello\n"
constexpr const char* kHello = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

// Answers every request with these bytes and closes.
ScriptedServer::Script answer(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.read_request();
    peer.send(bytes);
  };
}

HttpUrl url_with_digest(std::string path, std::string digest) { return {.path = std::move(path), .digest = std::move(digest)}; }

CheckSpec http(const ScriptedServer& server, HttpUrl url = {}, milliseconds timeout = seconds{20}) {
  return check_of(server.endpoint(), HttpCheck{.urls = {std::move(url)}}, timeout);
}

std::string body_of(std::size_t size) { return "HTTP/1.0 200 OK\r\n\r\n" + std::string(size, 'x'); }

// What is asked

class HttpRequestTest : public ProbeTest {
 protected:
  // The request that a server saw.
  std::string seen(HttpCheck check) {
    std::promise<std::string> request;
    ScriptedServer server{[&](Peer& peer) {
      request.set_value(peer.read_request());
      peer.send(kHello);
    }};
    EXPECT_TRUE(run(check_of(server.endpoint(), std::move(check))).is_success());
    return request.get_future().get();
  }
  static std::string without_port(std::string request) {
    const std::size_t begin = request.find("127.0.0.1:") + 9;
    return request.erase(begin, request.find('\r', begin) - begin);
  }
};

TEST_F(HttpRequestTest, IsKeepalivedsOwn) {
  EXPECT_EQ(without_port(seen({.urls = {{.path = "/a?b=%20c"}}})),
            "GET /a?b=%20c HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: KeepAliveClient\r\n\r\n");
}

TEST_F(HttpRequestTest, NamesTheVirtualHost) {
  EXPECT_EQ(seen({.virtual_host = "www.example.org", .urls = {{}}}),
            "GET / HTTP/1.0\r\nHost: www.example.org\r\nUser-Agent: KeepAliveClient\r\n\r\n");
}

TEST_F(HttpRequestTest, PrefersTheUrlsVirtualHost) {
  EXPECT_EQ(seen({.virtual_host = "www.example.org", .urls = {{.virtual_host = "a.example.org"}}}),
            "GET / HTTP/1.0\r\nHost: a.example.org\r\nUser-Agent: KeepAliveClient\r\n\r\n");
}

TEST_F(HttpRequestTest, AsksForTheEndOfTheConnectionIn10CAnd11) {
  EXPECT_TRUE(seen({.version = HttpCheck::Version::k10C, .urls = {{}}}).ends_with("\r\nConnection: close\r\n\r\n"));
  const std::string request = seen({.version = HttpCheck::Version::k11, .urls = {{}}});
  EXPECT_TRUE(request.starts_with("GET / HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\nConnection: close\r\n\r\n")) << request;
}

TEST_F(HttpRequestTest, LeavesThePathAsItIsWritten) {
  EXPECT_TRUE(seen({.urls = {{.path = "/a/../b//c"}}}).starts_with("GET /a/../b//c HTTP/1.0\r\n"));
}

TEST_F(HttpProbeTest, LooksAtNoProxyOfTheEnvironment) {
  setenv("http_proxy", "http://127.0.0.1:1/", 1);
  ScriptedServer server{answer(kHello)};
  EXPECT_TRUE(run(http(server)).is_success());
  unsetenv("http_proxy");
}

TEST_F(HttpProbeTest, ReachesAServerByIpv6) {
  ScriptedServer server{answer(kHello), "::1"};
  EXPECT_TRUE(run(http(server)).is_success());
}

TEST_F(HttpProbeTest, ComesFromTheAddressThatIsBound) {
  std::promise<packet::Endpoint> seen;
  ScriptedServer server{[&](Peer& peer) {
    seen.set_value(peer.client());
    peer.read_request();
    peer.send(kHello);
  }};
  CheckSpec check = http(server);
  check.connection.bind_address = packet::IpAddress::parse("127.0.0.7").value();
  EXPECT_TRUE(run(check).is_success());
  EXPECT_EQ(seen.get_future().get().address, *check.connection.bind_address);
}

TEST_F(HttpProbeTest, SaysThatAnAddressToBindToIsNotOurs) {
  ScriptedServer server{answer(kHello)};
  CheckSpec check = http(server);
  check.connection.bind_address = packet::IpAddress::parse("192.0.2.1").value();
  const ProbeResult result = run(check);
  EXPECT_EQ(result.failure, ProbeFailure::kLocal);
  EXPECT_EQ(result.detail, "bind: Cannot assign requested address");
}

TEST_F(HttpProbeTest, AsksEveryUrlOfTheCheckInOneRound) {
  std::atomic<int> pages = 0;
  ScriptedServer server{[&](Peer& peer) {
    const std::string request = peer.read_request();
    ++pages;
    peer.send(request.starts_with("GET /third") ? "HTTP/1.0 500 Oh\r\n\r\n" : kHello);
  }};
  CheckSpec check =
      check_of(server.endpoint(), HttpCheck{.urls = {{.path = "/first"}, {.path = "/second"}, {.path = "/third"}}});
  const ProbeResult result = run(check);
  EXPECT_EQ(result.failure, ProbeFailure::kStatusCode);
  EXPECT_EQ(result.url, 2U);
  EXPECT_EQ(pages, 3);
}

// What answers mean

TEST_F(HttpProbeTest, TakesAPageWithTheRightDigest) {
  ScriptedServer server{answer(kHello)};
  EXPECT_TRUE(run(http(server, url_with_digest("/", kHelloDigest))).is_success());
}

TEST_F(HttpProbeTest, RefusesAnotherPage) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\n\r\nhullo\n")};
  const ProbeResult result = run(http(server, url_with_digest("/", kHelloDigest)));
  EXPECT_EQ(result.failure, ProbeFailure::kDigest);
  EXPECT_TRUE(result.detail.ends_with(kHelloDigest)) << result.detail;
}

TEST_F(HttpProbeTest, TakesAnyStatusOfSuccessWhereNoneIsNamed) {
  for (const char* const status : {"200 OK", "204 No Content", "299 Odd"}) {
    ScriptedServer server{answer(std::string{"HTTP/1.0 "} + status + "\r\n\r\n")};
    EXPECT_TRUE(run(http(server)).is_success()) << status;
  }
}

TEST_F(HttpProbeTest, RefusesOtherStatuses) {
  for (const char* const status : {"404 Not Found", "503 Unavailable", "301 Moved"}) {
    ScriptedServer server{answer(std::string{"HTTP/1.0 "} + status + "\r\nLocation: /other\r\n\r\n")};
    const ProbeResult result = run(http(server));
    EXPECT_EQ(result.failure, ProbeFailure::kStatusCode) << status;
    EXPECT_EQ(result.detail, std::string{status}.substr(0, 3) + " instead of 200-299");
    EXPECT_EQ(server.accepted(), 1) << "no redirect is followed";
  }
}

TEST_F(HttpProbeTest, TakesTheStatusesThatAreNamed) {
  ScriptedServer server{answer("HTTP/1.0 404 Not Found\r\n\r\n")};
  EXPECT_TRUE(run(http(server, {.status = {{200, 200}, {400, 404}}})).is_success());
  EXPECT_EQ(run(http(server, {.status = {{200, 200}, {405, 499}}})).detail, "404 instead of 200, 405-499");
}

TEST_F(HttpProbeTest, LooksForAPatternInTheBody) {
  ScriptedServer server{answer(kHello)};
  const auto with = [&](BodyPattern pattern) { return run(http(server, {.pattern = std::move(pattern)})).failure; };
  EXPECT_EQ(with({.pattern = "h.l+o"}), ProbeFailure::kNone);
  EXPECT_EQ(with({.pattern = "HELLO"}), ProbeFailure::kPattern);
  EXPECT_EQ(with({.pattern = "HELLO", .options = 0x8}), ProbeFailure::kNone);  // PCRE2_CASELESS
  EXPECT_EQ(with({.pattern = "hello", .must_match = false}), ProbeFailure::kPattern);
  EXPECT_EQ(with({.pattern = "bye", .must_match = false}), ProbeFailure::kNone);
  EXPECT_EQ(with({.pattern = "l", .min_offset = 3}), ProbeFailure::kNone);
  EXPECT_EQ(with({.pattern = "l", .min_offset = 4}), ProbeFailure::kPattern);
  EXPECT_EQ(with({.pattern = "o", .max_offset = 3}), ProbeFailure::kPattern);
  EXPECT_EQ(with({.pattern = "l", .min_offset = 1000}), ProbeFailure::kPattern);
}

TEST_F(HttpProbeTest, GivesAHopelessPatternUp) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\n\r\n" + std::string(5000, 'a') + "b")};
  EXPECT_EQ(run(http(server, {.pattern = BodyPattern{.pattern = "^(a|aa)+$"}})).failure, ProbeFailure::kPatternLimit);
}

// Many places where a match may start, each of them cheap enough for PCRE2's own limit: it took a minute.
TEST_F(HttpProbeTest, GivesUpAPatternThatIsHopelessOnlyInAll) {
  std::string page;
  for (int i = 0; i < 4000; ++i) page += "aaaaaaaaaaaaaaaaa!";
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\n\r\n" + page)};
  const ProbeResult result = run(http(server, {.pattern = BodyPattern{.pattern = "(a+)+[cd]"}}));
  EXPECT_EQ(result.failure, ProbeFailure::kPatternLimit);
}

TEST_F(HttpProbeTest, FindsAWordAtTheEndOfALargePage) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\n\r\n" + std::string(10'000'000, 'x') + "needle")};
  EXPECT_TRUE(run(http(server, {.pattern = BodyPattern{.pattern = "needle"}})).is_success());
}

TEST_F(HttpProbeTest, MatchesAroundBytesThatAreNoUtf8) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\n\r\nabc\xff hello")};
  constexpr std::uint32_t kUtf = 0x00080000;  // PCRE2_UTF
  EXPECT_TRUE(run(http(server, {.pattern = BodyPattern{.pattern = "hello", .options = kUtf}})).is_success());
}

TEST_F(HttpProbeTest, DecodesAChunkedBody) {
  ScriptedServer server{answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo\n\r\n0\r\n\r\n")};
  CheckSpec check = http(server, url_with_digest("/", kHelloDigest));
  std::get<HttpCheck>(check.kind).version = HttpCheck::Version::k11;
  EXPECT_TRUE(run(check).is_success());
}

TEST_F(HttpProbeTest, RefusesABrokenChunkedBody) {
  ScriptedServer server{answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhel\r\n")};
  EXPECT_EQ(failure_of_run(http(server)), ProbeFailure::kMalformedReply);
}

TEST_F(HttpProbeTest, TakesABodyOfAnyLengthUpToTheLimit) {
  ScriptedServer server{answer(body_of(HttpJudgement::kMostBody))};
  EXPECT_TRUE(run(http(server)).is_success());
}

TEST_F(HttpProbeTest, RefusesABodyOfAHundredMegabytes) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.0 200 OK\r\n\r\n");
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 100; ++i) peer.send(piece);
  }};
  EXPECT_EQ(failure_of_run(http(server)), ProbeFailure::kReplyTooLarge);
}

TEST_F(HttpProbeTest, RefusesHeadersWithoutEnd) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.0 200 OK\r\n");
    const std::string line = "X: " + std::string(8000, 'x') + "\r\n";
    for (int i = 0; i < 1000; ++i) peer.send(line);
    peer.wait_for_end();
  }};
  EXPECT_FALSE(run(http(server, {}, seconds{5})).is_success());
}

TEST_F(HttpProbeTest, RefusesAnAnswerThatEndsBeforeItsLength) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nhello\n")};
  EXPECT_EQ(failure_of_run(http(server)), ProbeFailure::kClosedEarly);
}

TEST_F(HttpProbeTest, ReadsNoFurtherThanTheLengthThatIsSaid) {
  ScriptedServer server{answer("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\nand more")};
  EXPECT_TRUE(run(http(server, url_with_digest("/", kHelloDigest))).is_success());
}

TEST_F(HttpProbeTest, RefusesAnEmptyAnswer) {
  ScriptedServer server{answer("")};
  EXPECT_EQ(failure_of_run(http(server)), ProbeFailure::kClosedEarly);
}

TEST_F(HttpProbeTest, RefusesGarbage) {
  ScriptedServer server{answer("SSH-2.0-OpenSSH_9.2\r\n")};
  EXPECT_EQ(failure_of_run(http(server)), ProbeFailure::kMalformedReply);
}

TEST_F(HttpProbeTest, RefusesAServerThatBreaksOff) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nhal");
    peer.reset();
  }};
  const ProbeFailure failure = failure_of_run(http(server));
  EXPECT_TRUE(failure == ProbeFailure::kReset || failure == ProbeFailure::kClosedEarly) << to_string(failure);
}

TEST_F(HttpProbeTest, TakesAnAnswerFromAServerThatHasClosedItsSide) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.send(kHello);
    peer.close_write();
    peer.wait_for_end();
  }};
  EXPECT_TRUE(run(http(server, url_with_digest("/", kHelloDigest))).is_success());
}

TEST_F(HttpProbeTest, FailsWhereNobodyListens) {
  const packet::Endpoint nobody = ScriptedServer{[](Peer&) {}}.endpoint();
  const ProbeResult result = run(check_of(nobody, HttpCheck{.urls = {{}}}));
  EXPECT_EQ(result.failure, ProbeFailure::kRefused);
}

TEST_F(HttpProbeTest, FailsAtItsDeadlineWhereTheServerStalls) {
  ScriptedServer server{[](Peer& peer) { peer.wait_for_end(); }};
  const ProbeResult result = run(http(server, {}, milliseconds{150}));
  EXPECT_EQ(result.failure, ProbeFailure::kTimeout);
  EXPECT_GE(result.latency, milliseconds{149});
}

TEST_F(HttpProbeTest, FailsAtItsDeadlineHoweverManyBytesTrickleIn) {
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
  ScriptedServer server{[&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.0 200 OK\r\n\r\n");
    for (int i = 0; i < 1000 && end.wait_for(milliseconds{20}) == std::future_status::timeout; ++i) peer.send("x");
  }};
  EXPECT_EQ(failure_of_run(http(server, {}, milliseconds{300})), ProbeFailure::kTimeout);
  ended.set_value();
}

TEST_F(HttpProbeTest, HasOneDeadlineForAllItsUrls) {
  ScriptedServer server{[](Peer& peer) {
    if (peer.read_request().starts_with("GET /slow")) peer.wait_for_end();
    peer.send(kHello);
  }};
  CheckSpec check = check_of(server.endpoint(), HttpCheck{.urls = {{}, {.path = "/slow"}, {}}}, milliseconds{200});
  const ProbeResult result = run(check);
  EXPECT_EQ(result.failure, ProbeFailure::kTimeout);
  EXPECT_EQ(result.url, 1U);
}

TEST_F(HttpProbeTest, ClosesItsConnectionInAnOrderlyWay) {
  std::promise<bool> orderly;
  ScriptedServer server{[&](Peer& peer) {
    peer.read_request();
    peer.send(kHello);
    orderly.set_value(peer.wait_for_end());
  }};
  EXPECT_TRUE(run(http(server)).is_success());
  EXPECT_TRUE(orderly.get_future().get());
}

TEST_F(HttpProbeTest, CanBeAbandonedWhileItWaits) {
  std::latch asked{1};
  std::promise<void> closed;
  ScriptedServer server{[&](Peer& peer) {
    peer.read_request();
    asked.count_down();
    peer.wait_for_end();
    closed.set_value();
  }};
  auto probe = factory_.start(http(server), [](ProbeResult) { FAIL(); });
  while (!asked.try_wait()) {
    control::Timer tick = loop_.add_timer([] {});
    tick.start_once(milliseconds{1});
    loop_.run_once();
  }
  probe.reset();
  closed.get_future().get();
  EXPECT_EQ(curl_.transfers(), 0U);
}

TEST_F(HttpProbeTest, HundredsRunBesideEachOther) {
  constexpr int kProbes = 300;
  ScriptedServer server{answer(kHello)};
  std::vector<std::unique_ptr<Probe>> probes;
  int succeeded = 0;
  int ended = 0;
  for (int i = 0; i < kProbes; ++i) {
    probes.push_back(factory_.start(http(server, url_with_digest("/", kHelloDigest)), [&](ProbeResult result) {
      if (result.is_success()) ++succeeded;
      if (++ended == kProbes) loop_.stop();
    }));
  }
  loop_.run();
  EXPECT_EQ(succeeded, kProbes);
}

}  // namespace
}  // namespace penstock::healthcheck::test
