#include "control/daemon/configuration.h"

#include <cstdio>
#include <string>

#include "config/load.h"
#include "control/log.h"

namespace penstock::control {
namespace {

config::LoadResult load(const Options& options) {
  config::LoadOptions load_options;
  load_options.config_id = options.config_id;
  return config::load(options.config_file, load_options);
}

std::optional<config::Model> wanted_part(std::optional<config::Model> model, const Options& options) {
  if (!model) return model;
  if (options.only_vrrp) model->virtual_servers.clear();
  if (options.only_checkers) {
    model->vrrp = {};
  }
  return model;
}

}  // namespace

std::optional<config::Model> read_configuration_for_terminal(const Options& options) {
  config::LoadResult result = load(options);
  for (const config::Diagnostic& diagnostic : result.diagnostics) {
    std::fputs(config::render(diagnostic, result.sources).c_str(), stderr);
  }
  return wanted_part(std::move(result.model), options);
}

std::optional<config::Model> read_configuration_for_log(const Options& options) {
  config::LoadResult result = load(options);
  for (const config::Diagnostic& diagnostic : result.diagnostics) {
    const std::string text = config::render(diagnostic, result.sources);
    const std::string first_line = text.substr(0, text.find('\n'));
    switch (diagnostic.severity) {
      case config::Severity::kError: log::error("{}", first_line); break;
      case config::Severity::kWarning: log::warning("{}", first_line); break;
      case config::Severity::kNotice: log::info("{}", first_line); break;
    }
  }
  return wanted_part(std::move(result.model), options);
}

}  // namespace penstock::control
