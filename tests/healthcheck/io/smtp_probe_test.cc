#include "healthcheck/io/smtp_probe.h"

#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

class SmtpProbe : public ProbeTest {
 protected:
  // Says the greeting, and answers the n-th read with the n-th reply; "" closes the connection.
  ProbeResult probe(const std::string& greeting, const std::vector<std::string>& replies, Duration timeout = 5s) {
    received_.clear();
    return probe(
        [&](Peer& peer) {
          if (greeting.empty()) return;
          peer.send(greeting);
          for (const std::string& reply : replies) {
            received_ += peer.read_some();
            if (reply.empty()) return;
            peer.send(reply);
          }
          was_left_ = peer.wait_for_end();
        },
        timeout);
  }
  ProbeResult probe(const ScriptedServer::Script& script, Duration timeout = 5s) {
    ScriptedServer server{script};
    return run(check_of(server.endpoint(), SmtpCheck{.helo_name = "lb.example"}, timeout));
  }
  std::string received_;  // the server's until it has ended
  bool was_left_ = false;
};

TEST_F(SmtpProbe, SaysHeloAndQuit) {
  const auto result = probe("220 mail ready\r\n", {"250 hello\r\n", "221 bye\r\n"});
  EXPECT_TRUE(result.is_success()) << result.detail;
  EXPECT_EQ(received_, "HELO lb.example\r\nQUIT\r\n");
  EXPECT_TRUE(was_left_) << "no orderly close";
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
  const auto drip = [](Peer& peer) {
    while (!peer.is_left_within(20ms)) peer.send("2");
  };
  EXPECT_EQ(probe(drip, 150ms).failure, ProbeFailure::kTimeout);
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
  EXPECT_EQ(failure_of_run(check_of(closed_port(SOCK_STREAM), SmtpCheck{.helo_name = "lb"})), ProbeFailure::kRefused);
}

}  // namespace
}  // namespace penstock::healthcheck
