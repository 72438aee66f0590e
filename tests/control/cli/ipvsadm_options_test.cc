// The command lines of ipvsadm: what each means, and what is refused with which words. Rows were observed on ipvsadm 1.31.
#include "control/cli/ipvsadm_options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/control/cli/golden.h"

namespace penstock::control {
namespace {

using Columns = IpvsadmColumns;
using Listing = IpvsadmListing;

std::expected<IpvsadmRequest, Refusal> parse(std::string_view line) {
  std::istringstream stream{std::string{line}};
  std::vector<std::string> args;
  for (std::string word; stream >> word;) args.push_back(word);
  return parse_ipvsadm(args);
}

struct Accepted {
  std::string_view line;
  IpvsadmRequest request;
};

ServiceKey key(packet::Protocol protocol, std::string_view place) { return {protocol, golden::endpoint(place)}; }

const ServiceKey kTcp80 = key(packet::Protocol::kTcp, "10.9.0.1:80");

const std::vector<Accepted>& accepted() {
  static const std::vector<Accepted> rows{
      {"", {}},
      {"--", {}},
      {"-L", {}},
      {"-l", {}},
      {"-Ln", {}},
      {"-ln", {}},
      {"-L -n", {}},
      {"--list --numeric", {}},
      {"-Ln --sort", {}},
      {"-L --sort --sort", {}},
      {"-Ln --", {}},
      {"-Ln --syncid 5", {}},
      {"-Ln --nosort", {.sorted = false}},
      {"-Ln --sort --nosort", {.sorted = false}},
      {"-Ln --nosort --sort", {.sorted = false}},
      {"-Ln --exact", {.exact = true}},
      {"-LnX", {.exact = true}},
      {"-Ln --stats", {.columns = Columns::kStats}},
      {"-Ln --rate", {.columns = Columns::kRate}},
      {"-Ln --thresholds", {.columns = Columns::kThresholds}},
      {"-Ln --persistent-conn", {.columns = Columns::kPersistent}},
      {"-Ln --tun-info", {.columns = Columns::kTunnel}},
      {"-Ln --stats --exact", {.columns = Columns::kStats, .exact = true}},
      {"-Ln --rate --stats", {.columns = Columns::kStats}},
      {"-Ln --thresholds --rate", {.columns = Columns::kRate}},
      {"-Ln --persistent-conn --thresholds", {.columns = Columns::kThresholds}},
      {"-Ln --tun-info --persistent-conn", {.columns = Columns::kPersistent}},
      {"-Lnc", {.listing = Listing::kConnections}},
      {"-lnc", {.listing = Listing::kConnections}},
      {"--list --connection --numeric", {.listing = Listing::kConnections}},
      {"-Lnc --sort", {.listing = Listing::kConnections}},
      {"-Lnc --exact", {.listing = Listing::kConnections, .exact = true}},
      {"-Lc --tun-info", {.listing = Listing::kConnections}},
      {"-Lnc --persistent-conn", {.listing = Listing::kConnections, .persistence_engine = true}},
      {"-Ln --timeout", {.listing = Listing::kTimeouts}},
      {"-L --timeout --sort", {.listing = Listing::kTimeouts}},
      {"-Ln --daemon", {.listing = Listing::kDaemons}},
      {"-Sn", {.listing = Listing::kSave}},
      {"-S", {.listing = Listing::kSave}},
      {"-Sn --sort", {.listing = Listing::kSave}},
      {"--save --numeric", {.listing = Listing::kSave}},
      {"-h", {.listing = Listing::kHelp}},
      {"--help -L", {.listing = Listing::kHelp}},
      {"-v", {.listing = Listing::kVersion}},
      {"--version", {.listing = Listing::kVersion}},
      {"-Ln -t 10.9.0.1:80", {.service = kTcp80}},
      {"-Lnt10.9.0.1:80", {.service = kTcp80}},
      {"-Lnt 10.9.0.1:080", {.service = kTcp80}},
      {"-Ln --tcp-service 10.9.0.1:80", {.service = kTcp80}},
      {"-Ln --tcp-service=10.9.0.1:80", {.service = kTcp80}},
      {"-Ln -t [10.9.0.1]:80", {.service = kTcp80}},
      {"-Ln -u 10.9.0.1:53", {.service = key(packet::Protocol::kUdp, "10.9.0.1:53")}},
      {"-Ln --sctp-service 10.9.0.1:80", {.service = key(packet::Protocol::kSctp, "10.9.0.1:80")}},
      {"-Ln -t [fd77::100]:80", {.service = key(packet::Protocol::kTcp, "[fd77::100]:80")}},
      {"-Ln -t [fd77::100]", {.service = key(packet::Protocol::kTcp, "[fd77::100]:0")}},
      {"-Ln -t fd77::100", {.service = key(packet::Protocol::kTcp, "[fd77::100]:0")}},
      {"-Ln -t 10.9.0.1", {.service = key(packet::Protocol::kTcp, "10.9.0.1:0")}},
      {"-Ln --stats -t 10.9.0.1:80", {.columns = Columns::kStats, .service = kTcp80}},
      {"--json", {.json = true}},
      {"-Ln --json", {.json = true}},
      {"-Lnc --json", {.listing = Listing::kConnections, .json = true}},
      {"-Sn --json", {.listing = Listing::kSave, .json = true}},
  };
  return rows;
}

TEST(IpvsadmOptions, command_lines_that_list) {
  for (const auto& [line, request] : accepted()) {
    const auto parsed = parse(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().message;
    EXPECT_TRUE(*parsed == request) << line;
  }
}

struct Refused {
  std::string_view line;
  int exit_status;
  std::string_view message;
};

constexpr Refused kRefused[] = {
    {"-n", 2, "the first option must say what to do, as -L does; see `penstock ipvsadm --help'"},
    {"-nL", 2, "the first option must say what to do, as -L does; see `penstock ipvsadm --help'"},
    {"-c", 2, "the first option must say what to do, as -L does; see `penstock ipvsadm --help'"},
    {"--stats -L", 2, "the first option must say what to do, as -L does; see `penstock ipvsadm --help'"},
    {"foo", 2, "unexpected argument foo"},
    {"-Ln foo", 2, "unexpected argument foo"},
    {"-S foo", 2, "unexpected argument foo"},
    {"-L -", 2, "unexpected argument -"},
    {"-q", 2, "-q: unknown option"},
    {"-Ln --nonsense", 2, "--nonsense: unknown option"},
    {"-Ln --stat", 2, "--stat: unknown option"},
    {"-Ln --stats=1", 2, "--stats: takes no value"},
    {"-Ln -t", 2, "-t: missing argument"},
    {"-Ln --tcp-service", 2, "--tcp-service: missing argument"},
    {"-Ln -L", 2, "invalid option `-L'"},
    {"-Ln -S", 2, "invalid option `-S'"},
    {"-S --list", 2, "invalid option `--list'"},
    {"-L -h", 2, "invalid option `-h'"},
    {"-L --set 1 2 3", 2, "invalid option `--set'"},
    {"-L -n -n", 2, "multiple 'numeric' options specified"},
    {"-Ln --stats --stats", 2, "multiple 'stats' options specified"},
    {"-L --exact --exact", 2, "multiple 'exact' options specified"},
    {"-Ln -t 10.9.0.1:80 -t 10.9.0.1:8080", 2, "multiple 'service-address' options specified"},
    {"-Ln -t 10.9.0.1:80 -u 10.9.0.1:8080", 2, "multiple 'service-address' options specified"},
    {"-Ln -w 3", 2, "Illegal 'weight' option with the 'list' command"},
    {"-Ln -r 1.2.3.4:80", 2, "Illegal 'real-server' option with the 'list' command"},
    {"-Ln -s rr", 2, "Illegal 'scheduler' option with the 'list' command"},
    {"-Ln -g", 2, "Illegal 'forwarding-method' option with the 'list' command"},
    {"-Lni", 2, "Illegal 'forwarding-method' option with the 'list' command"},
    {"-Lnm", 2, "Illegal 'forwarding-method' option with the 'list' command"},
    {"-Ln -p", 2, "Illegal 'persistent' option with the 'list' command"},
    {"-Ln -o", 2, "Illegal 'ops' option with the 'list' command"},
    {"-Ln -M 1.1.1.1", 2, "Illegal 'netmask' option with the 'list' command"},
    {"-Ln --pe sip", 2, "Illegal 'pe' option with the 'list' command"},
    {"-Ln -x 5", 2, "Illegal 'u-threshold' option with the 'list' command"},
    {"-Ln -y 5", 2, "Illegal 'l-threshold' option with the 'list' command"},
    {"-Sn -t 10.9.0.1:80", 2, "Illegal 'service-address' option with the 'save' command"},
    {"-Sc", 2, "Illegal 'connection' option with the 'save' command"},
    {"-S --stats", 2, "Illegal 'stats' option with the 'save' command"},
    {"-S --rate", 2, "Illegal 'rate' option with the 'save' command"},
    {"-S --thresholds", 2, "Illegal 'thresholds' option with the 'save' command"},
    {"-S --persistent-conn", 2, "Illegal 'persistent-conn' option with the 'save' command"},
    {"-S --tun-info", 2, "Illegal 'tun-info' option with the 'save' command"},
    {"-S --timeout", 2, "Illegal 'timeout' option with the 'save' command"},
    {"-S --daemon", 2, "Illegal 'daemon' option with the 'save' command"},
    {"-S --exact", 2, "Illegal 'exact' option with the 'save' command"},
    {"-S --nosort", 2, "Illegal 'nosort' option with the 'save' command"},
    {"-L --timeout --daemon", 2, "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"},
    {"-L --daemon --timeout", 2, "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"},
    {"-L --timeout -t 1.1.1.1:80", 2, "The option 'timeout' conflicts with the 'service-address' option in the 'list' command"},
    {"-Lnc --timeout", 2, "The option 'timeout' conflicts with the 'connection' option in the 'list' command"},
    {"-Lnc -t 10.9.0.1:80", 2, "The option 'service-address' conflicts with the 'connection' option in the 'list' command"},
    {"-L --daemon -t 1.1.1.1:80", 2, "The option 'daemon' conflicts with the 'service-address' option in the 'list' command"},
    {"-Lc --daemon", 2, "The option 'daemon' conflicts with the 'connection' option in the 'list' command"},
    {"-Ln --timeout --stats", 2, "options conflicts in the list command"},
    {"-Ln --timeout --rate", 2, "options conflicts in the list command"},
    {"-L --daemon --thresholds", 2, "options conflicts in the list command"},
    {"-L --timeout --persistent-conn", 2, "options conflicts in the list command"},
    {"-Lnc --stats", 2, "options conflicts in the list command"},
    {"-Lnc --rate", 2, "options conflicts in the list command"},
    {"-Lnc --thresholds", 2, "options conflicts in the list command"},
    {"-Ln -t 300.1.1.1:80", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t 10.9.0.1:99999", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t 10.9.0.1:-5", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t 10.9.0.1:", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t :80", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t 1.2.3.4:abc", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t [fd77::1", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t [fd77::1]80", 2, "illegal virtual server address[:port] specified"},
    {"-Ln -t []:80", 2, "illegal virtual server address[:port] specified"},
    {"-L -f 0", 2, "invalid fwmark value `0' specified"},
    {"-L -f abc", 2, "invalid fwmark value `abc' specified"},
    {"-L -f 7", 1, "No such service"},
};

TEST(IpvsadmOptions, command_lines_that_are_refused) {
  for (const auto& [line, exit_status, message] : kRefused) {
    const auto parsed = parse(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().message, message) << line;
    EXPECT_EQ(parsed.error().exit_status, exit_status) << line;
  }
}

TEST(IpvsadmOptions, whatever_would_change_the_table_is_sent_to_the_configuration_file) {
  for (const std::string_view option : {"-A",
                                        "-E",
                                        "-D",
                                        "-C",
                                        "-R",
                                        "-a",
                                        "-e",
                                        "-d",
                                        "-Z",
                                        "--add-service",
                                        "--edit-service",
                                        "--delete-service",
                                        "--clear",
                                        "--restore",
                                        "--add-server",
                                        "--edit-server",
                                        "--delete-server",
                                        "--zero",
                                        "--set",
                                        "--start-daemon",
                                        "--stop-daemon"}) {
    const auto parsed = parse(std::string{option} + " -t 10.9.0.1:80 -s rr");
    ASSERT_FALSE(parsed) << option;
    EXPECT_EQ(parsed.error().exit_status, 2) << option;
    EXPECT_TRUE(parsed.error().message.starts_with("`" + std::string{option} + "' is not for penstock: ")) << option;
    EXPECT_NE(parsed.error().message.find("keepalived.conf"), std::string::npos) << option;
  }
}

TEST(IpvsadmOptions, the_help_page_names_every_option_of_a_listing) {
  const std::string help = ipvsadm_help();
  for (const std::string_view word : {"-L",
                                      "-l",
                                      "--list",
                                      "-S",
                                      "--save",
                                      "-h",
                                      "--help",
                                      "-v",
                                      "--version",
                                      "-t",
                                      "--tcp-service",
                                      "-u",
                                      "--udp-service",
                                      "--sctp-service",
                                      "-c",
                                      "--connection",
                                      "--stats",
                                      "--rate",
                                      "--thresholds",
                                      "--persistent-conn",
                                      "--tun-info",
                                      "--timeout",
                                      "--daemon",
                                      "--exact",
                                      "--nosort",
                                      "--sort",
                                      "-n",
                                      "--numeric",
                                      "--json"})
    EXPECT_NE(help.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace penstock::control
