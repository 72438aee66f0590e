#include "control/daemon/options.h"

#include <gtest/gtest.h>

namespace penstock::control {
namespace {

using Arguments = std::vector<std::string>;

Options accepted(const Arguments& arguments) {
  const auto options = parse_options(arguments);
  EXPECT_TRUE(options.has_value()) << options.error();
  return options.value_or(Options{});
}

std::string refused(const Arguments& arguments) {
  const auto options = parse_options(arguments);
  EXPECT_FALSE(options.has_value());
  return options ? std::string{} : options.error();
}

TEST(Options, AreKeepalivedsWhereNothingIsSaid) {
  const Options options = accepted({});
  EXPECT_EQ(options.action, Options::Action::kRun);
  EXPECT_EQ(options.config_file, "/etc/keepalived/keepalived.conf");
  EXPECT_FALSE(options.foreground);
  EXPECT_FALSE(options.log_console);
  EXPECT_EQ(options.workers, 1U);
  EXPECT_TRUE(options.ports.empty());
}

TEST(Options, TakeKeepalivedsFlagsShortAndLong) {
  const Options brief = accepted({"-n", "-l", "-D", "-d", "-P", "-f", "a.conf", "-p", "x.pid", "-i", "node1"});
  EXPECT_TRUE(brief.foreground && brief.log_console && brief.log_detail && brief.dump_config && brief.only_vrrp);
  EXPECT_EQ(brief.config_file, "a.conf");
  EXPECT_EQ(brief.pid_file, "x.pid");
  EXPECT_EQ(brief.config_id, "node1");
  const Options whole =
      accepted({"--dont-fork", "--log-console", "--log-detail", "--use-file=a.conf", "--pid", "x.pid", "--check"});
  EXPECT_TRUE(whole.foreground && whole.log_console && whole.log_detail && whole.only_checkers);
  EXPECT_EQ(whole.config_file, "a.conf");
}

TEST(Options, TakeFlagsOfKeepalivedsStartScriptsThatHaveNoMeaningHere) {
  accepted({"-D", "-r", "vrrp.pid", "-c", "checkers.pid", "-b", "bfd.pid", "-R", "-V", "-I", "-x"});
}

TEST(Options, ChooseWhatToDoInsteadOfRunning) {
  EXPECT_EQ(accepted({"-t", "-f", "a.conf"}).action, Options::Action::kTestConfig);
  EXPECT_EQ(accepted({"--config-test"}).action, Options::Action::kTestConfig);
  EXPECT_EQ(accepted({"-v"}).action, Options::Action::kVersion);
  EXPECT_EQ(accepted({"--signum=JSON"}).action, Options::Action::kSignalNumber);
  EXPECT_EQ(accepted({"--signum=JSON"}).signal_number, SIGRTMIN + 2);
  EXPECT_EQ(accepted({"--help"}).action, Options::Action::kHelp);
}

TEST(Options, ReadPortsAddressesAndRoutes) {
  const Options options =
      accepted({"--port", "eth0=net_af_packet0,iface=x", "--port", "eth1=0000:01:00.0", "--address", "eth0=192.168.1.102/24",
                "--address", "eth1=fd77::2/64", "--route", "eth0=default via 192.168.1.1"});
  ASSERT_EQ(options.ports.size(), 2U);
  EXPECT_EQ(options.ports[0].name, "eth0");
  EXPECT_TRUE(options.ports[1].is_pci());
  ASSERT_EQ(options.addresses.size(), 2U);
  EXPECT_EQ(options.addresses[1], (AddressOption{"eth1", packet::IpAddress::parse("fd77::2").value(), 64}));
  ASSERT_EQ(options.routes.size(), 1U);
  EXPECT_EQ(options.routes[0].route.gateway, packet::IpAddress::parse("192.168.1.1"));
}

TEST(Options, GiveAnAddressWithoutALengthAllItsBits) {
  EXPECT_EQ(accepted({"--port", "a=net_null0", "--address", "a=10.0.0.1"}).addresses[0].prefix_length, 32);
  EXPECT_EQ(accepted({"--port", "a=net_null0", "--address", "a=fd77::1"}).addresses[0].prefix_length, 128);
}

TEST(Options, ReadWhichCapabilitiesAreToBeKeptAsWell) {
  EXPECT_EQ(accepted({}).keep_capabilities, 0U);
  EXPECT_EQ(accepted({"--keep-capability", "SYS_ADMIN", "--keep-capability=cap_sys_time"}).keep_capabilities,
            capabilities_of({CAP_SYS_ADMIN, CAP_SYS_TIME}));
  EXPECT_EQ(refused({"--keep-capability", "MOUNT"}),
            "--keep-capability MOUNT: expected a name of capabilities(7), for example SYS_ADMIN");
}

TEST(Options, ReadTheDataPlanesNumbers) {
  const Options options = accepted({"--workers",
                                    "3",
                                    "--connections",
                                    "5000",
                                    "--connections6",
                                    "600",
                                    "--idle",
                                    "poll",
                                    "--punt-limit",
                                    "7",
                                    "--neighbour-limit",
                                    "8",
                                    "--expire-nodest-conn",
                                    "--sloppy-tcp",
                                    "--eal",
                                    "--no-huge -m 512",
                                    "--socket",
                                    "/tmp/s",
                                    "--descriptors",
                                    "256"});
  EXPECT_EQ(options.workers, 3U);
  EXPECT_EQ(options.descriptors, 256U);
  EXPECT_EQ(options.connections, 5000U);
  EXPECT_EQ(options.connections6, 600U);
  EXPECT_EQ(options.idle, IdlePolicy::kPoll);
  EXPECT_EQ(options.punt_limit, 7U);
  EXPECT_EQ(options.neighbour_limit, 8U);
  EXPECT_TRUE(options.expire_nodest_conn);
  EXPECT_TRUE(options.sloppy_tcp);
  EXPECT_FALSE(accepted({}).sloppy_tcp);
  EXPECT_EQ(options.eal_arguments, "--no-huge -m 512");
  EXPECT_EQ(options.socket_path, "/tmp/s");
}

struct Wrong {
  Arguments arguments;
  std::string sentence;
};

class WrongOptions : public testing::TestWithParam<Wrong> {};

TEST_P(WrongOptions, AreRefusedInOneSentence) { EXPECT_EQ(refused(GetParam().arguments), GetParam().sentence); }

INSTANTIATE_TEST_SUITE_P(
    Options, WrongOptions,
    testing::Values(Wrong{{"--wurkers", "2"}, "unrecognised option '--wurkers'; see penstockd --help"},
                    Wrong{{"--work", "2"}, "unrecognised option '--work'; see penstockd --help"},
                    Wrong{{"keepalived.conf"},
                          "too many positional options have been specified on the command line; see penstockd --help"},
                    Wrong{{"--workers", "0"}, "--workers: 1 to 64"}, Wrong{{"--workers", "65"}, "--workers: 1 to 64"},
                    Wrong{{"--workers", "two"}, "the argument ('two') for option '--workers' is invalid; see penstockd --help"},
                    Wrong{{"--connections", "0"}, "--connections: 1 to 1073741824"},
                    Wrong{{"--descriptors", "63"}, "--descriptors: 64 to 32768"},
                    Wrong{{"--descriptors", "32769"}, "--descriptors: 64 to 32768"},
                    Wrong{{"--idle", "nap"}, "--idle nap: sleep, poll or auto"},
                    Wrong{{"--log-facility", "8"}, "--log-facility: 0 to 7"},
                    Wrong{{"--port", "eth0=net_null0", "--port", "eth0=net_null1"}, "--port eth0: the name stands twice"},
                    Wrong{{"--address", "eth0=10.0.0.1/24"}, "--address eth0=...: no --port has this name"},
                    Wrong{{"--port", "eth0=net_null0", "--route", "eth1=default via 10.0.0.1"},
                          "--route eth1=...: no --port has this name"},
                    Wrong{{"--address", "10.0.0.1/24"},
                          "--address 10.0.0.1/24: expected NAME=ADDRESS/LENGTH, for example eth0=192.168.1.102/24"},
                    Wrong{{"--address", "eth0=10.0.0.1/33"},
                          "--address eth0=10.0.0.1/33: expected NAME=ADDRESS/LENGTH, for example eth0=192.168.1.102/24"},
                    Wrong{{"--address", "eth0=10.0.0.1/2x"},
                          "--address eth0=10.0.0.1/2x: expected NAME=ADDRESS/LENGTH, for example eth0=192.168.1.102/24"},
                    Wrong{{"--route", "default"},
                          "--route default: expected NAME=DESTINATION via GATEWAY, for example eth0=default via 192.168.1.1"}));

TEST(Options, NameEachOptionInTheHelp) {
  const std::string help = help_text();
  for (const char* const option :
       {"--use-file", "--config-test", "--dont-fork", "--port", "--address", "--route", "--workers", "--socket", "--eal"}) {
    EXPECT_NE(help.find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace penstock::control
