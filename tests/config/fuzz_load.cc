// Any bytes as a configuration, with small limits so that each run is short. A zero byte followed by "FILE" and a digit's worth
// of name separates files that include each other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/print.h"
#include "tests/config/load_text.h"

namespace {

using namespace penstock::config;

constexpr std::string_view kSeparator = "\n%%%\n";

// The parts between separators, as x.conf, 1, 2, ...
Files split(std::string_view bytes) {
  Files files;
  for (std::size_t number = 0; number < 8; ++number) {
    const std::size_t end = bytes.find(kSeparator);
    files[number == 0 ? "x.conf" : std::to_string(number)] = std::string{bytes.substr(0, end)};
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + kSeparator.size());
  }
  return files;
}

// Secrets aren't printed.
Model without_secrets(Model model) {
  for (penstock::vrrp::InstanceSpec& instance : model.vrrp.instances) instance.auth_pass.clear();
  model.health.tls.password.clear();
  return model;
}

void expect_same_after_printing(const Model& model) {
  const LoadResult again = load_text(print(model));
  if (!again.model || without_secrets(*again.model) != without_secrets(model)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Limits limits{.file_bytes = 1 << 20,
                      .files = 64,
                      .include_depth = 8,
                      .line_bytes = 4096,
                      .lines = 2000,
                      .text_bytes = 1 << 18,
                      .diagnostics = 200};
  const LoadResult result = load_files(split({reinterpret_cast<const char*>(data), size}), limits);
  bool has_errors = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    if (render(diagnostic, result.sources).empty()) std::abort();
    has_errors = has_errors || diagnostic.severity == Severity::kError;
  }
  if (has_errors == result.model.has_value()) std::abort();
  if (result.model) expect_same_after_printing(*result.model);
  return 0;
}
