// What works: each word of the language that has a meaning here, as the model shows it, and what is said beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/load_clean.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Accept, EverySchedulerThatWorks) {
  const std::pair<const char*, Scheduler> rows[] = {{"lb_algo rr", Scheduler::kRoundRobin},
                                                    {"lb_algo wrr", Scheduler::kWeightedRoundRobin},
                                                    {"lvs_sched lc", Scheduler::kLeastConnection},
                                                    {"lvs_sched wlc", Scheduler::kWeightedLeastConnection},
                                                    {"lb_algo mh", Scheduler::kMaglev},
                                                    {"", Scheduler::kWeightedLeastConnection}};
  for (const auto& [line, scheduler] : rows)
    EXPECT_EQ(load_clean(in_service(line)).virtual_servers.at(0).scheduler, scheduler) << line;
}

TEST(Accept, MhWithItsFlags) {
  const auto flags = [](const std::string& lines) {
    return load_clean(in_service("    lb_algo mh\n" + lines)).virtual_servers.at(0).maglev_flags;
  };
  EXPECT_EQ(flags(""), (MaglevFlags{.port = false, .fallback = false}));
  EXPECT_EQ(flags("    mh-port"), (MaglevFlags{.port = true, .fallback = false}));
  EXPECT_EQ(flags("    mh-fallback"), (MaglevFlags{.port = false, .fallback = true}));
  EXPECT_EQ(flags("    mh-fallback\n    mh-port"), (MaglevFlags{.port = true, .fallback = true}));
}

// keepalived looks at the scheduler that it has read so far.
TEST(Accept, FlagsOfMhHaveNoEffectBeforeItOrWithoutIt) {
  for (const std::string lines : {"    mh-port\n    lb_algo mh", "    mh-port\n    lb_algo rr"}) {
    const LoadResult result = load_text(in_service(lines));
    EXPECT_THAT(findings(result), ElementsAre("4:5: warning: \"mh-port\" has no effect where no `lb_algo mh` stands before it "
                                              "[put it behind lb_algo mh]"));
    EXPECT_EQ(result.model.value().virtual_servers.at(0).maglev_flags, MaglevFlags{});
  }
}

TEST(Accept, SchedulersHaveKeepalivedsNames) {
  EXPECT_EQ(to_string(Scheduler::kMaglev), "mh");
  EXPECT_EQ(to_string(Scheduler::kRoundRobin), "rr");
  EXPECT_EQ(to_string(Scheduler::kWeightedLeastConnection), "wlc");
}

TEST(Accept, ProtocolsInEitherCase) {
  const auto with = [](const std::string& protocol) {
    return load_clean("virtual_server 10.0.0.1 53 {\n    lb_kind DR\n    protocol " + protocol +
                      "\n    real_server 10.0.0.2 53 {\n    }\n}\n")
        .virtual_servers.at(0)
        .protocol;
  };
  EXPECT_EQ(with("TCP"), Protocol::kTcp);
  EXPECT_EQ(with("udp"), Protocol::kUdp);
}

TEST(Accept, NoProtocolIsUdpWithAWarning) {
  const LoadResult result =
      load_text("virtual_server 10.0.0.1 53 {\n    lvs_method DR\n    real_server 10.0.0.2 53 {\n    }\n}\n");
  EXPECT_THAT(
      findings(result),
      ElementsAre("1:1: warning: this virtual_server has no protocol: taken as UDP, as keepalived does [protocol TCP]"));
  EXPECT_EQ(result.model.value().virtual_servers.at(0).protocol, Protocol::kUdp);
}

TEST(Accept, WeightsAndThresholds) {
  const Model model =
      load_clean(in_service("    weight 7\n    real_server 10.0.0.3 80 {\n        weight 0\n        uthreshold 100\n        "
                            "lthreshold 50\n        lvs_method DR\n    }"));
  const auto& servers = model.virtual_servers.at(0).real_servers;
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].weight, 0U);
  EXPECT_EQ(servers[0].upper_threshold, 100U);
  EXPECT_EQ(servers[0].lower_threshold, 50U);
  EXPECT_EQ(servers[1].weight, 7U);
}

TEST(Accept, Ipv6Services) {
  const Model model =
      load_clean("virtual_server fd00::1 443 {\n    lb_kind DR\n    protocol TCP\n    real_server fd00::2 {\n    }\n}\n");
  EXPECT_EQ(model.virtual_servers.at(0).endpoint.to_string(), "[fd00::1]:443");
  EXPECT_EQ(model.virtual_servers[0].real_servers.at(0).endpoint.to_string(), "[fd00::2]:443");
}

TEST(Accept, TheSameAddressAndPortInTwoProtocols) {
  const std::string tcp =
      "virtual_server 10.0.0.1 53 {\n    lb_kind DR\n    protocol TCP\n    real_server 10.0.0.2 53 {\n    }\n}\n";
  std::string udp = tcp;
  udp.replace(udp.find("TCP"), 3, "UDP");
  EXPECT_EQ(load_clean(tcp + udp).virtual_servers.size(), 2U);
}

TEST(Accept, ADifferentPortOfARealServerIsResetWithAWarning) {
  const LoadResult result = load_text(in_service("    real_server 10.0.0.3 8080 {\n    }"));
  EXPECT_THAT(findings(result), ElementsAre("4:26: warning: direct routing keeps the port: taken as 80, as keepalived does"));
  EXPECT_EQ(result.model.value().virtual_servers.at(0).real_servers.at(0).endpoint.port, 80);
}

TEST(Accept, QuorumAndHysteresisThatChangeNothing) { load_clean(in_service("    quorum 1\n    hysteresis 0")); }

TEST(Accept, Timeouts) {
  const LvsTimeouts all = load_clean(in_global("    lvs_timeouts tcp 60 tcpfin 30 udp 20")).lvs_timeouts;
  EXPECT_EQ(all.tcp, std::chrono::seconds{60});
  EXPECT_EQ(all.tcp_fin, std::chrono::seconds{30});
  EXPECT_EQ(all.udp, std::chrono::seconds{20});
  const LvsTimeouts one = load_clean(in_global("    lvs_timeouts udp 20")).lvs_timeouts;
  EXPECT_EQ(one.tcp, std::chrono::seconds{900});
  EXPECT_EQ(one.udp, std::chrono::seconds{20});
}

TEST(Accept, OptionsOfAnAddress) {
  const Model model = load_clean(
      "vrrp_instance VI {\n    interface eth0\n    virtual_router_id 1\n    virtual_ipaddress {\n"
      "        10.1.2.3/24 brd + dev eth1 scope link label eth1:7\n        10.1.2.4/16 brd 10.1.2.9 scope 17\n        "
      "10.1.2.5/24 brd -\n    }\n"
      "    virtual_ipaddress_excluded {\n        fd00::5/64\n    }\n}\n");
  const vrrp::InstanceSpec& instance = model.vrrp.instances.at(0);
  ASSERT_EQ(instance.addresses.size(), 3U);
  const vrrp::VirtualAddress& first = instance.addresses[0];
  EXPECT_EQ(first.prefix_length, 24);
  EXPECT_EQ(first.interface, "eth1");
  EXPECT_EQ(first.broadcast->to_string(), "10.1.2.255");
  EXPECT_EQ(first.scope, 253);
  EXPECT_EQ(first.label, "eth1:7");
  EXPECT_EQ(instance.addresses[1].broadcast->to_string(), "10.1.2.9");
  EXPECT_EQ(instance.addresses[1].scope, 17);
  EXPECT_EQ(instance.addresses[1].interface, "eth0");
  EXPECT_EQ(instance.addresses[2].broadcast->to_string(), "10.1.2.0");
  ASSERT_EQ(instance.excluded_addresses.size(), 1U);
  EXPECT_EQ(instance.excluded_addresses[0].prefix_length, 64);
}

// keepalived's own sample file does this.
TEST(Accept, AnAddressTwiceInAnInstanceIsHeldOnceWithAWarning) {
  const LoadResult result = load_text(in_instance("    virtual_ipaddress {\n        10.0.0.1 label eth0:1\n    }"));
  EXPECT_THAT(findings(result), ElementsAre("6:9: warning: 10.0.0.1 on eth0 is given again: it is left out"));
  EXPECT_EQ(result.model.value().vrrp.instances.at(0).addresses.size(), 1U);
}

TEST(Accept, AnInstanceWithIpv6AddressesIsVersion3) {
  const Model model = load_clean(
      "vrrp_instance VI {\n    interface eth0\n    virtual_router_id 1\n    advert_int 0.25\n    virtual_ipaddress { fe80::9 "
      "}\n}\n");
  EXPECT_EQ(model.vrrp.instances.at(0).version, 3);
  EXPECT_EQ(model.vrrp.instances[0].advert_interval, std::chrono::milliseconds{250});
  EXPECT_EQ(model.vrrp.instances[0].addresses.at(0).prefix_length, 128);
}

TEST(Accept, TheGlobalVersionIsTheDefault) {
  EXPECT_EQ(load_clean(in_instance("") + in_global("    vrrp_version 3")).vrrp.instances.at(0).version, 3);
  EXPECT_EQ(load_clean(in_instance("    version 2") + in_global("    vrrp_version 3")).vrrp.instances.at(0).version, 2);
}

TEST(Accept, Version3HasNoAuthentication) {
  const LoadResult result =
      load_text(in_instance("    version 3\n    authentication {\n        auth_type PASS\n        auth_pass x\n    }"));
  EXPECT_THAT(findings(result),
              ElementsAre("6:5: warning: version 3 has no authentication: it is ignored, as keepalived does"));
  EXPECT_EQ(result.model.value().vrrp.instances.at(0).auth_pass, "");
}

TEST(Accept, SyncGroupsInEitherShape) {
  const std::string instances =
      in_instance("") +
      "vrrp_instance V2 {\n    interface eth1\n    virtual_router_id 2\n    virtual_ipaddress { 10.0.0.2 }\n}\n";
  const std::vector<std::string> both{"VI", "V2"};
  EXPECT_EQ(load_clean(instances + "vrrp_sync_group G { group { VI V2 } }\n").vrrp.sync_groups.at(0).instances, both);
  EXPECT_EQ(load_clean("vrrp_sync_group G {\n    group {\n        VI\n        V2\n    }\n}\n" + instances)
                .vrrp.sync_groups.at(0)
                .instances,
            both);
}

TEST(Accept, AWordWithoutMeaningIsNoticedOnceHoweverOftenItStands) {
  EXPECT_THAT(findings(in_global("    enable_dbus\n    enable_dbus\n    umask 022")),
              ElementsAre("2:5: notice: \"enable_dbus\" has no effect: there is no D-Bus service",
                          "4:5: notice: \"umask\" has no effect: files are made for root alone"));
}

TEST(Accept, SuspendingChecksIsNoticedByName) {
  EXPECT_THAT(findings(in_service("    ha_suspend")),
              ElementsAre("4:5: notice: \"ha_suspend\" has no effect: servers are checked wherever the VIP is"));
}

TEST(Accept, TheSyncDaemonWithAllThatItTakes) {
  const auto sync =
      load_clean(in_global("    lvs_sync_daemon eth1 VI ttl 2 group ff05::81 id 7 port 9000 maxlen 1400") + in_instance(""))
          .sync;
  ASSERT_TRUE(sync.has_value());
  EXPECT_TRUE(*sync == (SyncDaemon{.interface = "eth1",
                                   .instance = "VI",
                                   .id = 7,
                                   .max_length = 1400,
                                   .port = 9000,
                                   .ttl = 2,
                                   .group = *IpAddress::parse("ff05::81")}));
}

TEST(Accept, TheSyncDaemonsDefaultsAreKeepalivedsAndTheKernels) {
  const auto sync = load_clean(in_global("    lvs_sync_daemon eth0 VI") + in_instance("")).sync;
  ASSERT_TRUE(sync.has_value());
  EXPECT_TRUE(*sync == (SyncDaemon{.interface = "eth0",
                                   .instance = "VI",
                                   .id = 50,  // the virtual_router_id
                                   .max_length = 1472,
                                   .port = 8848,
                                   .ttl = 1,
                                   .group = *IpAddress::parse("224.0.0.81")}));
  EXPECT_EQ(load_clean(in_global("    lvs_sync_daemon eth0 VI group ff02::81") + in_instance("")).sync->max_length, 1452);
}

TEST(Accept, TheSyncDaemonsIdInTheOldPlace) {
  EXPECT_EQ(load_clean(in_global("    lvs_sync_daemon eth0 VI 50 ttl 3") + in_instance("")).sync->id, 50);
}

TEST(Accept, TheSyncDaemonOfAnInstanceIsTheOldWord) {
  const auto result = load_text(in_instance("    lvs_sync_daemon_interface eth1"));
  EXPECT_THAT(findings(result), ElementsAre("5:5: notice: \"lvs_sync_daemon_interface\" is keepalived's old word: "
                                            "lvs_sync_daemon in global_defs has more to say"));
  EXPECT_TRUE(result.model->sync == (SyncDaemon{.interface = "eth1", .instance = "VI", .id = 50}));
}

TEST(Accept, OfTwoSyncDaemonsTheFirstCountsAndTheGlobalOneFirstOfAll) {
  const auto result = load_text(in_instance("    lvs_sync_daemon_interface eth1") +
                                in_global("    lvs_sync_daemon eth0 VI id 3\n    lvs_sync_daemon eth0 VI id 4"));
  EXPECT_THAT(findings(result),
              testing::Contains(testing::HasSubstr("there is one sync daemon, and it has been given")).Times(2));
  EXPECT_EQ(result.model->sync->id, 3);
}

TEST(Accept, ASyncDaemonOfNoInstanceIsIgnoredWithAWarning) {
  const auto unknown = load_text(in_global("    lvs_sync_daemon eth0 VJ") + in_instance(""));
  EXPECT_THAT(findings(unknown), ElementsAre("2:26: warning: \"VJ\" is no vrrp_instance: connections are not synchronised, as "
                                             "keepalived does [did you mean \"VI\"?]"));
  EXPECT_FALSE(unknown.model->sync.has_value());
  EXPECT_THAT(findings(in_global("    lvs_sync_daemon eth0") + in_instance("")),
              ElementsAre("2:5: warning: \"lvs_sync_daemon\" names no vrrp_instance: it is ignored, as keepalived does "
                          "[lvs_sync_daemon INTERFACE INSTANCE]"));
}

TEST(Accept, TheShippedSamplesZeroIntervals) {
  EXPECT_THAT(findings(in_global("    vrrp_garp_interval 0\n    vrrp_gna_interval 0")), IsEmpty());
}

TEST(Accept, WordsBehindTheValuesAreIgnoredWithAWarning) {
  EXPECT_THAT(findings(in_instance("    priority 90 please\n    nopreempt now")),
              ElementsAre("5:17: warning: \"priority\" takes one value: \"please\" is ignored",
                          "6:15: warning: \"nopreempt\" takes no value: \"now\" is ignored"));
}

TEST(Accept, AWordGivenAgainCountsTheLastTime) {
  const LoadResult result = load_text(in_instance("    priority 90\n    priority 80"));
  EXPECT_THAT(findings(result), ElementsAre("6:5: warning: \"priority\" is given again: this one counts"));
  EXPECT_EQ(result.model.value().vrrp.instances.at(0).priority, 80);
}

}  // namespace
}  // namespace penstock::config
