// Mails against a scripted mail server on loopback.
#include "healthcheck/io/mailer.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "healthcheck/io/curl_multi.h"
#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck::test {
namespace {

class MailerTest : public testing::Test {
 protected:
  MailPolicy policy_for(const ScriptedServer& server) {
    return {.server = server.endpoint().address.to_string(),
            .port = server.endpoint().port,
            .connect_timeout = std::chrono::seconds{5},
            .helo_name = "director.example.org",
            .from = "keepalived@example.org",
            .to = {"ops@example.org", "oncall@example.org"},
            .router_id = "CK_TEST"};
  }
  // Serves the loop until every mail has had its end.
  void wait() {
    control::Timer tick = loop_.add_timer([] {});
    tick.start_every(std::chrono::milliseconds{5});
    for (int turns = 0; !mailer_.is_idle() && turns < 100'000; ++turns) loop_.run_once();
    EXPECT_TRUE(mailer_.is_idle());
  }

  control::EventLoop loop_;
  CurlMulti curl_{loop_};
  std::vector<std::string> reports_;
  Mailer mailer_{loop_, curl_, [this](std::string line) { reports_.push_back(std::move(line)); }};
};

std::string read_line(Peer& peer) {
  std::string line;
  char c = 0;
  while (!line.ends_with("\r\n") && recv(peer.fd(), &c, 1, 0) == 1) line += c;
  return line;
}

// Takes a mail, and tells all that the client said.
std::string take_mail(Peer& peer) {
  std::string said;
  peer.send("220 mail.example.org ready\r\n");
  bool in_data = false;
  while (true) {
    const std::string line = read_line(peer);
    if (line.empty()) return said;
    said += line;
    if (in_data && line != ".\r\n") continue;
    in_data = line == "DATA\r\n";
    peer.send(in_data ? "354 go on\r\n" : line == "QUIT\r\n" ? "221 bye\r\n" : "250 ok\r\n");
  }
}

TEST_F(MailerTest, SendsAMailToEverybody) {
  std::promise<std::string> said;
  ScriptedServer server{[&](Peer& peer) { said.set_value(take_mail(peer)); }};
  mailer_.set_policy(policy_for(server));
  mailer_.send("Realserver [10.0.0.9]:tcp:80 - DOWN", "=> CHECK failed on service <=");
  wait();
  const std::string mail = said.get_future().get();
  EXPECT_TRUE(mail.starts_with("EHLO director.example.org\r\n")) << mail;
  EXPECT_TRUE(mail.contains("MAIL FROM:<keepalived@example.org>")) << mail;
  EXPECT_TRUE(mail.contains("RCPT TO:<ops@example.org>")) << mail;
  EXPECT_TRUE(mail.contains("RCPT TO:<oncall@example.org>")) << mail;
  EXPECT_TRUE(mail.contains("\r\nSubject: [CK_TEST] Realserver [10.0.0.9]:tcp:80 - DOWN\r\n")) << mail;
  EXPECT_TRUE(mail.contains("\r\nTo: ops@example.org, oncall@example.org\r\n")) << mail;
  EXPECT_TRUE(mail.contains("\r\n\r\n=> CHECK failed on service <=\r\n.\r\n")) << mail;
  EXPECT_EQ(reports_, std::vector<std::string>{});
}

TEST_F(MailerTest, ReportsAServerThatRefuses) {
  ScriptedServer server{[](Peer& peer) { peer.send("554 no\r\n"); }};
  mailer_.set_policy(policy_for(server));
  mailer_.send("a", "b");
  wait();
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_TRUE(reports_[0].starts_with("mail to 127.0.0.1 failed: ")) << reports_[0];
}

TEST_F(MailerTest, ReportsAServerThatIsSilent) {
  ScriptedServer server{[](Peer& peer) { peer.wait_for_end(); }};
  MailPolicy policy = policy_for(server);
  policy.connect_timeout = std::chrono::milliseconds{50};
  mailer_.set_policy(policy);
  mailer_.send("a", "b");
  wait();
  EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(MailerTest, SendsInOrderOneAfterAnother) {
  std::mutex mutex;
  std::string all;
  ScriptedServer server{[&](Peer& peer) {
    const std::string mail = take_mail(peer);
    const std::lock_guard lock{mutex};
    all += mail;
  }};
  mailer_.set_policy(policy_for(server));
  for (const char* const subject : {"first", "second", "third"}) mailer_.send(subject, "");
  wait();
  const std::lock_guard lock{mutex};
  EXPECT_LT(all.find("first"), all.find("second"));
  EXPECT_LT(all.find("second"), all.find("third"));
}

TEST_F(MailerTest, LosesMailsBeyondItsBoundAndSaysSo) {
  ScriptedServer server{[](Peer& peer) { peer.wait_for_end(); }};
  mailer_.set_policy(policy_for(server));
  for (std::size_t i = 0; i < Mailer::kMostWaiting; ++i) mailer_.send("a", "b");
  EXPECT_TRUE(reports_.empty());
  for (int i = 0; i < 500; ++i) mailer_.send("one too many", "");
  EXPECT_EQ(reports_, std::vector<std::string>{"mails to 127.0.0.1 are lost from now on: 1000 are waiting"});
  loop_.run_once();  // the first one is under way
  mailer_.send("fits again", "");
  ASSERT_EQ(reports_.size(), 2U);
  EXPECT_EQ(reports_[1], "500 mails were lost");
}

TEST_F(MailerTest, WritesANameInTheHeaderAndTheAddressAloneOnTheEnvelope) {
  std::promise<std::string> said;
  ScriptedServer server{[&](Peer& peer) { said.set_value(take_mail(peer)); }};
  MailPolicy policy = policy_for(server);
  policy.from = "Director <keepalived@example.org>";
  policy.to = {"Operations <ops@example.org>"};
  mailer_.set_policy(policy);
  mailer_.send("a", "b");
  wait();
  const std::string mail = said.get_future().get();
  EXPECT_TRUE(mail.contains("MAIL FROM:<keepalived@example.org>\r\n")) << mail;
  EXPECT_TRUE(mail.contains("RCPT TO:<ops@example.org>\r\n")) << mail;
  EXPECT_TRUE(mail.contains("\r\nFrom: Director <keepalived@example.org>\r\n")) << mail;
  EXPECT_TRUE(mail.contains("\r\nTo: Operations <ops@example.org>\r\n")) << mail;
}

TEST(EnvelopeAddress, IsWhatStandsInTheAngles) {
  EXPECT_EQ(envelope_address("a@b"), "a@b");
  EXPECT_EQ(envelope_address("<a@b>"), "a@b");
  EXPECT_EQ(envelope_address("\"A <x>\" <a@b>"), "a@b");
  EXPECT_EQ(envelope_address(">a@b<"), ">a@b<");
  EXPECT_EQ(envelope_address("A <a@b"), "A <a@b");
}

TEST_F(MailerTest, SendsNothingWhereNobodyIsToBeToldOrNoServerIsNamed) {
  mailer_.send("a", "b");
  EXPECT_TRUE(mailer_.is_idle());
}

TEST(MailText, LetsNoSubjectMakeAHeader) {
  const std::string text =
      mail_text({.from = "a@b\r\nBcc: x@y", .to = {"c@d"}, .router_id = "r"}, "s\r\nBcc: evil@example.org", "1\n2\r\n3", 0);
  EXPECT_EQ(text,
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: a@b  Bcc: x@y\r\nSubject: [r] s  Bcc: evil@example.org\r\n"
            "X-Mailer: Penstock\r\nTo: c@d\r\n\r\n1\r\n2\r\n3\r\n");
}

}  // namespace
}  // namespace penstock::healthcheck::test
