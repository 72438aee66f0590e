// penstock: the command line of a running penstockd.
//
// Its own options stand before the command; the command's words are checked here and sent to the daemon, which prints. Exit
// status: 0 done; 1 no daemon, or nothing by that name; 2 a command that doesn't exist. genhash has a program of its own.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "control/cli/client.h"
#include "control/cli/commands.h"
#include "control/cli/protocol.h"

namespace {

namespace po = boost::program_options;
using namespace penstock::control;

constexpr std::string_view kHelp =
    R"(penstock: what a running penstockd is doing

Usage: penstock [--socket PATH] [--json] COMMAND

  penstock show services        virtual services, their real servers, next hops
  penstock show connections     every connection
  penstock show stats           connections, packets and bytes since the start
  penstock show rate            the same per second
  penstock show drops [--all]   packets that were not forwarded, by reason
  penstock show workers         the data plane's threads: load, packets, tables
                                (--stages: where the cycles of a packet go)
  penstock show threads         the control side's threads: load, longest turns
  penstock show ports           network ports: link, queues, packets, losses
  penstock show checks          health checks: who is up, since when, and why not
  penstock show vrrp            who is master and why, adverts, who else is heard
                                (--json=keepalived: keepalived's own JSON)
  penstock show sync            connections told to the other director, and kept
                                for a takeover
  penstock show config          the configuration in force
  penstock ipvsadm -Ln ...      ipvsadm's listings, byte for byte
                                (`penstock ipvsadm --help' lists its options)
  penstock announce             gratuitous ARP and neighbour advertisements for
                                all addresses that are ours, once more
  penstock genhash ...          the digest of a page, for keepalived.conf; asks
                                the server itself (`penstock genhash --help')

Options:
  --socket PATH    the daemon's socket (default: /run/penstock/penstock.sock)
  --json           the listing as JSON (also after the command)
  -h, --help       this page
  -V, --version    the version of this program

Addresses and ports are always numbers. No setting is changed from here: edit
keepalived.conf, check it with `penstockd -t', and send penstockd a SIGHUP.

Exit status: 0 done, 1 no daemon or no such service, 2 wrong usage.
)";

int usage_error(std::string_view sentence) {
  fmt::print(stderr, "penstock: {}\n", sentence);
  return 2;
}

po::options_description own_options(std::string& socket_path) {
  po::options_description options;
  options.add_options()("socket", po::value(&socket_path)->default_value(std::string{kDefaultSocketPath}));
  options.add_options()("json", "")("help,h", "")("version,V", "");  // described in kHelp
  return options;
}

// Where the command begins: the first word that is neither an option nor --socket's value.
std::vector<std::string>::const_iterator command_begin(const std::vector<std::string>& words) {
  auto word = words.begin();
  while (word != words.end() && word->starts_with('-')) word += *word == "--socket" && word + 1 != words.end() ? 2 : 1;
  return word;
}

// Becomes the program beside this one (genhash/penstock_genhash.cc); returns only when it can't be started. `args` begin with
// "genhash".
int become_genhash(std::vector<std::string> args) {
  std::error_code unreadable;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  args[0] = self.parent_path() / "penstock-genhash";
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  fmt::print(stderr, "penstock: cannot start {}: {}\n", args[0], std::strerror(errno));
  return 1;
}

int run(const std::vector<std::string>& words) {
  const auto split = command_begin(words);
  std::string socket_path;
  const po::options_description options = own_options(socket_path);
  po::variables_map given;
  try {
    const std::vector<std::string> own{words.begin(), split};
    constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser{own}.options(options).style(kStyle).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return usage_error(fmt::format("{}; see `penstock --help'", error.what()));
  }
  std::vector<std::string> args{split, words.end()};
  if (given.contains("help") || (!args.empty() && args[0] == "help")) {
    std::cout << kHelp;
    return 0;
  }
  if (given.contains("version")) {
    std::cout << "penstock " PENSTOCK_VERSION "\n";
    return 0;
  }
  if (given.contains("json") && std::ranges::find(args, "--json") == args.end()) args.emplace_back("--json");

  if (!args.empty() && args[0] == "genhash") return become_genhash(std::move(args));  // needs no daemon
  const auto command = parse_command(args);
  if (!command) {
    fmt::print(stderr, "{}\n", command.error().message);
    return command.error().exit_status;
  }
  const auto* ipvsadm = std::get_if<IpvsadmRequest>(&*command);
  if (ipvsadm != nullptr && ipvsadm->listing == IpvsadmListing::kHelp) {  // needs no daemon
    std::cout << ipvsadm_help();
    return 0;
  }
  return run_client(socket_path, args);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `penstock ... | head` ends quietly
  return run({argv + 1, argv + argc});
}
