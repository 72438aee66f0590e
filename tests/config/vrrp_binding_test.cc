// vrrp_instance as the model has it: each word, its default, and what global_defs and strict mode make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/config/load_clean.h"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using vrrp::InstanceSpec;

InstanceSpec instance(const std::string& body, const std::string& around = {}) {
  const vrrp::RouterSpec router = load_router(in_instance(body) + around);
  return router.instances.empty() ? InstanceSpec{} : router.instances.front();
}
// Of a file that gives warnings.
InstanceSpec warned(const LoadResult& result) { return result.model.value_or(Model{}).vrrp.instances.at(0); }

IpAddress address(const char* text) { return *IpAddress::parse(text); }

InstanceSpec usual() {
  InstanceSpec out{.name = "VI", .interface = "eth0", .virtual_router_id = 50};
  out.addresses.push_back(
      {.address = address("10.0.0.1"), .prefix_length = 32, .interface = "eth0", .broadcast = {}, .scope = {}});
  return out;
}

// A word of vrrp_instance, and what is different by it.
struct WordRow {
  const char* body;
  void (*expect)(InstanceSpec&);
};

const WordRow kWords[] = {
    {"", [](InstanceSpec&) {}},
    {"state BACKUP", [](InstanceSpec&) {}},
    {"state MASTER\npriority 255", [](InstanceSpec& i) { i.priority = 255, i.initial_master = true; }},
    {"priority 255", [](InstanceSpec& i) { i.priority = 255, i.initial_master = true; }},
    {"priority 255\nno_accept", [](InstanceSpec& i) { i.priority = 255, i.initial_master = true; }},
    {"state MASTER\npriority 1", [](InstanceSpec& i) { i.priority = 1, i.initial_master = true; }},
    {"nopreempt", [](InstanceSpec& i) { i.nopreempt = true; }},
    {"preempt_delay 2.5", [](InstanceSpec& i) { i.preempt_delay = 2'500ms; }},
    {"advert_int 255", [](InstanceSpec& i) { i.advert_interval = 255s; }},
    {"version 3\nadvert_int 0.01", [](InstanceSpec& i) { i.version = 3, i.advert_interval = 10ms; }},
    {"version 3\nadvert_int 40.95", [](InstanceSpec& i) { i.version = 3, i.advert_interval = 40'950ms; }},
    {"version 3\nv3_checksum_as_v2", [](InstanceSpec& i) { i.version = 3, i.pseudo_header = false; }},
    {"v3_checksum_as_v2", [](InstanceSpec&) {}},  // version 2 has no other
    {"accept", [](InstanceSpec&) {}},
    {"no_accept", [](InstanceSpec& i) { i.accept = false; }},
    {"mcast_src_ip 10.0.0.7\ntrack_src_ip", [](InstanceSpec& i) { i.source = address("10.0.0.7"), i.track_source = true; }},
    {"unicast_src_ip 10.0.0.7", [](InstanceSpec& i) { i.source = address("10.0.0.7"); }},
    {"mcast_dst_ip 224.0.0.99", [](InstanceSpec& i) { i.destination = address("224.0.0.99"); }},
    {"unicast_peer {\n10.0.0.8 min_ttl 254\n10.0.0.9 max_ttl 64 min_ttl 60\n}",
     [](InstanceSpec& i) { i.unicast_peers = {{address("10.0.0.8"), 254, 255}, {address("10.0.0.9"), 60, 64}}; }},
    {"unicast_peer { 10.0.0.8 10.0.0.9 }",
     [](InstanceSpec& i) { i.unicast_peers = {{address("10.0.0.8"), 0, 255}, {address("10.0.0.9"), 0, 255}}; }},
    {"unicast_ttl 7", [](InstanceSpec& i) { i.unicast_ttl = 7; }},
    {"check_unicast_src", [](InstanceSpec& i) { i.check_unicast_source = true; }},
    {"unicast_fault_no_peer", [](InstanceSpec& i) { i.fault_without_peer = true; }},
    {"dont_track_primary", [](InstanceSpec& i) { i.tracks_interface = false; }},
    {"down_timer_adverts 5", [](InstanceSpec& i) { i.down_timer_adverts = 5; }},
    {"lower_prio_no_advert", [](InstanceSpec& i) { i.answers_lower_priority = false; }},
    {"lower_prio_no_advert off", [](InstanceSpec&) {}},
    {"higher_prio_send_advert", [](InstanceSpec& i) { i.advert_before_yielding = true; }},
    {"skip_check_adv_addr", [](InstanceSpec& i) { i.skips_known_address_lists = true; }},
    {"owner_ignore_adverts yes", [](InstanceSpec& i) { i.owner_ignores_adverts = true; }},
    {"strict_mode off", [](InstanceSpec&) {}},
    {"garp_master_delay 1", [](InstanceSpec& i) { i.announcement.again_after = 1s; }},
    {"garp_master_repeat 2", [](InstanceSpec& i) { i.announcement.repeat = 2; }},
    {"garp_master_refresh 60", [](InstanceSpec& i) { i.announcement.refresh = 60s; }},
    {"garp_master_refresh_repeat 3", [](InstanceSpec& i) { i.announcement.refresh_repeat = 3; }},
    {"garp_lower_prio_delay 0", [](InstanceSpec& i) { i.announcement.lower_priority_again_after = 0s; }},
    {"garp_lower_prio_repeat 0", [](InstanceSpec& i) { i.announcement.lower_priority_repeat = 0; }},
    {"use_vmac", [](InstanceSpec& i) { i.virtual_mac.emplace(); }},
    {"use_vmac vrrp.50\nvmac_xmit_base",
     [](InstanceSpec& i) { i.virtual_mac = {.address = {}, .interface = "vrrp.50", .transmit_base = true}; }},
    {"use_vmac name v 02:00:00:00:00:07",
     [](InstanceSpec& i) { i.virtual_mac = {.address = packet::MacAddress{{2, 0, 0, 0, 0, 7}}, .interface = "v"}; }},
    {"notify_master \"/bin/m a\" u g", [](InstanceSpec& i) { i.notify.master = {{"/bin/m", "a"}, "u", "g"}; }},
    {"notify_backup /bin/b", [](InstanceSpec& i) { i.notify.backup = {{"/bin/b"}, "", ""}; }},
    {"notify_fault /bin/f", [](InstanceSpec& i) { i.notify.fault = {{"/bin/f"}, "", ""}; }},
    {"notify_stop /bin/s", [](InstanceSpec& i) { i.notify.stop = {{"/bin/s"}, "", ""}; }},
    {"notify_deleted", [](InstanceSpec& i) { i.notify.names_deletion = true; }},
    {"notify_deleted /bin/d u",
     [](InstanceSpec& i) { i.notify.deleted = {{"/bin/d"}, "u", ""}, i.notify.names_deletion = true; }},
    {"notify /bin/n", [](InstanceSpec& i) { i.notify.any = {{"/bin/n"}, "", ""}; }},
    {"notify_master_rx_lower_pri /bin/l", [](InstanceSpec& i) { i.notify.master_receives_lower = {{"/bin/l"}, "", ""}; }},
    {"notify_priority_changes", [](InstanceSpec& i) { i.notify.priority_changes = true; }},
    {"track_interface { eth1 weight -7 reverse eth2 }",
     [](InstanceSpec& i) { i.tracking.interfaces = {{"eth1", {-7, true}}, {"eth2", {}}}; }},
};

TEST(VrrpBinding, EachWordOfAnInstance) {
  for (const WordRow& row : kWords) {
    InstanceSpec expected = usual();
    row.expect(expected);
    EXPECT_EQ(instance(row.body), expected) << row.body;
  }
}

// A word of global_defs, and what is different by it in an instance that says nothing.
const WordRow kGlobals[] = {
    {"vrrp_version 3", [](InstanceSpec& i) { i.version = 3; }},
    {"vrrp_version 3\nv3_checksum_as_v2", [](InstanceSpec& i) { i.version = 3, i.pseudo_header = false; }},
    {"vrrp_mcast_group4 224.0.0.99\nvrrp_mcast_group6 ff02::99",
     [](InstanceSpec& i) { i.destination = address("224.0.0.99"); }},
    {"vrrp_garp_master_delay 1\nvrrp_garp_master_repeat 2",
     [](InstanceSpec& i) {
       i.announcement.again_after = i.announcement.lower_priority_again_after = 1s;
       i.announcement.repeat = i.announcement.lower_priority_repeat = 2;
     }},
    {"vrrp_garp_lower_prio_delay 9\nvrrp_garp_lower_prio_repeat 8",
     [](InstanceSpec& i) { i.announcement.lower_priority_again_after = 9s, i.announcement.lower_priority_repeat = 8; }},
    {"vrrp_garp_master_refresh 60\nvrrp_garp_master_refresh_repeat 2",
     [](InstanceSpec& i) { i.announcement.refresh = 60s, i.announcement.refresh_repeat = 2; }},
    {"vrrp_min_garp",
     [](InstanceSpec& i) {
       i.announcement.again_after = i.announcement.lower_priority_again_after = 0s;
       i.announcement.repeat = i.announcement.lower_priority_repeat = 1;
     }},
    {"vrrp_min_garp on\nvrrp_garp_master_repeat 3\nvrrp_garp_master_delay 2",
     [](InstanceSpec& i) {
       i.announcement.again_after = i.announcement.lower_priority_again_after = 2s;
       i.announcement.repeat = i.announcement.lower_priority_repeat = 3;
     }},
    {"vrrp_garp_interval 0.002\nvrrp_gna_interval 0.000001",
     [](InstanceSpec& i) { i.announcement.arp_gap = 2ms, i.announcement.neighbour_gap = 1us; }},
    {"vrrp_down_timer_adverts 4", [](InstanceSpec& i) { i.down_timer_adverts = 4; }},
    {"vrrp_lower_prio_no_advert", [](InstanceSpec& i) { i.answers_lower_priority = false; }},
    {"vrrp_higher_prio_send_advert true", [](InstanceSpec& i) { i.advert_before_yielding = true; }},
    {"vrrp_check_unicast_src", [](InstanceSpec& i) { i.check_unicast_source = true; }},
    {"vrrp_skip_check_adv_addr", [](InstanceSpec& i) { i.skips_known_address_lists = true; }},
    {"vrrp_skip_check_adv_addr off", [](InstanceSpec&) {}},
    {"vrrp_owner_ignore_adverts", [](InstanceSpec& i) { i.owner_ignores_adverts = true; }},
    {"vrrp_notify_priority_changes", [](InstanceSpec& i) { i.notify.priority_changes = true; }},
    {"smtp_alert_vrrp", [](InstanceSpec&) {}},  // no server for mail
};

TEST(VrrpBinding, EachWordOfGlobalDefsCountsWhereAnInstanceSaysNothing) {
  for (const WordRow& row : kGlobals) {
    InstanceSpec expected = usual();
    row.expect(expected);
    EXPECT_EQ(instance("", in_global(row.body)), expected) << row.body;
  }
}

TEST(VrrpBinding, AnInstancesOwnWordGoesBeforeGlobalDefs) {
  const InstanceSpec own =
      instance("version 2\nlower_prio_no_advert off\ngarp_master_delay 7\nmcast_dst_ip 224.0.0.5\ndown_timer_adverts 2",
               in_global("vrrp_version 3\nvrrp_lower_prio_no_advert\nvrrp_garp_master_delay 1\nvrrp_mcast_group4 224.0.0.9\n"
                         "vrrp_down_timer_adverts 9"));
  EXPECT_EQ(own.version, 2);
  EXPECT_TRUE(own.answers_lower_priority);
  EXPECT_EQ(own.announcement.again_after, 7s);
  EXPECT_EQ(own.announcement.lower_priority_again_after, 1s);  // global_defs': keepalived doesn't derive it from the instance's
  EXPECT_EQ(own.destination, address("224.0.0.5"));
  EXPECT_EQ(own.down_timer_adverts, 2);
}

TEST(VrrpBinding, GlobalDefsOfTheRouter) {
  const vrrp::RouterSpec router =
      load_router(in_global("vrrp_startup_delay 5.5\nlog_unknown_vrids\nno_email_faults\nfifo_write_vrrp_states_on_reload\n"
                            "vrrp_notify_fifo /run/f u g\nvrrp_notify_fifo_script \"/bin/f x\" u2"));
  EXPECT_EQ(router, (vrrp::RouterSpec{.startup_delay = 5'500ms,
                                      .logs_unknown_routers = true,
                                      .mails_faults = false,
                                      .notify_fifo = "/run/f",
                                      .notify_fifo_script = {{"/bin/f", "x"}, "u2", ""},
                                      .notify_fifo_user = "u",
                                      .notify_fifo_group = "g",
                                      .states_on_reload = true}));
}

TEST(VrrpBinding, TheFifoForEverythingServesWhereThereIsNoOther) {
  EXPECT_EQ(load_router(in_global("notify_fifo /run/all\nnotify_fifo_script /bin/x")).notify_fifo, "/run/all");
  const LoadResult both = load_text(in_global("notify_fifo /run/all\nvrrp_notify_fifo /run/v"));
  EXPECT_THAT(findings(both), ElementsAre("2:1: warning: events of VRRP go to vrrp_notify_fifo alone"));
  EXPECT_EQ(both.model.value().vrrp.notify_fifo, "/run/v");
}

TEST(VrrpBinding, MailsAreOffUnlessTheFileSaysOtherwise) {
  const std::string mail = "global_defs {\n    smtp_server 127.0.0.1\n    notification_email { a@b }\n}\n";
  EXPECT_FALSE(instance("", mail).notify.mail);
  EXPECT_TRUE(instance("smtp_alert", mail).notify.mail);
  EXPECT_TRUE(instance("", mail + in_global("smtp_alert")).notify.mail);
  EXPECT_FALSE(instance("", mail + in_global("smtp_alert\nsmtp_alert_vrrp off")).notify.mail);
  EXPECT_TRUE(instance("smtp_alert", mail + in_global("smtp_alert_vrrp off")).notify.mail);
}

TEST(VrrpBinding, AGarpGroupIsForItsInterfacesAlone) {
  const std::string group =
      "garp_group {\n    garp_interval 0.1\n    interface eth0\n    interfaces {\n        eth1\n    }\n}\n";
  const InstanceSpec inside = instance("", group + in_global("vrrp_garp_interval 1\nvrrp_gna_interval 1"));
  EXPECT_EQ(inside.announcement.arp_gap, 100ms);
  EXPECT_EQ(inside.announcement.neighbour_gap, 0s);
  const std::string other = "garp_group {\n    gna_interval 2\n    interface eth7\n}\n";
  EXPECT_EQ(instance("", other).announcement.neighbour_gap, 0s);
}

TEST(VrrpBinding, AddressesThatDoNotMatterOrWantTheVirtualMac) {
  const LoadResult result = load_text(
      in_instance("    use_vmac\n    virtual_ipaddress {\n        10.0.0.2 no_track\n        10.0.0.3 use_vmac\n    }"));
  EXPECT_THAT(findings(result), ElementsAre());
  EXPECT_TRUE(warned(result).addresses.at(1).no_track);
  EXPECT_EQ(warned(result).virtual_mac, vrrp::VirtualMacSpec{});
}

// keepalived 2.2.7 makes no macvlan then.
TEST(VrrpBinding, UseVmacAddrIsForOtherInterfacesOnly) {
  EXPECT_EQ(warned(load_text(in_instance("use_vmac_addr"))).virtual_mac, std::nullopt);
}

TEST(VrrpBinding, StrictModeOverrulesWithAWarningAtEachWord) {
  const LoadResult result = load_text(
      in_instance("    strict_mode\n    state MASTER\n    priority 90\n    authentication {\n        auth_type PASS\n        "
                  "auth_pass x\n    }\n    preempt_delay 3\n    accept\n    lower_prio_no_advert off\n    "
                  "higher_prio_send_advert\n    garp_lower_prio_delay 1\n    garp_lower_prio_repeat 2\n    use_vmac\n    "
                  "vmac_xmit_base"));
  EXPECT_THAT(
      findings(result),
      ElementsAre(
          "6:11: warning: in strict mode state MASTER and priority 255 go together: taken as BACKUP, as keepalived does",
          "8:5: warning: strict mode has no authentication: it is ignored, as keepalived does",
          "12:5: warning: preempt_delay does not go with strict mode: it is cleared, as keepalived does",
          "13:5: warning: strict mode has no accept with version 2: it is ignored, as keepalived does",
          "14:5: warning: strict mode has no lower_prio_no_advert like this: it is ignored, as keepalived does",
          "15:5: warning: strict mode has no higher_prio_send_advert like this: it is ignored, as keepalived does",
          "16:5: warning: strict mode has no garp_lower_prio_delay like this: it is ignored, as keepalived does",
          "17:5: warning: strict mode has no garp_lower_prio_repeat like this: it is ignored, as keepalived does",
          "19:5: warning: strict mode has no vmac_xmit_base: it is ignored, as keepalived does"));
  InstanceSpec expected = usual();
  expected.strict = true;
  expected.priority = 90;
  expected.accept = false;
  expected.answers_lower_priority = false;
  expected.announcement.lower_priority_again_after = 0s;
  expected.announcement.lower_priority_repeat = 0;
  expected.virtual_mac.emplace();
  EXPECT_EQ(warned(result), expected);
}

// The trap of keepalived's own sample file: nobody answers a ping of the VIP.
TEST(VrrpBinding, StrictModeOfGlobalDefsWarnsThatTheAddressesDoNotAnswer) {
  const LoadResult result = load_text(in_instance("") + in_global("vrrp_strict"));
  EXPECT_THAT(findings(result),
              ElementsAre("1:15: warning: in strict mode this host doesn't answer for the addresses (ping, local services) [no "
                          "strict mode, or version 3 with accept]"));
  EXPECT_FALSE(warned(result).accept);
  EXPECT_TRUE(instance("version 3\naccept", in_global("vrrp_strict")).accept);
  EXPECT_TRUE(instance("priority 255", in_global("vrrp_strict")).accept);
}

TEST(VrrpBinding, WhatDoesNotGoTogetherIsClearedWithAWarning) {
  const std::pair<const char*, const char*> rows[] = {
      {"state MASTER\npriority 9\npreempt_delay 1",
       "7:1: warning: preempt_delay does not go with state MASTER: it is cleared, as keepalived does"},
      {"nopreempt\npreempt_delay 1",
       "6:1: warning: preempt_delay does not go with nopreempt: it is cleared, as keepalived does"},
      {"priority 255\nstate BACKUP\nnopreempt",
       "7:1: warning: nopreempt does not go with priority 255: it is cleared, as keepalived does [state BACKUP on both "
       "directors, and the priority decides]"},
      {"priority 255\nstate BACKUP",
       "6:7: warning: priority 255 is the owner's: with state BACKUP it waits at its start nevertheless [state MASTER]"},
      {"version 3\nadvert_int 0.016",
       "6:12: warning: advert_int is in hundredths of a second with version 3: it is rounded, as keepalived does"},
      {"garp_master_repeat 0", "5:20: warning: \"garp_master_repeat\" is at least 1: taken as 1, as keepalived does"},
      {"track_src_ip", "5:1: warning: track_src_ip without mcast_src_ip or unicast_src_ip is ignored, as keepalived does"},
      {"vmac_xmit_base", "5:1: warning: vmac_xmit_base without use_vmac is ignored, as keepalived does"},
      {"use_vmac 00:00:5e:00:01:07",
       "5:10: warning: \"00:00:5e:00:01:07\" belongs to a VRID: the one of this VRID is used, as keepalived does"},
      {"mcast_dst_ip 224.0.0.9\nunicast_peer { 10.0.0.9 }",
       "5:1: warning: \"mcast_dst_ip\" has no effect: adverts go to the unicast_peers"},
      {"unicast_src_ip 10.0.0.7\nunicast_peer { 10.0.0.7 }",
       "6:16: warning: \"10.0.0.7\" is this instance's own unicast_src_ip"},
      {"unicast_peer { 10.0.0.7 10.0.0.7 }", "5:25: warning: \"10.0.0.7\" is a peer already: it is left out"},
      {"track_interface { eth0 }",
       "5:19: warning: \"eth0\" is the instance's own interface: this line is left out, as keepalived does"},
      {"track_interface { eth1 eth1 }", "5:24: warning: \"eth1\" is tracked already: this line is left out"},
      {"track_interface { eth1 weight 254 }",
       "5:31: warning: a weight is at most 253 either way: taken as 253, as keepalived does"},
  };
  for (const auto& [body, finding] : rows) EXPECT_THAT(findings(in_instance(body)), testing::Contains(finding)) << body;
  EXPECT_EQ(warned(load_text(in_instance("version 3\nadvert_int 0.016"))).advert_interval, 20ms);
}

TEST(VrrpBinding, AServiceWhoseAddressNoInstanceHoldsIsWarnedOf) {
  EXPECT_THAT(
      findings("virtual_server 10.0.0.9 80 {\n    lb_kind DR\n    protocol TCP\n    real_server 10.0.0.2 80 {\n    }\n}\n" +
               in_instance("")),
      ElementsAre("1:16: warning: 10.0.0.9 is in no vrrp_instance: this virtual_server is served always, MASTER or not"));
  EXPECT_THAT(findings(in_service("") + in_instance("")), IsEmpty());
}

TEST(VrrpBinding, WordsWithoutMeaningSayWhy) {
  EXPECT_THAT(findings(in_instance("timer_expired_backup 3\nthread_timer_expired\nold_unicast_checksum")),
              ElementsAre("5:1: notice: \"timer_expired_backup\" has no effect: after a stall a router always listens first",
                          "6:1: notice: \"thread_timer_expired\" has no effect: after a stall a router always listens first",
                          "7:1: notice: \"old_unicast_checksum\" has no effect: the checksum is always the standard's"));
}

}  // namespace
}  // namespace penstock::config
