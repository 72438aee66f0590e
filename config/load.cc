#include "config/load.h"

#include <sys/utsname.h>

#include <utility>

#include "config/binder.h"
#include "config/check.h"
#include "config/parser.h"
#include "config/preprocessor.h"

namespace penstock::config {

LoadResult load(const std::string& path, const LoadOptions& options) {
  LoadResult result;
  Diagnostics diagnostics{options.limits.diagnostics};
  const FileReader reader = options.reader ? *options.reader : system_files(options.limits.file_bytes);
  const std::string config_id = options.config_id.empty() ? default_config_id() : options.config_id;

  const std::vector<Line> lines = Preprocessor{result.sources, diagnostics, reader, options.limits, config_id}.run(path);
  const std::vector<Statement> statements = Parser{lines, diagnostics, options.limits}.run();
  check(statements, root_block(), diagnostics);
  Model model = bind_model(statements, result.sources, diagnostics);

  if (!diagnostics.has_errors()) result.model = std::move(model);
  result.diagnostics = diagnostics.take();
  return result;
}

std::string default_config_id() {
  utsname host{};
  if (uname(&host) != 0) return {};
  const std::string name = host.nodename;
  return name.substr(0, name.find('.'));
}

}  // namespace penstock::config
