#include "healthcheck/io/dns_probe.h"

#include "tests/healthcheck/io/probe_test.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

// The query made a reply: the flags' bytes are replaced.
std::string reply_to(std::string_view query, char flags_high, char flags_low) {
  std::string reply{query};
  reply[2] = flags_high;
  reply[3] = flags_low;
  return reply;
}

constexpr char kReply = '\x81';  // QR, RD

class DnsProbe : public ProbeTest {
 protected:
  ProbeResult probe(UdpServer::Answer answer, Duration timeout = 5s, const DnsCheck& check = {.name = "www.example.org"}) {
    UdpServer server{loop_, std::move(answer)};
    const auto result = run(check_of(server.endpoint(), check, timeout));
    queries_ = server.received();
    return result;
  }
  std::vector<std::string> queries_;
};

TEST_F(DnsProbe, SucceedsWithAnAnswerWithoutError) {
  EXPECT_TRUE(probe([](auto query) { return std::vector{reply_to(query, kReply, '\x80')}; }).is_success());
  ASSERT_EQ(queries_.size(), 1U);
  EXPECT_EQ(queries_[0].substr(12), std::string("\3www\7example\3org\0\0\6\0\1", 21));
}

TEST_F(DnsProbe, NamesTheResponseCodeOfAnError) {
  const auto refused = probe([](auto query) { return std::vector{reply_to(query, kReply, '\x85')}; });
  EXPECT_EQ(refused.failure, ProbeFailure::kDnsResponseCode);
  EXPECT_EQ(refused.detail, "REFUSED");
  EXPECT_EQ(probe([](auto query) { return std::vector{reply_to(query, kReply, '\x83')}; }).detail, "NXDOMAIN");
}

TEST_F(DnsProbe, TakesAnErrorThatLeavesTheQuestionOut) {
  const auto result = probe([](auto query) {
    std::string reply = reply_to(query, kReply, '\x81').substr(0, 12);
    reply[5] = 0;
    return std::vector{reply};
  });
  EXPECT_EQ(result.detail, "FORMERR");
}

TEST_F(DnsProbe, WaitsOnPastGarbageAndAnswersToOthers) {
  const auto result = probe([](auto query) {
    std::string other = reply_to(query, kReply, '\x80');
    other[0] = static_cast<char>(other[0] ^ 1);
    return std::vector<std::string>{"garbage", "", other, reply_to(query, 1, 0), reply_to(query, kReply, '\x80')};
  });
  EXPECT_TRUE(result.is_success()) << result.detail;
}

TEST_F(DnsProbe, FailsWhereOnlyGarbageComes) {
  const auto only = [&](UdpServer::Answer answer) { return probe(std::move(answer), 40ms).failure; };
  EXPECT_EQ(only([](auto) { return std::vector<std::string>{"garbage that is longer than a header"}; }),
            ProbeFailure::kMalformedReply);
  EXPECT_EQ(only([](auto query) { return std::vector{reply_to(query, kReply, '\x80').substr(0, 20)}; }),
            ProbeFailure::kMalformedReply);
  EXPECT_EQ(only([](auto query) {
              std::string reply = reply_to(query, kReply, '\x80');
              reply[13] = 'x';  // another name
              return std::vector{reply};
            }),
            ProbeFailure::kMalformedReply);
}

TEST_F(DnsProbe, FailsWhereNothingComes) {
  EXPECT_EQ(probe([](auto) { return std::vector<std::string>{}; }, 30ms).failure, ProbeFailure::kTimeout);
}

TEST_F(DnsProbe, TakesATruncatedAnswerForAnAnswer) {
  EXPECT_TRUE(probe([](auto query) { return std::vector{reply_to(query, '\x83', '\x80')}; }).is_success());
}

TEST_F(DnsProbe, FailsAtOnceWhenThePortIsUnreachable) {
  EXPECT_EQ(failure_of_run(check_of(closed_port(SOCK_DGRAM), DnsCheck{})), ProbeFailure::kRefused);
}

TEST_F(DnsProbe, SaysWhatIsWrongWithAName) {
  const auto result = probe([](auto) { return std::vector<std::string>{}; }, 5s, {.name = "a..b"});
  EXPECT_EQ(result.failure, ProbeFailure::kLocal);
  EXPECT_EQ(result.detail, "an empty label in the name");
}

}  // namespace
}  // namespace penstock::healthcheck
