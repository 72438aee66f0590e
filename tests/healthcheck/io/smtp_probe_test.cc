#include "healthcheck/io/smtp_probe.h"

#include "tests/healthcheck/io/probe_test.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

class SmtpProbe : public ProbeTest {
 protected:
  ProbeResult probe(std::string greeting, std::vector<std::string> replies, Duration timeout = 5s) {
    TcpServer server{loop_, std::move(greeting), std::move(replies)};
    return probe(server, timeout);
  }
  ProbeResult probe(TcpServer& server, Duration timeout = 5s) {
    const auto check = check_of(SmtpCheck{.helo_name = "lb.example"}, server.endpoint(), timeout);
    const auto result = run([&](ProbeDone done) { return start_smtp_probe(loop_, check, std::move(done)); });
    received_ = server.received();
    return result;
  }
  std::string received_;
};

TEST_F(SmtpProbe, SaysHeloAndQuit) {
  TcpServer server{loop_, "220 mail ready\r\n", {"250 hello\r\n", "221 bye\r\n"}};
  const auto result = probe(server);
  EXPECT_TRUE(result.is_success()) << result.detail;
  EXPECT_EQ(received_, "HELO lb.example\r\nQUIT\r\n");
  wait_until("an orderly close", [&] { return server.was_left(); });
}

TEST_F(SmtpProbe, RefusesAGreetingThatIsNone) {
  const auto result = probe("554 no service\x1b[31m\r\n", {});
  EXPECT_EQ(result.failure, ProbeFailure::kWrongReply);
  EXPECT_EQ(result.detail, "greeting: 554 no service?[31m");
  EXPECT_EQ(received_, "");
}

TEST_F(SmtpProbe, ReadsRepliesOfSeveralLinesToTheirEnd) {
  EXPECT_TRUE(probe("220-mail\r\n220-is\r\n220 ready\r\n", {"250-hello\r\n250 SIZE\r\n", "221 bye\r\n"}).is_success());
  EXPECT_EQ(received_, "HELO lb.example\r\nQUIT\r\n");
}

TEST_F(SmtpProbe, RefusesAHeloThatIsRefused) {
  const auto result = probe("220 ready\r\n", {"421 busy\r\n"});
  EXPECT_EQ(result.failure, ProbeFailure::kWrongReply);
  EXPECT_EQ(result.detail, "reply to HELO: 421 busy");
}

TEST_F(SmtpProbe, GivesUpOnAServerThatTrickles) {
  TcpServer server{loop_, "2", {}};
  control::Timer drip = loop_.add_timer([&] { server.say("2"); });
  drip.start_every(20ms);
  EXPECT_EQ(probe(server, 150ms).failure, ProbeFailure::kTimeout);
}

TEST_F(SmtpProbe, TellsGarbageFromARefusal) {
  EXPECT_EQ(probe("HTTP/1.1 400 Bad Request\r\n", {}).failure, ProbeFailure::kMalformedReply);
}

TEST_F(SmtpProbe, NoticesAnEarlyClose) {
  EXPECT_EQ(probe("", {}).failure, ProbeFailure::kClosedEarly);
  EXPECT_EQ(probe("220 rea", {}, 40ms).failure, ProbeFailure::kTimeout);
  const auto result = probe("220 ready\r\n", {""});
  EXPECT_EQ(result.failure, ProbeFailure::kClosedEarly);
  EXPECT_EQ(result.detail, "before the end of the reply to HELO");
}

TEST_F(SmtpProbe, ReadsNoLineWithoutEnd) {
  EXPECT_EQ(probe("220 " + std::string(5000, 'x'), {}).failure, ProbeFailure::kReplyTooLarge);
}

TEST_F(SmtpProbe, IsRefusedWhereNobodyListens) {
  const auto check = check_of(SmtpCheck{.helo_name = "lb"}, closed_port(SOCK_STREAM));
  EXPECT_EQ(run([&](ProbeDone done) { return start_smtp_probe(loop_, check, std::move(done)); }).failure,
            ProbeFailure::kRefused);
}

}  // namespace
}  // namespace penstock::healthcheck
