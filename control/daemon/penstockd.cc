// penstockd: the daemon's main program.

#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/print.h"
#include "control/daemon/configuration.h"
#include "control/daemon/daemon.h"
#include "control/daemon/daemonize.h"
#include "control/daemon/options.h"
#include "control/daemon/pid_file.h"
#include "control/daemon/port_advice.h"
#include "control/log.h"

namespace penstock::control {
namespace {

int fail(const std::string& sentence) {
  std::fprintf(stderr, "penstockd: %s\n", sentence.c_str());
  return 1;
}

log::Options log_options(const Options& options) {
  const log::Target console = options.foreground ? log::Target::kStderr : log::Target::kSyslogAndStderr;
  return {.target = options.log_console ? console : log::Target::kSyslog,
          .detail = options.log_detail,
          .local_facility = options.log_facility};
}

// Where a daemon that can't start says why: on the terminal it was started from, and in the log.
int fail_start(const Options& options, const std::string& sentence) {
  log::error("{}", sentence);
  log::close();
  return options.log_console ? 1 : fail(sentence);
}

void dump(const config::Model& model) {
  std::istringstream lines{config::print(model)};
  for (std::string line; std::getline(lines, line);) log::info("{}", line);
}

int run_daemon(const Options& options, config::Model model) {
  Readiness readiness = options.foreground ? Readiness{} : leave_terminal();
  auto pid_file = PidFile::create(options.pid_file);
  if (!pid_file) return fail(pid_file.error());
  log::open(log_options(options));
  log::info("Starting penstockd v{}", PENSTOCK_VERSION);
  if (options.dump_config) dump(model);
  auto daemon = Daemon::start(options, std::move(model));
  if (!daemon) return fail_start(options, daemon.error());
  readiness.announce();
  log::info("Startup complete");
  (*daemon)->run();
  log::info("Stopping");
  daemon->reset();
  log::info("Stopped penstockd v{}", PENSTOCK_VERSION);
  log::close();
  return 0;
}

int main_program(const std::vector<std::string>& arguments) {
  const auto options = parse_options(arguments);
  if (!options) return fail(options.error());
  switch (options->action) {
    case Options::Action::kHelp: std::fputs(help_text().c_str(), stdout); return 0;
    case Options::Action::kVersion: std::printf("penstockd v%s\n", PENSTOCK_VERSION); return 0;
    case Options::Action::kSignalNumber: std::printf("%d\n", options->signal_number); return 0;
    case Options::Action::kTestConfig: return read_configuration_for_terminal(*options) ? 0 : 1;
    case Options::Action::kRun: break;
  }
  if (options->ports.empty()) {
    std::fputs(port_advice().c_str(), stderr);
    return 1;
  }
  auto model = read_configuration_for_terminal(*options);
  if (!model) return fail("the configuration has errors: not started");
  return run_daemon(*options, std::move(*model));
}

}  // namespace
}  // namespace penstock::control

int main(int argc, char** argv) {
  try {
    return penstock::control::main_program({argv + 1, argv + argc});
  } catch (const std::runtime_error& error) {  // a start with no descriptors or threads left
    return penstock::control::fail(error.what());
  }
}
