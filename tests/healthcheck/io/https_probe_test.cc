// SSL_GET against TLS servers on loopback.
#include <gtest/gtest.h>

#include <future>

#include "tests/healthcheck/io/probe_test.h"
#include "tests/healthcheck/io/scripted_server.h"
#include "tests/healthcheck/io/tls_server.h"

namespace penstock::healthcheck::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kName = "www.example.org";
constexpr const char* kPage = "HTTP/1.0 200 OK\r\n\r\nhello\n";

enum class End { kFarewell, kSudden };

class HttpsProbeTest : public ProbeTest {
 protected:
  // A server that answers with kPage.
  ScriptedServer::Script page(const Certificate& certificate, End end = End::kFarewell) {
    return [this, &certificate, end](Peer& peer) {
      TlsPeer tls{peer, certificate};
      if (!tls.is_open()) return;
      tls.read_request();
      tls.send(kPage);
      names_.set_value(tls.name_asked_for());
      if (end == End::kFarewell) tls.say_farewell();
    };
  }
  static CheckSpec https(const ScriptedServer& server, HttpCheck check = {}) {
    check.tls = true;
    if (check.urls.empty()) check.urls = {{}};
    return check_of(server.endpoint(), std::move(check));
  }
  void trust(const Certificate& certificate) { factory_.set_tls({.ca = certificate.file()}); }

  Certificate certificate_{kName};
  std::promise<std::string> names_;
};

TEST_F(HttpsProbeTest, TakesAnyCertificateWhereNoCaIsNamed) {
  ScriptedServer server{page(certificate_)};
  EXPECT_TRUE(run(https(server)).is_success());
  EXPECT_EQ(names_.get_future().get(), "");
}

TEST_F(HttpsProbeTest, TakesACertificateOfTheCa) {
  trust(certificate_);
  ScriptedServer server{page(certificate_)};
  EXPECT_TRUE(run(https(server)).is_success());
}

TEST_F(HttpsProbeTest, RefusesACertificateOfAStranger) {
  const Certificate trusted{"ca.example.org"};
  trust(trusted);
  ScriptedServer server{page(certificate_)};
  EXPECT_EQ(failure_of_run(https(server)), ProbeFailure::kTlsCertificate);
}

TEST_F(HttpsProbeTest, RefusesAnExpiredCertificate) {
  const Certificate expired{kName, Certificate::Validity::kPast};
  trust(expired);
  ScriptedServer server{page(expired)};
  const ProbeResult result = run(https(server));
  EXPECT_EQ(result.failure, ProbeFailure::kTlsCertificate);
  EXPECT_TRUE(result.detail.contains("expired")) << result.detail;
}

TEST_F(HttpsProbeTest, SendsTheVirtualHostsNameInTheGreeting) {
  ScriptedServer server{page(certificate_)};
  EXPECT_TRUE(run(https(server, {.virtual_host = kName, .send_sni = true})).is_success());
  EXPECT_EQ(names_.get_future().get(), kName);
}

TEST_F(HttpsProbeTest, LeavesTheVirtualHostsPortOutOfTheGreeting) {
  ScriptedServer server{page(certificate_)};
  ASSERT_TRUE(run(https(server, {.virtual_host = std::string{kName} + ":8443", .send_sni = true})).is_success());
  EXPECT_EQ(names_.get_future().get(), kName);
}

TEST_F(HttpsProbeTest, SendsAnotherNameInTheGreetingWhereOneIsSet) {
  ScriptedServer server{page(certificate_)};
  EXPECT_TRUE(run(https(server, {.virtual_host = kName, .send_sni = true, .sni_name = "sni.example.org"})).is_success());
  EXPECT_EQ(names_.get_future().get(), "sni.example.org");
}

TEST_F(HttpsProbeTest, RefusesACertificateForAnotherName) {
  trust(certificate_);
  ScriptedServer server{page(certificate_)};
  EXPECT_EQ(failure_of_run(https(server, {.virtual_host = "other.example.org", .send_sni = true})),
            ProbeFailure::kTlsCertificate);
}

TEST_F(HttpsProbeTest, TakesACertificateForTheNameThatWasSent) {
  trust(certificate_);
  ScriptedServer server{page(certificate_)};
  EXPECT_TRUE(run(https(server, {.virtual_host = kName, .send_sni = true})).is_success());
}

TEST_F(HttpsProbeTest, RefusesAServerWithoutTls) {
  ScriptedServer server{[](Peer& peer) {
    peer.send("HTTP/1.0 400 Bad Request\r\n\r\n");
    peer.wait_for_end();
  }};
  EXPECT_EQ(failure_of_run(https(server)), ProbeFailure::kTlsHandshake);
}

TEST_F(HttpsProbeTest, RefusesAServerThatClosesInTheHandshake) {
  ScriptedServer server{[](Peer&) {}};
  EXPECT_EQ(failure_of_run(https(server)), ProbeFailure::kTlsHandshake);
}

TEST_F(HttpsProbeTest, FailsAtItsDeadlineWhereTheHandshakeStalls) {
  ScriptedServer server{[](Peer& peer) { peer.wait_for_end(); }};
  CheckSpec check = https(server);
  check.connection.timeout = milliseconds{200};
  EXPECT_EQ(failure_of_run(check), ProbeFailure::kTimeout);
}

TEST_F(HttpsProbeTest, ForgivesAMissingFarewell) {
  ScriptedServer server{page(certificate_, End::kSudden)};
  EXPECT_TRUE(run(https(server)).is_success());
}

TEST_F(HttpsProbeTest, SaysThatTheCaFileIsNotThere) {
  factory_.set_tls({.ca = "/nowhere/ca.pem"});
  ScriptedServer server{page(certificate_)};
  EXPECT_EQ(failure_of_run(https(server)), ProbeFailure::kLocal);
}

}  // namespace
}  // namespace penstock::healthcheck::test
