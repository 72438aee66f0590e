// What results of checks say in the log and in mails, kind by kind and failure by failure: operators' tools look for
// keepalived's words.
#include "healthcheck/check_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "healthcheck/names.h"

namespace penstock::healthcheck {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kService = "[10.77.0.100]:tcp:80";

CheckSpec check_of(CheckKind kind) {
  return {.server = {packet::IpAddress::parse("10.77.0.31").value(), 80},
          .protocol = packet::Protocol::kTcp,
          .kind = std::move(kind)};
}

const CheckSpec kTcp = check_of(TcpCheck{});
const CheckSpec kHttp = check_of(HttpCheck{.urls = {HttpUrl{}}});
const CheckSpec kHttps = check_of(HttpCheck{.tls = true, .urls = {HttpUrl{}}});
const CheckSpec kUdp = check_of(UdpCheck{});
const CheckSpec kDns = check_of(DnsCheck{});
const CheckSpec kSmtp = check_of(SmtpCheck{.helo_name = "director"});
const CheckSpec kPing = check_of(PingCheck{});
const CheckSpec kMisc = check_of(MiscCheck{.script = {.command = {"/etc/check.sh", "80"}}});
const CheckSpec kFile = check_of(FileCheck{.track_file = "drain"});

using Lines = std::vector<std::string>;

// Of the failure that takes a server down, the `failures`th in a row.
Lines down(const CheckSpec& check, ProbeFailure failure, std::uint32_t failures = 1, const std::string& detail = {}) {
  return lines_about(check, {.failure = failure, .detail = detail}, {.verdict = false, .failures = failures}, true, kService);
}

Lines up(const CheckSpec& check, bool was_up = false) { return lines_about(check, {}, {.verdict = true}, was_up, kService); }

// Why a try failed that is repeated, which only log_all_failures tells.
Lines retried(CheckSpec check, ProbeFailure failure) {
  check.pace.log_all_failures = true;
  return lines_about(check, {.failure = failure}, {.is_retried = true, .failures = 1}, true, kService);
}

struct Reason {
  const char* name;
  const CheckSpec& check;
  ProbeFailure failure;
  std::string line;
};

class CheckLogReason : public testing::TestWithParam<Reason> {};

TEST_P(CheckLogReason, IsTheLineOfATryThatIsRepeatedAndTheFirstLineOfTheLast) {
  const Reason& row = GetParam();
  EXPECT_THAT(retried(row.check, row.failure), ElementsAre(row.line));
  const Lines last = down(row.check, row.failure);
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last.front(), row.line);
}

const std::string kServer = "[10.77.0.31]:tcp:80";
const Reason kReasons[] = {
    {"TcpRefused", kTcp, ProbeFailure::kRefused, "TCP connection to " + kServer + " failed."},
    {"TcpConnectTimeout", kTcp, ProbeFailure::kConnectTimeout, "TCP connection to " + kServer + " timeout."},
    {"TcpTimeout", kTcp, ProbeFailure::kTimeout, "TCP connection to " + kServer + " timeout."},
    {"HttpRefused", kHttp, ProbeFailure::kRefused, "Connection failed server " + kServer + "."},
    {"HttpUnreachable", kHttp, ProbeFailure::kUnreachable, "Network unreachable for server " + kServer + "."},
    {"HttpConnectTimeout", kHttp, ProbeFailure::kConnectTimeout, "Timeout connecting server " + kServer + "."},
    {"HttpTimeout", kHttp, ProbeFailure::kTimeout, "Timeout WEB read server " + kServer + "."},
    {"HttpsTimeout", kHttps, ProbeFailure::kTimeout, "Timeout SSL read server " + kServer + "."},
    {"HttpReset", kHttp, ProbeFailure::kReset, "Read, no data received from server " + kServer + "."},
    {"HttpClosedEarly", kHttp, ProbeFailure::kClosedEarly, "Read, no data received from server " + kServer + "."},
    {"HttpsHandshake", kHttps, ProbeFailure::kTlsHandshake,
     "SSL handshake/communication error connecting to server " + kServer + "."},
    {"HttpsCertificate", kHttps, ProbeFailure::kTlsCertificate, "SSL certificate error connecting to server " + kServer + "."},
    {"HttpStatusCode", kHttp, ProbeFailure::kStatusCode, "HTTP status code error to server " + kServer + "."},
    {"HttpDigest", kHttp, ProbeFailure::kDigest, "MD5 digest error to server " + kServer + "."},
    {"HttpPattern", kHttp, ProbeFailure::kPattern, "Regex match failed server " + kServer + "."},
    {"HttpPatternLimit", kHttp, ProbeFailure::kPatternLimit, "Regex match took too many steps for server " + kServer + "."},
    {"HttpTooLarge", kHttp, ProbeFailure::kReplyTooLarge, "Too large a reply from server " + kServer + "."},
    {"HttpMalformed", kHttp, ProbeFailure::kMalformedReply, "Malformed reply from server " + kServer + "."},
    {"UdpWrongReply", kUdp, ProbeFailure::kWrongReply, "UDP check to " + kServer + " reply data mismatch."},
    {"UdpRefused", kUdp, ProbeFailure::kRefused, "UDP connection to " + kServer + " failed."},
    {"PingTimeout", kPing, ProbeFailure::kTimeout, "ICMP connection to address " + kServer + " timeout."},
    {"PingUnreachable", kPing, ProbeFailure::kUnreachable, "ICMP connection to " + kServer + " of " + kService + " failed."},
    {"SmtpUnreachable", kSmtp, ProbeFailure::kUnreachable,
     "Network unreachable for server " + kServer + " - real server " + kServer},
    {"SmtpConnectTimeout", kSmtp, ProbeFailure::kConnectTimeout, "Timeout connecting SMTP server " + kServer + "."},
    {"SmtpTimeout", kSmtp, ProbeFailure::kTimeout, "Read timeout from server " + kServer},
    {"SmtpReset", kSmtp, ProbeFailure::kReset, "Read failure from server " + kServer},
    {"SmtpClosedEarly", kSmtp, ProbeFailure::kClosedEarly, "Read failure from server " + kServer},
    {"SmtpMalformed", kSmtp, ProbeFailure::kMalformedReply, "Bad response from server " + kServer + " (malformed-reply)"},
    {"SmtpWrongReply", kSmtp, ProbeFailure::kWrongReply, "Bad response from server " + kServer + " (wrong-reply)"},
    {"SmtpRefused", kSmtp, ProbeFailure::kRefused, "Connection failed to server " + kServer},
};
INSTANTIATE_TEST_SUITE_P(All, CheckLogReason, testing::ValuesIn(kReasons), [](const auto& row) { return row.param.name; });

TEST(CheckLog, TheSecondLineSaysThatTheCheckFailedAndAfterHowManyRetries) {
  EXPECT_EQ(down(kTcp, ProbeFailure::kRefused).back(), "TCP_CHECK on service " + kServer + " failed.");
  EXPECT_EQ(down(kTcp, ProbeFailure::kRefused, 3).back(), "TCP_CHECK on service " + kServer + " failed after 2 retries.");
  EXPECT_EQ(down(kHttps, ProbeFailure::kDigest).back(), "HTTP_CHECK on service " + kServer + " failed.");
  EXPECT_EQ(down(kPing, ProbeFailure::kTimeout).back(), "ICMP CHECK on service " + kServer + " failed.");
  EXPECT_EQ(down(kPing, ProbeFailure::kTimeout, 2).back(),
            "ICMP CHECK on service " + kServer + " of " + kService + " failed after 1 retries.");
}

TEST(CheckLog, DnsMiscAndFileHaveOneLineForBoth) {
  EXPECT_THAT(down(kDns, ProbeFailure::kDnsResponseCode, 2, "SERVFAIL"),
              ElementsAre("DNS_CHECK (" + kServer + ") SERVFAIL after 1 retries"));
  const std::string misc = "Misc check for [" + kServer + " VS " + kService + "] by [/etc/check.sh]";
  EXPECT_THAT(down(kMisc, ProbeFailure::kScriptExit, 3, "exit status 1"),
              ElementsAre(misc + " failed after 2 retries (exit status 1)."));
  EXPECT_THAT(down(kMisc, ProbeFailure::kScriptSignal), ElementsAre(misc + " failed (script-signal)."));
  EXPECT_THAT(down(kMisc, ProbeFailure::kScriptTimeout, 2), ElementsAre(misc + " timed out after 1 retries."));
  EXPECT_THAT(retried(kMisc, ProbeFailure::kScriptTimeout), ElementsAre(misc + " timed out."));
  EXPECT_THAT(down(kFile, ProbeFailure::kFile), ElementsAre("(" + kServer + "): tracked file drain now FAULT state"));
}

TEST(CheckLog, ASuccessHasItsKindsLine) {
  EXPECT_THAT(up(kTcp), ElementsAre("TCP connection to " + kServer + " success."));
  EXPECT_THAT(up(kUdp), ElementsAre("UDP connection to " + kServer + " success."));
  EXPECT_THAT(up(kPing), ElementsAre("ICMP connection to " + kServer + " success."));
  EXPECT_THAT(up(kSmtp), ElementsAre("Remote SMTP server " + kServer + " succeed on service."));
  EXPECT_THAT(up(kDns), ElementsAre("DNS_CHECK (" + kServer + ") success"));
  EXPECT_THAT(up(kMisc), ElementsAre("Misc check for [" + kServer + " VS " + kService + "] by [/etc/check.sh] succeeded."));
  EXPECT_THAT(up(kFile), ElementsAre("(" + kServer + "): tracked file drain leaving FAULT state"));
  EXPECT_THAT(up(kFile, true), IsEmpty());
}

TEST(CheckLog, OfHttpEachUrlSaysWhatWasLookedAtWhenTheServerComesBack) {
  const CheckSpec check =
      check_of(HttpCheck{.urls = {{.path = "/"}, {.path = "/a", .digest = "00"}, {.path = "/b", .pattern = BodyPattern{"x"}}}});
  const std::string last = "Remote Web server " + kServer + " succeed on service.";
  EXPECT_THAT(up(check),
              ElementsAre("HTTP status code success to " + kServer + " url(/)", "MD5 digest success to " + kServer + " url(/a)",
                          "Regex match success to " + kServer + " url(/b)", last));
  EXPECT_THAT(up(check, true), ElementsAre(last));
}

TEST(CheckLog, AResultThatChangesNothingSaysNothing) {
  EXPECT_THAT(lines_about(kTcp, {}, {}, true, kService), IsEmpty());
  EXPECT_THAT(lines_about(kTcp, {.failure = ProbeFailure::kRefused}, {.is_retried = true, .failures = 1}, true, kService),
              IsEmpty());
}

TEST(CheckLog, OnlyMiscAndPingNameTheVirtualServer) {
  EXPECT_TRUE(names_service(kMisc) && names_service(kPing));
  EXPECT_FALSE(names_service(kTcp) || names_service(kHttp) || names_service(kDns));
}

TEST(CheckLog, AMailSaysWhichKindOfCheckItWas) {
  const ProbeResult success{};
  const ProbeResult failure{.failure = ProbeFailure::kWrongReply};
  EXPECT_EQ(mail_body(kTcp, success), "=> TCP CHECK succeed on service <=");
  EXPECT_EQ(mail_body(kUdp, failure), "=> UDP CHECK failed on service <=");
  EXPECT_EQ(mail_body(kPing, failure), "=> ICMP CHECK failed on service <=");
  EXPECT_EQ(mail_body(kFile, success), "=> FILE CHECK succeed on service <=");
  EXPECT_EQ(mail_body(kHttp, success), "=> CHECK succeed on service <=");
  EXPECT_EQ(mail_body(kHttp, failure), "=> CHECK failed on service : HTTP request failed <=");
  EXPECT_EQ(mail_body(kSmtp, success), "=> CHECK succeed on service <=");
  EXPECT_EQ(mail_body(kSmtp, failure), "=> CHECK failed on service : wrong-reply <=");
  EXPECT_EQ(mail_body(kDns, success), "=> DNS_CHECK: succeed on service <=");
  EXPECT_EQ(mail_body(kDns, failure), "=> DNS_CHECK: failed on service <=");
  EXPECT_EQ(mail_body(kMisc, success), "=> MISC CHECK succeeded on service <=");
  EXPECT_EQ(mail_body(kMisc, {.failure = ProbeFailure::kScriptExit}), "=> MISC CHECK failed on service <=");
  EXPECT_EQ(mail_body(kMisc, {.failure = ProbeFailure::kScriptTimeout}), "=> MISC CHECK timed out on service <=");
}

TEST(CheckLog, ChecksThatWereNotRunAreToldOnceInTenSecondsWithTheirNumber) {
  NotRunNotice notice;
  CheckReport report{.result = {.failure = ProbeFailure::kNotRun, .detail = "socket: Too many open files"}};
  const std::string line = "TCP_CHECK of " + kServer + " not run: socket: Too many open files; its state stays";
  EXPECT_EQ(notice.line_about(kTcp, report), line);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(notice.line_about(kTcp, report), std::nullopt);
  report.finished += NotRunNotice::kPause;
  EXPECT_EQ(notice.line_about(kTcp, report), line + " (and 2 more)");
  report.finished += NotRunNotice::kPause;
  EXPECT_EQ(notice.line_about(kTcp, report), line);
}

TEST(ProbeFailureNames, AreDifferentAndNoneIsMissing) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kProbeFailures; ++i) names.insert(to_string(static_cast<ProbeFailure>(i)));
  EXPECT_EQ(names.size(), kProbeFailures);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(ProbeFailure::kNone), "none");
  EXPECT_EQ(to_string(ProbeFailure::kDnsResponseCode), "dns-response-code");
}

TEST(ServerNames, AreKeepalivedsForEachProtocol) {
  const packet::Endpoint endpoint{packet::IpAddress::parse("fd77::31").value(), 53};
  EXPECT_EQ(name_of(endpoint, packet::Protocol::kTcp), "[fd77::31]:tcp:53");
  EXPECT_EQ(name_of(endpoint, packet::Protocol::kUdp), "[fd77::31]:udp:53");
  EXPECT_EQ(name_of(endpoint, packet::Protocol::kSctp), "[fd77::31]:sctp:53");
}

}  // namespace
}  // namespace penstock::healthcheck
