#include "tests/config/load_text.h"

#include <fnmatch.h>

#include <memory>
#include <utility>

namespace penstock::config {

FileReader memory_files(Files files) {
  const auto shared = std::make_shared<const Files>(std::move(files));
  return {.read = [shared](const std::string& path) -> std::expected<std::string, std::string> {
            const auto found = shared->find(path);
            if (found == shared->end()) return std::unexpected{std::string{"No such file or directory"}};
            return found->second;
          },
          .match =
              [shared](const std::string& pattern) {
                std::vector<std::string> paths;
                for (const auto& [path, text] : *shared) {
                  if (fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
                }
                return paths;
              }};
}

LoadResult load_files(const Files& files, const Limits& limits) {
  return load("x.conf", {.config_id = "main", .reader = memory_files(files), .limits = limits});
}

LoadResult load_text(const std::string& text) { return load_files({{"x.conf", text}}); }

std::vector<std::string> findings(const LoadResult& result) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    const Position& at = diagnostic.place.at;
    std::string line = result.sources.name(at.file) == "x.conf" ? "" : result.sources.name(at.file) + ":";
    line += std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + std::string{to_string(diagnostic.severity)} +
            ": " + diagnostic.message;
    if (!diagnostic.hint.empty()) line += " [" + diagnostic.hint + "]";
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> findings(const std::string& text) { return findings(load_text(text)); }

std::string in_service(const std::string& body) {
  return "virtual_server 10.0.0.1 80 {\n    lb_kind DR\n    protocol TCP\n" + body +
         "\n    real_server 10.0.0.2 80 {\n    }\n}\n";
}

std::string in_real_server(const std::string& body) {
  return "virtual_server 10.0.0.1 80 {\n    lb_kind DR\n    protocol TCP\n    real_server 10.0.0.2 80 {\n" + body +
         "\n    }\n}\n";
}

std::string in_instance(const std::string& body) {
  return "vrrp_instance VI {\n    interface eth0\n    virtual_router_id 50\n    virtual_ipaddress { 10.0.0.1 }\n" + body +
         "\n}\n";
}

std::string in_global(const std::string& body) { return "global_defs {\n" + body + "\n}\n"; }

}  // namespace penstock::config
