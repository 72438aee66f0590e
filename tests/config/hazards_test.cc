// Where keepalived's own parser loses lines without a word, or takes them otherwise than they read. Each hazard has a test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// keepalived: "Authentication specified but no password given. Ignoring."
TEST(Hazard, AuthenticationOnOneLineIsRead) {
  const LoadResult result = load_text(in_instance("    authentication { auth_type PASS auth_pass secret }"));
  EXPECT_THAT(findings(result), IsEmpty());
  ASSERT_TRUE(result.model.has_value());
  EXPECT_EQ(result.model->vrrp.instances[0].auth_pass, "secret");
}

// keepalived: the unknown block's brace closes vrrp_instance, so that priority and addresses are lost, and the daemon runs.
TEST(Hazard, AnUnknownBlockIsReportedOnceAndTheLinesBehindItAreKept) {
  const auto found = findings(
      "vrrp_instance VI {\n    interface eth0\n    virtual_router_id 1\n    wibble {\n        x {\n            y 1\n        "
      "}\n    }\n"
      "    priority 777\n    virtual_ipaddress {\n        10.0.0.300\n    }\n}\n");
  EXPECT_THAT(found, ElementsAre("4:5: error: \"wibble\" is unknown in vrrp_instance",
                                 "9:14: error: \"priority\" takes a whole number from 1 to 255, not \"777\"",
                                 "11:9: error: \"10.0.0.300\" is not an IPv4 or IPv6 address"));
}

TEST(Hazard, AnUnknownBlockOnOneLineIsReportedOnceAndTheLinesBehindItAreKept) {
  EXPECT_THAT(findings(in_instance("    wibble { x }\n    priority 777")),
              ElementsAre("5:5: error: \"wibble\" is unknown in vrrp_instance",
                          "6:14: error: \"priority\" takes a whole number from 1 to 255, not \"777\""));
}

// keepalived: fails.
TEST(Hazard, AWholeInstanceOnOneLineIsRead) {
  const LoadResult result = load_text(
      "vrrp_instance VI { state BACKUP interface eth0 virtual_router_id 7 priority 90 nopreempt advert_int 2 virtual_ipaddress "
      "{ 10.0.0.1/24 } }\n");
  EXPECT_THAT(findings(result), IsEmpty());
  ASSERT_TRUE(result.model.has_value());
  const vrrp::InstanceSpec& instance = result.model->vrrp.instances.at(0);
  EXPECT_EQ(instance.virtual_router_id, 7);
  EXPECT_EQ(instance.priority, 90);
  EXPECT_TRUE(instance.nopreempt);
  EXPECT_EQ(instance.advert_interval, std::chrono::seconds{2});
  EXPECT_EQ(instance.addresses.at(0).prefix_length, 24);
}

TEST(Hazard, AWholeServiceOnOneLineIsRead) {
  const LoadResult result = load_text(
      "virtual_server 10.0.0.1 80 { lb_algo wrr lb_kind DR protocol TCP real_server 10.0.0.2 80 { weight 3 TCP_CHECK { "
      "connect_port 80 "
      "connect_timeout 3 } } real_server 10.0.0.3 80 {weight 4}}\n");
  EXPECT_THAT(findings(result), IsEmpty());
  ASSERT_TRUE(result.model.has_value());
  ASSERT_EQ(result.model->virtual_servers.at(0).real_servers.size(), 2U);
  EXPECT_EQ(result.model->virtual_servers[0].real_servers[1].weight, 4U);
}

// keepalived: takes the second address for an option, and rejects the line.
TEST(Hazard, SeveralAddressesOnOneLineAreAllRead) {
  const LoadResult result = load_text(in_instance("    virtual_ipaddress { 10.0.0.2 10.0.0.3/24 dev eth1 10.0.0.4 }"));
  EXPECT_THAT(findings(result), IsEmpty());
  ASSERT_TRUE(result.model.has_value());
  const auto& addresses = result.model->vrrp.instances[0].addresses;
  ASSERT_EQ(addresses.size(), 4U);
  EXPECT_EQ(addresses[2].interface, "eth1");
  EXPECT_EQ(addresses[3].interface, "eth0");
}

TEST(Hazard, ABraceOnTheNextLineOpensTheBlock) {
  const LoadResult result = load_text("global_defs\n{\n    router_id A\n}\n");
  EXPECT_THAT(findings(result), IsEmpty());
  EXPECT_EQ(result.model.value().router_id, "A");
}

TEST(Hazard, ABraceThatTouchesAWordOpensTheBlock) {
  const LoadResult result = load_text("global_defs{\n    router_id A}\n");
  EXPECT_THAT(findings(result), IsEmpty());
  EXPECT_EQ(result.model.value().router_id, "A");
}

// keepalived: the password is "ab", silently.
TEST(Hazard, ACommentSignWithinAValueIsWarnedOf) {
  const LoadResult result =
      load_text(in_instance("    authentication {\n        auth_type PASS\n        auth_pass ab#cd\n    }"));
  EXPECT_THAT(findings(result),
              ElementsAre("7:21: warning: \"#\" begins a comment here [put the value in double quotes if it belongs to "
                          "it, or a blank before the comment]"));
  EXPECT_EQ(result.model.value().vrrp.instances[0].auth_pass, "ab");
}

TEST(Hazard, ACommentSignWithinQuotesIsPartOfTheValue) {
  const LoadResult result =
      load_text(in_instance("    authentication {\n        auth_type PASS\n        auth_pass \"a#b!\" # c\n    }"));
  EXPECT_THAT(findings(result), IsEmpty());
  EXPECT_EQ(result.model.value().vrrp.instances[0].auth_pass, "a#b!");
}

TEST(Hazard, ALongPasswordIsCutWithAWarning) {
  const LoadResult result =
      load_text(in_instance("    authentication {\n        auth_type PASS\n        auth_pass 123456789\n    }"));
  EXPECT_THAT(findings(result), ElementsAre("7:19: warning: auth_pass is cut to its first 8 bytes, as keepalived does"));
  EXPECT_EQ(result.model.value().vrrp.instances[0].auth_pass, "12345678");
}

// keepalived: forwards by NAT, the second statement is dropped.
TEST(Hazard, ASecondStatementOnALineIsNotSwallowed) {
  EXPECT_THAT(
      findings("virtual_server 10.0.0.1 80 {\n    lb_algo rr lb_kind DR\n    lb_kind DR\n    protocol TCP\n    real_server "
               "10.0.0.2 80 {\n    }\n}\n"),
      ElementsAre("2:16: error: \"lb_kind\" must begin a line of its own"));
}

// keepalived: unknown keyword, in 18 of 129 published files.
TEST(Hazard, NbGetRetryInTcpCheckIsAcceptedWithANotice) {
  EXPECT_THAT(
      findings(in_real_server("        TCP_CHECK {\n            nb_get_retry 3\n        }")),
      ElementsAre(
          "6:13: notice: \"nb_get_retry\" has no effect: keepalived ignores it outside HTTP_GET and SSL_GET: write retry"));
}

// keepalived: 0.4 is rounded to 0, and adverts flood the network.
TEST(Hazard, AFractionOfASecondInVersion2IsRefused) {
  EXPECT_THAT(findings(in_instance("    advert_int 0.4")),
              ElementsAre("5:16: error: advert_int is in whole seconds with version 2 [version 3 takes 0.01 to 40.95]"));
}

// keepalived -t: exit status 0.
TEST(Hazard, AMissingFileIsAnError) {
  const LoadResult result = load_files({});
  EXPECT_THAT(findings(result), ElementsAre("0:0: error: the file can't be read: No such file or directory"));
  EXPECT_FALSE(result.model.has_value());
}

TEST(Hazard, SlaveIsTakenAsBackupWithAWarning) {
  const LoadResult result = load_text(in_instance("    state SLAVE"));
  EXPECT_THAT(findings(result),
              ElementsAre("5:11: warning: \"SLAVE\" is not MASTER or BACKUP: taken as BACKUP, as keepalived does"));
  EXPECT_EQ(result.model.value().vrrp.instances[0].initial_master, false);
}

TEST(Hazard, MasterWithoutAPriorityIsTheOwnerWithAWarning) {
  const LoadResult result = load_text(in_instance("    state MASTER"));
  EXPECT_THAT(
      findings(result),
      ElementsAre("5:11: warning: MASTER without a priority is the owner of the addresses: priority 255, as keepalived does"));
  EXPECT_EQ(result.model.value().vrrp.instances[0].priority, 255);
}

TEST(Hazard, FilesWithCarriageReturnsReadTheSame) {
  const LoadResult result = load_text("\xEF\xBB\xBFglobal_defs {\r\n    router_id A\r\n}\r\n");
  EXPECT_THAT(findings(result), IsEmpty());
  EXPECT_EQ(result.model.value().router_id, "A");
}

}  // namespace
}  // namespace penstock::config
