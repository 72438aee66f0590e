// The client program beside the daemon's socket, or without it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/control/cli/cli_stage.h"
#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

namespace fs = std::filesystem;

using test::Ended;

class ClientTest : public test::CliStage {};

TEST_F(ClientTest, the_client_prints_what_ipvsadm_would) {
  source.service_list = golden::reference_services();
  open();
  for (const auto& [args, name] : std::vector<std::pair<std::vector<std::string>, std::string_view>>{
           {{"ipvsadm", "-Ln"}, "reference_services"},
           {{"ipvsadm", "-Ln", "--stats"}, "reference_stats"},
           {{"ipvsadm", "--list", "--numeric", "--rate"}, "reference_rate"},
           {{"ipvsadm", "-Sn"}, "reference_save"},
           {{"ipvsadm", "-Ln", "--timeout"}, "reference_timeout"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.out, golden::text(name));
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.exit_status, 0);
  }
  EXPECT_EQ(server->clients(), 0);
}

TEST_F(ClientTest, the_client_passes_on_stderr_and_exit_status) {
  open();
  const Ended run = penstock({"ipvsadm", "-Ln", "-t", "10.0.0.1:80"});
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "No such service\n");
  EXPECT_EQ(run.exit_status, 1);
}

TEST_F(ClientTest, a_listing_of_300000_connections_crosses_the_socket_whole) {
  source.walk->total = 300'000;
  open();
  const Ended run = penstock({"ipvsadm", "-Lnc"});
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 300'002);
  EXPECT_TRUE(run.out.ends_with("\n"));
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(source.walk->open_cursors, 0);
}

TEST_F(ClientTest, json_may_be_asked_for_before_or_after_the_command) {
  source.service_list = golden::reference_services();
  open();
  const Ended before = penstock({"--json", "show", "services"});
  const Ended after = penstock({"show", "services", "--json"});
  const Ended ipvsadm = penstock({"ipvsadm", "-Ln", "--json"});
  EXPECT_TRUE(before.out.starts_with("[\n"));
  EXPECT_EQ(before.out, after.out);
  EXPECT_EQ(before.out, ipvsadm.out) << "the reference's services are in ipvsadm's order already";
}

TEST_F(ClientTest, without_a_daemon_the_client_says_so_and_how_to_start_one) {
  const Ended absent = penstock({"show", "services"});
  EXPECT_EQ(absent.exit_status, 1);
  EXPECT_NE(absent.err.find(path.string()), std::string::npos);
  EXPECT_NE(absent.err.find("there is no such socket"), std::string::npos);
  EXPECT_NE(absent.err.find("penstockd -f"), std::string::npos);

  {
    ASSERT_TRUE(listen_unix(path));
  }  // ends without removing its file, as a killed daemon does
  const Ended stale = penstock({"show", "services"});
  EXPECT_EQ(stale.exit_status, 1);
  EXPECT_NE(stale.err.find("nobody listens there"), std::string::npos);
}

TEST_F(ClientTest, the_client_knows_a_wrong_command_without_a_daemon) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{{},
                                                                                    {"reboot"},
                                                                                    {"show"},
                                                                                    {"show", "nothing"},
                                                                                    {"show", "drops", "--every"},
                                                                                    {"ipvsadm", "-A", "-t", "1.2.3.4:80"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.exit_status, 2);
    EXPECT_NE(run.err, "");
    EXPECT_EQ(run.err.find("penstockd doesn't answer"), std::string::npos) << run.err;
  }
}

TEST_F(ClientTest, help_and_version_need_no_daemon) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--help"}, {"-h"}, {"help"}, {"--version"}, {"ipvsadm", "--help"}}) {
    const Ended run = penstock(args);
    EXPECT_EQ(run.exit_status, 0);
    EXPECT_NE(run.out, "");
    EXPECT_EQ(run.err, "");
  }
}

TEST_F(ClientTest, genhash_is_a_program_beside_the_client) {
  const Ended help = penstock({"genhash", "--help"});
  EXPECT_TRUE(help.out.starts_with("penstock genhash: ")) << help.out;
  EXPECT_EQ(help.exit_status, 0);
  const Ended wrong = penstock({"genhash", "-s", "10.0.0.1"});
  EXPECT_TRUE(wrong.err.starts_with("penstock genhash: -s, -p and -u must be given")) << wrong.err;
  EXPECT_EQ(wrong.exit_status, 2);
}

TEST_F(ClientTest, a_client_without_genhash_beside_it_says_so) {
  const fs::path alone = folder / "penstock";
  fs::copy_file(PENSTOCK_PROGRAM, alone);
  const Ended run = run_to_end({alone, "genhash", "--help"});
  EXPECT_EQ(run.err, "penstock: cannot start " + (folder / "penstock-genhash").string() + ": No such file or directory\n");
  EXPECT_EQ(run.exit_status, 1);
}

#ifndef PENSTOCK_LIBRARIES_ARE_ONE_OBJECT
TEST_F(ClientTest, the_client_loads_nothing_that_only_genhash_needs) {
  const Ended run = run_to_end({"/usr/bin/ldd", PENSTOCK_PROGRAM});
  EXPECT_NE(run.out.find("libc.so"), std::string::npos) << run.err;
  for (const char* library : {"libcurl", "libssl", "libcrypto"}) EXPECT_EQ(run.out.find(library), std::string::npos) << run.out;
}
#endif

}  // namespace
}  // namespace penstock::control
