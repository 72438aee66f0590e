#include "tests/config/config_play.h"

#include "tests/config/load_text.h"
#include "tests/support/fuzz_target.h"

namespace penstock::config {
namespace {

using test::require;

constexpr std::string_view kSeparator = "\n%%%\n";
constexpr std::size_t kMostFiles = 8;
// Small, so that no input takes long.
constexpr Limits kLimits{.file_bytes = 1 << 20,
                         .files = 64,
                         .include_depth = 8,
                         .line_bytes = 4096,
                         .lines = 2000,
                         .text_bytes = 1 << 18,
                         .diagnostics = 200};

Files split(std::string_view bytes) {
  Files files;
  for (std::size_t number = 0; number < kMostFiles; ++number) {
    const std::size_t end = bytes.find(kSeparator);
    files[number == 0 ? "x.conf" : std::to_string(number)] = std::string{bytes.substr(0, end)};
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + kSeparator.size());
  }
  return files;
}

// Secrets aren't printed.
Model without_secrets(Model model) {
  for (vrrp::InstanceSpec& instance : model.vrrp.instances) instance.auth_pass.clear();
  model.health.tls.password.clear();
  return model;
}

void check_print(const Model& model, const Printing& printing) {
  const std::string text = printing(model);
  const LoadResult again = load_text(text);
  require(again.model.has_value(), "a model's print has no errors");
  require(without_secrets(*again.model) == without_secrets(model), "a model's print means the same");
  require(printing(*again.model) == text, "a model's print prints the same");
}

}  // namespace

void play_config(std::string_view bytes, const Printing& printing) {
  const LoadResult result = load_files(split(bytes), kLimits);
  bool has_errors = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    require(!render(diagnostic, result.sources).empty(), "a diagnostic can be shown");
    has_errors = has_errors || diagnostic.severity == Severity::kError;
  }
  require(has_errors != result.model.has_value(), "there is a model exactly when there is no error");
  if (result.model) check_print(*result.model, printing);
}

}  // namespace penstock::config
