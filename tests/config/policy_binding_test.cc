// What virtual_server, real_server and the outermost level say about health checks, as the model has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/config/load_clean.h"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

healthcheck::ServicePolicy service(const std::string& body, const std::string& around = {}) {
  return load_clean(in_service(body) + around).virtual_servers.at(0).health;
}
healthcheck::ServerPolicy server(const std::string& body, const std::string& around = {}) {
  return load_clean(in_real_server(body) + around).virtual_servers.at(0).real_servers.at(0).health;
}

const std::string kMail = "global_defs {\n    smtp_server 127.0.0.1\n    notification_email { a@b }\n}\n";

TEST(PolicyBinding, DefaultsAreKeepaliveds) {
  EXPECT_EQ(service(""), healthcheck::ServicePolicy{});
  EXPECT_EQ(server(""), healthcheck::ServerPolicy{});
}

TEST(PolicyBinding, QuorumHysteresisAndScripts) {
  const auto policy = service(
      "    weight 5\n    quorum 3\n    hysteresis 2\n    omega\n    quorum_up \"/bin/up x\" nobody\n    quorum_down /bin/down");
  EXPECT_EQ(policy.quorum, 3U);
  EXPECT_EQ(policy.hysteresis, 2U);
  EXPECT_TRUE(policy.omega);
  EXPECT_EQ(policy.quorum_up, (healthcheck::Script{{"/bin/up", "x"}, "nobody", ""}));
  EXPECT_EQ(policy.quorum_down, (healthcheck::Script{{"/bin/down"}, "", ""}));
}

TEST(PolicyBinding, AQuorumThatCanNotBeReachedIsCutWithAWarning) {
  const LoadResult result = load_text(in_service("    weight 4\n    quorum 9\n    hysteresis 6"));
  EXPECT_THAT(
      findings(result),
      ElementsAre("5:12: warning: quorum 9 is more than the real servers weigh together: taken as 4, as keepalived does",
                  "6:16: warning: hysteresis must be below the quorum of 4: taken as 3, as keepalived does"));
  EXPECT_EQ(result.model.value().virtual_servers.at(0).health.quorum, 4U);
  EXPECT_EQ(result.model.value().virtual_servers.at(0).health.hysteresis, 3U);
}

TEST(PolicyBinding, ServersWithoutWeightLeaveTheUsualQuorumAlone) { EXPECT_EQ(service("    weight 0").quorum, 1U); }

TEST(PolicyBinding, TheSorryServer) {
  const auto policy = service("    sorry_server 10.0.0.9\n    sorry_server_inhibit\n    sorry_server_lvs_method DR");
  ASSERT_TRUE(policy.sorry_server.has_value());
  EXPECT_EQ(policy.sorry_server->endpoint.to_string(), "10.0.0.9:80");
  EXPECT_TRUE(policy.sorry_server->inhibit);
  EXPECT_THAT(findings(in_service("    sorry_server 10.0.0.9 81")),
              ElementsAre("4:27: warning: direct routing keeps the port: taken as 80, as keepalived does"));
  EXPECT_THAT(findings(in_service("    sorry_server_inhibit")),
              ElementsAre("4:5: warning: \"sorry_server_inhibit\" without sorry_server is ignored"));
  EXPECT_THAT(
      findings(in_service("    real_server 10.0.0.8 80 {\n    }\n    sorry_server 10.0.0.8 80")),
      ElementsAre("6:18: warning: \"10.0.0.8\" is a real server of this virtual server, too: it takes connections without "
                  "quorum, whatever its checks say"));
}

TEST(PolicyBinding, InhibitAndNotifiesOfAServer) {
  EXPECT_TRUE(server("        inhibit_on_failure").inhibit_on_failure);
  const auto policy = server("        notify_up \"/bin/n up\" u g\n        notify_down '/bin/n down'");
  EXPECT_EQ(policy.notify_up, (healthcheck::Script{{"/bin/n", "up"}, "u", "g"}));
  EXPECT_EQ(policy.notify_down, (healthcheck::Script{{"/bin/n", "down"}, "", ""}));
  const Model model =
      load_clean(in_service("    inhibit_on_failure\n    real_server 10.0.0.3 80 {\n        inhibit_on_failure off\n    }"));
  EXPECT_FALSE(model.virtual_servers.at(0).real_servers.at(0).health.inhibit_on_failure);
  EXPECT_TRUE(model.virtual_servers.at(0).real_servers.at(1).health.inhibit_on_failure);
}

TEST(PolicyBinding, MailsAreOnForServersAndOffForServicesUnlessTheFileSaysOtherwise) {
  const std::string all_off = in_global("    smtp_alert off");
  const std::string checks_on = in_global("    smtp_alert off\n    smtp_alert_checker");
  EXPECT_TRUE(server("", kMail).smtp_alert);
  EXPECT_FALSE(service("", kMail).smtp_alert);
  EXPECT_FALSE(server("", kMail + all_off).smtp_alert);
  EXPECT_TRUE(service("", kMail + checks_on).smtp_alert);
  EXPECT_TRUE(server("        smtp_alert", kMail + all_off).smtp_alert);
  EXPECT_FALSE(server("        smtp_alert no", kMail).smtp_alert);
}

TEST(PolicyBinding, AMailThatCanGoNowhereIsWarnedOf) {
  EXPECT_THAT(findings(in_service("    smtp_alert")),
              ElementsAre("4:5: warning: smtp_alert sends nothing: global_defs needs smtp_server and notification_email"));
}

TEST(PolicyBinding, WhereMailGoes) {
  const Model model = load_clean(in_global(
      "    router_id LB\n    smtp_server mail.example 2525\n    smtp_connect_timeout 7\n    smtp_helo_name lb.example\n"
      "    notification_email_from LB <lb@example>\n    notification_email {\n        a@example\n        b@example c@example\n "
      "   }"));
  EXPECT_EQ(model.mail, (healthcheck::MailPolicy{.server = "mail.example",
                                                 .port = 2525,
                                                 .connect_timeout = 7s,
                                                 .helo_name = "lb.example",
                                                 .from = "LB <lb@example>",
                                                 .to = {"a@example", "b@example", "c@example"},
                                                 .router_id = "LB"}));
}

TEST(PolicyBinding, ScriptsFifosAndTlsOfAllServices) {
  const Model model =
      load_clean(in_global("    lvs_notify_fifo /run/f u g\n    lvs_notify_fifo_script \"/bin/f x\"\n    rs_init_notifies\n"
                           "    script_user nobody nogroup\n    enable_script_security\n    no_checker_emails") +
                 "SSL {\n    ca /ca\n    certificate /c\n    key /k\n    password geheim\n}\n");
  EXPECT_EQ(model.health, (healthcheck::GlobalPolicy{.lvs_notify_fifo_script = {{"/bin/f", "x"}, "", ""},
                                                     .lvs_notify_fifo = "/run/f",
                                                     .rs_init_notifies = true,
                                                     .script_security = true,
                                                     .script_user = "nobody",
                                                     .script_group = "nogroup",
                                                     .tls = {"/ca", "/c", "/k", "geheim"},
                                                     .lvs_notify_fifo_user = "u",
                                                     .lvs_notify_fifo_group = "g",
                                                     .checker_mails = false}));
}

TEST(PolicyBinding, TheFifoForEverythingServesWhereThereIsNoOther) {
  EXPECT_EQ(load_clean(in_global("    notify_fifo /run/all\n    notify_fifo_script /bin/x")).health.lvs_notify_fifo,
            "/run/all");
  const LoadResult both = load_text(in_global("    notify_fifo /run/all\n    lvs_notify_fifo /run/lvs"));
  EXPECT_THAT(findings(both), ElementsAre("2:5: warning: events of real servers go to lvs_notify_fifo alone"));
  EXPECT_EQ(both.model.value().health.lvs_notify_fifo, "/run/lvs");
}

}  // namespace
}  // namespace penstock::config
