// The door to the configuration: a file in, a model or all that is wrong with it out.
//
//   const LoadResult result = load("/etc/keepalived/keepalived.conf", {});
//   for (const Diagnostic& diagnostic : result.diagnostics) std::cerr << render(diagnostic, result.sources);
//   if (!result.model) return 1;   // it would not run as it is written
//
// One pass finds everything: an error never hides another one. Any bytes are safe: no input makes load() throw, crash or run
// without end (limits.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/limits.h"
#include "config/model.h"
#include "config/source.h"

namespace penstock::config {

struct LoadOptions {
  std::string config_id;             // what `@id` compares with (keepalived's -i); empty: default_config_id()
  std::optional<FileReader> reader;  // none: the file system
  Limits limits;
};

struct LoadResult {
  std::optional<Model> model;           // none when there is an error
  std::vector<Diagnostic> diagnostics;  // by file and position
  SourceMap sources;
};

[[nodiscard]] LoadResult load(const std::string& path, const LoadOptions& options);

// The host's name up to its first dot.
[[nodiscard]] std::string default_config_id();

}  // namespace penstock::config
