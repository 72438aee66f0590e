// Checkers as the model has them: what stands in the file, what is inherited, and every default.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "config/command.h"
#include "tests/config/load_clean.h"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;
using healthcheck::CheckSpec;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<CheckSpec> checks_of(const Model& model) { return model.virtual_servers.at(0).real_servers.at(0).health.checks; }
std::vector<CheckSpec> checks(const std::string& body) { return checks_of(load_clean(in_real_server(body))); }
CheckSpec check(const std::string& body) { return checks(body).at(0); }
template <typename Kind>
Kind kind_of(const std::string& body) {
  return std::get<Kind>(check(body).kind);
}
Endpoint endpoint(const char* address, std::uint16_t port) { return {*IpAddress::parse(address), port}; }

TEST(CheckBinding, EachCheckerHasKeepalivedsDefaults) {
  const healthcheck::Pace usual{.delay_loop = 60s, .warmup = 60s, .delay_before_retry = 1s, .retry = 1};
  healthcheck::Pace http = usual, dns = usual, misc = usual;
  http.delay_before_retry = 3s;
  dns.delay_before_retry = 60s;
  dns.retry = 3;
  misc.retry = 0;
  EXPECT_EQ(check("TCP_CHECK {\n}").pace, usual);
  EXPECT_EQ(check("HTTP_GET {\nurl {\npath /\n}\n}").pace, http);
  EXPECT_EQ(check("SSL_GET {\nurl {\npath /\n}\n}").pace, http);
  EXPECT_EQ(check("UDP_CHECK {\n}").pace, usual);
  EXPECT_EQ(check("SMTP_CHECK {\n}").pace, usual);
  EXPECT_EQ(check("PING_CHECK {\n}").pace, usual);
  EXPECT_EQ(check("DNS_CHECK {\n}").pace, dns);
  EXPECT_EQ(check("MISC_CHECK {\nmisc_path /bin/true\n}").pace, misc);
}

TEST(CheckBinding, ACheckIsAboutItsServerAndGoesThere) {
  const CheckSpec spec = check("TCP_CHECK {\n}");
  EXPECT_EQ(spec.server, endpoint("10.0.0.2", 80));
  EXPECT_EQ(spec.protocol, Protocol::kTcp);
  EXPECT_EQ(spec.connection, (healthcheck::Connection{.target = endpoint("10.0.0.2", 80), .timeout = 5s}));
}

TEST(CheckBinding, TheInnermostBlockCounts) {
  const Model model = load_clean(
      "virtual_server 10.0.0.1 80 {\n    lb_kind DR\n    protocol TCP\n    delay_loop 10\n    retry 7\n    warmup 2\n"
      "    connect_timeout 4\n    delay_before_retry 0.5\n    alpha\n    virtualhost vs.example\n"
      "    real_server 10.0.0.2 80 {\n        retry 8\n        connect_timeout 3\n        virtualhost rs.example\n"
      "        HTTP_GET {\n            url {\n                path /\n            }\n        }\n"
      "        HTTP_GET {\n            retry 0\n            delay_loop 20\n            alpha off\n            virtualhost "
      "own.example\n"
      "            url {\n                path /\n                virtualhost url.example\n            }\n        }\n    "
      "}\n}\n");
  const auto specs = checks_of(model);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].pace,
            (healthcheck::Pace{.delay_loop = 10s, .warmup = 2s, .delay_before_retry = 500ms, .retry = 8, .alpha = true}));
  EXPECT_EQ(specs[0].connection.timeout, 3s);
  EXPECT_EQ(std::get<healthcheck::HttpCheck>(specs[0].kind).virtual_host, "rs.example");
  EXPECT_EQ(specs[1].pace, (healthcheck::Pace{.delay_loop = 20s, .warmup = 2s, .delay_before_retry = 500ms, .retry = 0}));
  const auto own = std::get<healthcheck::HttpCheck>(specs[1].kind);
  EXPECT_EQ(own.virtual_host, "own.example");
  EXPECT_EQ(own.urls.at(0).virtual_host, "url.example");
  EXPECT_TRUE(model.virtual_servers[0].health.alpha);
}

TEST(CheckBinding, WarmupFollowsTheChecksOwnDelayLoop) {
  EXPECT_EQ(check("TCP_CHECK {\ndelay_loop 7\n}").pace.warmup, 7s);
  EXPECT_EQ(check("DNS_CHECK {\ndelay_loop 7\n}").pace.delay_before_retry, 7s);
  EXPECT_EQ(check("TCP_CHECK {\nwarmup 0\n}").pace.warmup, 0s);
}

TEST(CheckBinding, TheOldNameOfRetryWorksInHttpChecksOnly) {
  EXPECT_EQ(check("HTTP_GET {\nnb_get_retry 4\nurl {\npath /\n}\n}").pace.retry, 4U);
  const LoadResult tcp = load_text(in_real_server("TCP_CHECK {\nnb_get_retry 4\n}"));
  EXPECT_THAT(findings(tcp), ElementsAre("6:1: notice: \"nb_get_retry\" has no effect: keepalived ignores it outside HTTP_GET "
                                         "and SSL_GET: write retry"));
  EXPECT_EQ(checks_of(tcp.model.value()).at(0).pace.retry, 1U);
}

TEST(CheckBinding, WhereAProbeGoesAndComesFrom) {
  const auto connection = check(
                              "TCP_CHECK {\nconnect_ip 10.9.9.9\nconnect_port 8080\nbindto 10.0.0.7\nbind_port 1025\nbind_if "
                              "eth1\nfwmark 5\nconnect_timeout 0.25\n}")
                              .connection;
  EXPECT_EQ(connection, (healthcheck::Connection{.target = endpoint("10.9.9.9", 8080),
                                                 .bind_address = *IpAddress::parse("10.0.0.7"),
                                                 .bind_port = 1025,
                                                 .bind_interface = "eth1",
                                                 .fwmark = 5,
                                                 .timeout = 250ms}));
}

TEST(CheckBinding, CheckViaVipAsksTheVirtualServer) {
  EXPECT_EQ(check("TCP_CHECK {\ncheck_via vip\n}").connection.via_vip, endpoint("10.0.0.1", 80));
  EXPECT_EQ(check("SSL_GET {\ncheck_via vip\nurl {\npath /\n}\n}").connection.via_vip, endpoint("10.0.0.1", 80));
  EXPECT_EQ(check("TCP_CHECK {\n}").connection.via_vip, std::nullopt);
}

TEST(CheckBinding, HttpUrls) {
  const auto http = kind_of<healthcheck::HttpCheck>(
      "HTTP_GET {\nhttp_protocol 1.0c\nurl {\npath /a\ndigest B23518F93B38B0BDEAC5A1BF4E205477\n}\nurl {\npath /b\n"
      "status_code 404 300-310 200\nstatus_code 305-320 201\n}\nurl {\npath /c\nstatus_code 200-299\n}\n}");
  EXPECT_EQ(http.version, healthcheck::HttpCheck::Version::k10C);
  EXPECT_FALSE(http.tls);
  ASSERT_EQ(http.urls.size(), 3U);
  EXPECT_EQ(http.urls[0].digest, "b23518f93b38b0bdeac5a1bf4e205477");
  EXPECT_THAT(http.urls[1].status, ElementsAre(healthcheck::StatusRange{200, 201}, healthcheck::StatusRange{300, 320},
                                               healthcheck::StatusRange{404, 404}));
  EXPECT_THAT(http.urls[2].status, IsEmpty());  // what no status_code means
}

TEST(CheckBinding, TlsCompliantSaysThatItHasNoEffect) {
  EXPECT_THAT(findings(load_text(in_real_server("SSL_GET {\ntls_compliant\nurl {\npath /\n}\n}"))),
              ElementsAre(testing::HasSubstr("notice: \"tls_compliant\" has no effect")));
}

TEST(CheckBinding, TlsWordsOfAnSslCheck) {
  const auto plain = kind_of<healthcheck::HttpCheck>("SSL_GET {\nurl {\npath /\n}\n}");
  EXPECT_TRUE(plain.tls);
  EXPECT_FALSE(plain.send_sni || plain.tls_compliant);
  const auto http = kind_of<healthcheck::HttpCheck>("SSL_GET {\nenable_sni\nhttp_protocol 1.1\nurl {\npath /\n}\n}");
  EXPECT_TRUE(http.send_sni);
  EXPECT_EQ(http.version, healthcheck::HttpCheck::Version::k11);
  EXPECT_EQ(kind_of<healthcheck::HttpCheck>("SSL_GET {\nsni_name a.example\nurl {\npath /\n}\n}").sni_name, "a.example");
}

TEST(CheckBinding, RegularExpressions) {
  const auto http = kind_of<healthcheck::HttpCheck>(
      "HTTP_GET {\nurl {\npath /\nregex \"^a\\\\d b\"\nregex_no_match\nregex_options caseless multiline\nregex_min_offset "
      "3\nregex_max_offset 9\nregex_stack 1000 2000\n}\n}");
  const auto& pattern = http.urls.at(0).pattern;
  ASSERT_TRUE(pattern.has_value());
  EXPECT_EQ(*pattern, (healthcheck::BodyPattern{.pattern = "^a\\d b",
                                                .must_match = false,
                                                .options = 0x408,  // PCRE2_CASELESS, PCRE2_MULTILINE
                                                .min_offset = 3,
                                                .max_offset = 9,
                                                .stack_start = 1000,
                                                .stack_max = 2000}));
}

TEST(CheckBinding, FastRecoveryIsNoticed) {
  EXPECT_THAT(findings(in_real_server("HTTP_GET {\nfast_recovery\nurl {\npath /\n}\n}")),
              ElementsAre("6:1: notice: \"fast_recovery\" has no effect: every URL is asked in each round anyway"));
}

TEST(CheckBinding, UdpPayloadAndReply) {
  const auto udp = kind_of<healthcheck::UdpCheck>(
      "UDP_CHECK {\npayload 00ff 0A\nrequire_reply 1xxF xx\nmin_reply_length 3\nmax_reply_length 512\n}");
  EXPECT_THAT(udp.payload, ElementsAre(0x00, 0xFF, 0x0A));
  EXPECT_TRUE(udp.require_reply);
  EXPECT_THAT(udp.reply, ElementsAre(healthcheck::MaskedByte{0x10, 0xF0}, healthcheck::MaskedByte{0x0F, 0x0F},
                                     healthcheck::MaskedByte{0, 0}));
  EXPECT_EQ(udp.min_reply_length, 3);
  EXPECT_EQ(udp.max_reply_length, 512);
  EXPECT_EQ(kind_of<healthcheck::UdpCheck>("UDP_CHECK {\n}"), healthcheck::UdpCheck{});
  EXPECT_TRUE(kind_of<healthcheck::UdpCheck>("UDP_CHECK {\nrequire_reply\n}").require_reply);
}

TEST(CheckBinding, DnsQuestions) {
  EXPECT_EQ(kind_of<healthcheck::DnsCheck>("DNS_CHECK {\n}"), (healthcheck::DnsCheck{healthcheck::DnsCheck::Type::kSoa, "."}));
  EXPECT_EQ(kind_of<healthcheck::DnsCheck>("DNS_CHECK {\ntype AAAA\nname www.example.org\n}"),
            (healthcheck::DnsCheck{healthcheck::DnsCheck::Type::kAaaa, "www.example.org"}));
}

TEST(CheckBinding, EachHostOfAnSmtpCheckIsACheckOfItsOwn) {
  EXPECT_EQ(kind_of<healthcheck::SmtpCheck>("SMTP_CHECK {\n}").helo_name, "smtpchecker.keepalived.org");
  const auto hosts = checks(
      "SMTP_CHECK {\nhelo_name mx.example\nconnect_port 25\nconnect_timeout 9\nhost {\nconnect_ip 10.0.0.8\n}\nhost "
      "{\nconnect_port 2525\n}\n}");
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[0].connection.target, endpoint("10.0.0.8", 25));
  EXPECT_EQ(hosts[1].connection.target, endpoint("10.0.0.2", 2525));
  for (const CheckSpec& host : hosts) {
    EXPECT_EQ(host.connection.timeout, 9s);
    EXPECT_EQ(std::get<healthcheck::SmtpCheck>(host.kind).helo_name, "mx.example");
  }
}

TEST(CheckBinding, MiscCommandsAreCutIntoWordsWithoutAShell) {
  const auto misc = kind_of<healthcheck::MiscCheck>(
      "MISC_CHECK {\nmisc_path \"/bin/check 'a b' c\\\\ d $X | tee\"\nmisc_timeout 2\nmisc_dynamic\nuser nobody nogroup\n}");
  EXPECT_THAT(misc.script.command, ElementsAre("/bin/check", "a b", "c d", "$X", "|", "tee"));
  EXPECT_EQ(misc.script.user, "nobody");
  EXPECT_EQ(misc.script.group, "nogroup");
  EXPECT_EQ(misc.timeout, 2s);
  EXPECT_TRUE(misc.dynamic);
  EXPECT_EQ(kind_of<healthcheck::MiscCheck>("MISC_CHECK {\nmisc_path /bin/true\ndelay_loop 9\n}").timeout, 9s);
}

TEST(CheckBinding, TrackedFiles) {
  const std::string body =
      "    real_server 10.0.0.3 80 {\n        FILE_CHECK {\n            track_file F\n        }\n"
      "        FILE_CHECK {\n            track_file F\n            weight 2 reverse\n        }\n    }";
  const Model model = load_clean(in_service(body) + "track_file F {\n    file \"/run/a b\"\n    weight -3\n}\n");
  const auto specs = checks_of(model);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(std::get<healthcheck::FileCheck>(specs[0].kind), (healthcheck::FileCheck{"F", "/run/a b", -3, false}));
  EXPECT_EQ(std::get<healthcheck::FileCheck>(specs[1].kind), (healthcheck::FileCheck{"F", "/run/a b", 2, true}));
  EXPECT_EQ(specs[0].pace.warmup, 0s);
  EXPECT_EQ(specs[0].pace.retry, 0U);
}

TEST(CheckBinding, FailuresAreLoggedWhereEitherPlaceAsksForIt) {
  EXPECT_TRUE(check("TCP_CHECK {\nlog_all_failures\n}").pace.log_all_failures);
  EXPECT_FALSE(check("TCP_CHECK {\n}").pace.log_all_failures);
  const Model model = load_clean(in_real_server("TCP_CHECK {\n}") + in_global("    checker_log_all_failures"));
  EXPECT_TRUE(checks_of(model).at(0).pace.log_all_failures);
}

TEST(CheckBinding, SeveralCheckersKeepTheFilesOrder) {
  const auto specs = checks("TCP_CHECK {\n}\nPING_CHECK {\n}\nTCP_CHECK {\nconnect_port 81\n}");
  ASSERT_EQ(specs.size(), 3U);
  EXPECT_EQ(healthcheck::keyword_of(specs[1]), "PING_CHECK");
  EXPECT_EQ(specs[2].connection.target.port, 81);
}

TEST(Command, WhatIsJoinedIsCutIntoTheSameWords) {
  const std::vector<std::string> words{"a", "", "b c", "\"'\\", "\n\x01$HOME", "ä#!", "{", "include", "x=1"};
  EXPECT_EQ(split_command(join_command(words)).value(), words);
  EXPECT_FALSE(split_command("a 'b").has_value());
  EXPECT_FALSE(split_command("a\\0").has_value());
}

}  // namespace
}  // namespace penstock::config
