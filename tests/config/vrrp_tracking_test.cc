// Trackers, who tracks them, and sync groups, as the model has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/config/load_clean.h"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Match = vrrp::ProcessTracker::Arguments;

vrrp::ScriptTracker script(const std::string& body) {
  const auto router =
      load_router("vrrp_script chk {\n    script \"/bin/x 'a b'\"\n" + body + "\n}\n" + in_instance("track_script { chk }"));
  return router.scripts.empty() ? vrrp::ScriptTracker{} : router.scripts.front();
}
vrrp::ProcessTracker process(const std::string& body) {
  const auto router = load_router("vrrp_track_process p {\n" + body + "\n}\n" + in_instance("track_process { p }"));
  return router.processes.empty() ? vrrp::ProcessTracker{} : router.processes.front();
}
vrrp::FileTracker file(const std::string& body) {
  const auto router = load_router("track_file f {\nfile /run/f\n" + body + "\n}\n" + in_instance("track_file { f }"));
  return router.files.empty() ? vrrp::FileTracker{} : router.files.front();
}

TEST(VrrpTracking, EachWordOfAScript) {
  vrrp::ScriptTracker usual{.name = "chk", .script = {{"/bin/x", "a b"}, "", ""}};
  EXPECT_EQ(script(""), usual);
  vrrp::ScriptTracker other = usual;
  other.interval = other.timeout = 2'500ms;
  EXPECT_EQ(script("interval 2.5"), other);
  EXPECT_EQ(script("interval 2.5\ntimeout 0"), other);
  other.timeout = 1s;
  EXPECT_EQ(script("interval 2.5\ntimeout 1"), other);
  other = usual;
  other.script.user = "u";
  other.script.group = "g";
  other.rise = 2;
  other.fall = 3;
  other.starts_failed = true;
  EXPECT_EQ(script("user u g\nrise 2\nfall 3\ninit_fail"), other);
}

TEST(VrrpTracking, AScriptOnOneLine) {
  const auto router =
      load_router("vrrp_script chk { script \"/bin/x y\" interval 3 weight -5 }\n" + in_instance("track_script { chk }"));
  EXPECT_EQ(router.scripts.at(0).script.command, (std::vector<std::string>{"/bin/x", "y"}));
  EXPECT_EQ(router.scripts[0].interval, 3s);
  EXPECT_EQ(router.instances.at(0).tracking.scripts, (std::vector<vrrp::TrackLine>{{"chk", {-5, false}}}));
}

TEST(VrrpTracking, AScriptWithoutQuotesIsTakenWholeWithAWarning) {
  const LoadResult result =
      load_text("vrrp_script chk {\n    script killall -0 haproxy\n}\n" + in_instance("track_script { chk }"));
  EXPECT_THAT(findings(result), ElementsAre("2:20: warning: keepalived runs the first word of a script alone: here all of them "
                                            "count [the command in double quotes]"));
  EXPECT_EQ(result.model.value().vrrp.scripts.at(0).script.command, (std::vector<std::string>{"killall", "-0", "haproxy"}));
}

TEST(VrrpTracking, EachWordOfAProcess) {
  EXPECT_EQ(process("process haproxy"), (vrrp::ProcessTracker{.name = "p", .command = {"haproxy"}}));
  const auto with_arguments = [](Match match) {
    return vrrp::ProcessTracker{.name = "p", .command = {"haproxy", "-f", "x"}, .arguments = match};
  };
  EXPECT_EQ(process("process haproxy -f x"), with_arguments(Match::kExact));
  EXPECT_EQ(process("process \"haproxy -f x\"\nparam_match initial"), with_arguments(Match::kInitial));
  EXPECT_EQ(process("process haproxy -f x\nparam_match partial"), with_arguments(Match::kPartial));
  EXPECT_EQ(process("process haproxy\nparam_match partial").arguments, Match::kExact);
  EXPECT_EQ(process("process h\nfull_command\nquorum 2\nquorum_max 5\ndelay 1.5\nfork_delay 3"),
            (vrrp::ProcessTracker{.name = "p",
                                  .command = {"h"},
                                  .full_command = true,
                                  .quorum = 2,
                                  .most = 5,
                                  .terminate_delay = 1'500ms,
                                  .fork_delay = 3s}));
  EXPECT_EQ(process("process h\nterminate_delay 4").terminate_delay, 4s);
  EXPECT_EQ(process("process h\nquorum_max 0").quorum, 0U);  // succeeds while there is none
}

TEST(VrrpTracking, EachWordOfAFile) {
  EXPECT_EQ(file(""), (vrrp::FileTracker{.name = "f", .path = "/run/f"}));
  EXPECT_EQ(file("init_file"), (vrrp::FileTracker{.name = "f", .path = "/run/f", .initial = 0}));
  EXPECT_EQ(file("init_file -7 overwrite"),
            (vrrp::FileTracker{.name = "f", .path = "/run/f", .initial = -7, .overwrite = true}));
}

TEST(VrrpTracking, ALinesOwnWeightGoesBeforeTheTrackers) {
  const std::string trackers =
      "vrrp_script s { script /bin/x weight 5 reverse }\nvrrp_track_process p { process x weight -254 }\n"
      "vrrp_track_file f { file /x weight 1000 }\n";
  const auto with = [&](const std::string& body) { return load_router(trackers + in_instance(body)).instances.at(0).tracking; };
  const vrrp::Tracking theirs =
      with("track_script { s }\ntrack_process { p }\ntrack_file { f }\ntrack_interface {\neth1\neth2 weight 253\n}");
  EXPECT_EQ(theirs, (vrrp::Tracking{.interfaces = {{"eth1", {}}, {"eth2", {253, false}}},
                                    .scripts = {{"s", {5, true}}},
                                    .processes = {{"p", {-254, false}}},
                                    .files = {{"f", {1000, false}}}}));
  const vrrp::Tracking own =
      with("track_script { s weight 0 noreverse }\ntrack_process { p weight 1 reverse }\ntrack_file { f weight -2147483647 }");
  EXPECT_EQ(own,
            (vrrp::Tracking{
                .scripts = {{"s", {0, false}}}, .processes = {{"p", {1, true}}}, .files = {{"f", {-2'147'483'647, false}}}}));
}

TEST(VrrpTracking, AFileWithoutAWeightWeighsOne) {
  const auto router = load_router("track_file f { file /x }\n" + in_instance("track_file { f }"));
  EXPECT_EQ(router.instances.at(0).tracking.files, (std::vector<vrrp::TrackLine>{{"f", {1, false}}}));
}

TEST(VrrpTracking, WhatNobodyTracksIsWarnedOfAndLeftOut) {
  const LoadResult result = load_text(
      "vrrp_script s { script /bin/x }\nvrrp_track_process p { process x }\ntrack_file f { file "
      "/x init_file 3 }\n" +
      in_instance(""));
  EXPECT_THAT(findings(result), ElementsAre("1:13: warning: no instance tracks vrrp_script \"s\": it is not run",
                                            "2:20: warning: no instance tracks vrrp_track_process \"p\"",
                                            "3:24: warning: \"init_file\" has no effect: no instance tracks this file"));
  EXPECT_THAT(result.model.value().vrrp.scripts, IsEmpty());
  EXPECT_THAT(result.model.value().vrrp.processes, IsEmpty());
  EXPECT_THAT(result.model.value().vrrp.files, IsEmpty());
}

TEST(VrrpTracking, OneFileServesAnInstanceAndACheck) {
  const Model model = load_text("track_file f { file /x }\n" + in_instance("track_file { f weight 3 }") +
                                in_real_server("        FILE_CHECK {\n            track_file f\n        }"))
                          .model.value_or(Model{});
  EXPECT_EQ(model.vrrp.files, (std::vector<vrrp::FileTracker>{{.name = "f", .path = "/x"}}));
  EXPECT_EQ(model.virtual_servers.at(0).real_servers.at(0).health.checks.size(), 1U);
}

TEST(VrrpTracking, AnOwnersPriorityTakesNoWeights) {
  const LoadResult result = load_text("vrrp_script s { script /x weight 5 }\n" +
                                      in_instance("priority 255\ntrack_script { s }\ntrack_interface { eth1 }"));
  EXPECT_THAT(findings(result), ElementsAre("7:16: warning: \"s\" has a weight, but priority 255 never changes: it is not "
                                            "tracked, as keepalived does"));
  EXPECT_THAT(result.model.value().vrrp.scripts, IsEmpty());
  EXPECT_EQ(result.model.value().vrrp.instances.at(0).tracking.interfaces.size(), 1U);
}

const std::string kSecond =
    "vrrp_instance V2 {\n    interface eth1\n    virtual_router_id 2\n    virtual_ipaddress { 10.0.0.2 }\n}\n";

TEST(VrrpTracking, EachWordOfASyncGroup) {
  const auto router = load_router(
      "vrrp_script s { script /x weight 9 }\nvrrp_sync_group G {\n    group { VI V2 }\n    track_interface { eth2 weight 4 }\n "
      "   "
      "track_script { s }\n    notify_master /m u\n    notify_backup /b\n    notify_fault /f\n    notify_stop /s\n    notify "
      "/n\n    notify_priority_changes\n    sync_group_tracking_weight\n}\n" +
      in_instance("") + kSecond);
  EXPECT_EQ(
      router.sync_groups,
      (std::vector<vrrp::SyncGroupSpec>{{.name = "G",
                                         .instances = {"VI", "V2"},
                                         .tracking = {.interfaces = {{"eth2", {4, false}}}, .scripts = {{"s", {9, false}}}},
                                         .members_weights = true,
                                         .notify = {.master = {{"/m"}, "u", ""},
                                                    .backup = {{"/b"}, "", ""},
                                                    .fault = {{"/f"}, "", ""},
                                                    .stop = {{"/s"}, "", ""},
                                                    .any = {{"/n"}, "", ""},
                                                    .priority_changes = true}}}));
  EXPECT_TRUE(router.instances.at(0).notify.priority_changes);  // a member's default is its group's
  EXPECT_EQ(router.scripts.size(), 1U);
}

TEST(VrrpTracking, MembersOfASyncGroupTakeNoWeightsUnlessItSaysSo) {
  const std::string file =
      "vrrp_script s { script /x weight 9 }\n" + in_instance("track_script { s }\ntrack_interface { eth2 weight 4 }") + kSecond;
  const LoadResult result = load_text(file + "vrrp_sync_group G { group { VI V2 } }\n");
  EXPECT_THAT(
      findings(result),
      ElementsAre(
          "6:16: warning: \"s\" has a weight, but the members of a sync group keep their priorities: it is not tracked, as "
          "keepalived does [sync_group_tracking_weight in the vrrp_sync_group lets weights count]",
          "7:19: warning: \"eth2\" has a weight, but the members of a sync group keep their priorities: it is tracked "
          "without, as keepalived does [sync_group_tracking_weight in the vrrp_sync_group lets weights count]"));
  EXPECT_EQ(result.model.value().vrrp.instances.at(0).tracking, (vrrp::Tracking{.interfaces = {{"eth2", {}}}}));
  const LoadResult old = load_text(file + "vrrp_sync_group G {\n    group { VI V2 }\n    global_tracking\n}\n");
  EXPECT_THAT(findings(old), ElementsAre("16:5: warning: global_tracking is an old name [sync_group_tracking_weight]"));
  EXPECT_EQ(old.model.value().vrrp.instances.at(0).tracking.scripts.size(), 1U);
}

TEST(VrrpTracking, OwnersAndOthersInAGroupAreWarnedOf) {
  const LoadResult result = load_text(in_instance("priority 255") + kSecond +
                                      "vrrp_sync_group G {\n    group { VI V2 }\n    track_interface { eth5 weight 3 }\n}\n");
  EXPECT_THAT(
      findings(result),
      ElementsAre("12:17: warning: vrrp_sync_group \"G\" has members with priority 255 and others: they will not move "
                  "together",
                  "14:23: warning: \"eth5\" has a weight, but a member's priority is 255 and never changes: it is tracked "
                  "without, as keepalived does"));
}

}  // namespace
}  // namespace penstock::config
