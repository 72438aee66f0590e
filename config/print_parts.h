// What the parts of the printer share: lines in blocks, and who prints what of health checks.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "config/model.h"

namespace penstock::config {

// Lines at a depth of blocks, four blanks each.
class Printer {
 public:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_.append(4 * depth_, ' ');
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_.push_back('\n');
  }
  template <typename... Args>
  void open(fmt::format_string<Args...> format, Args&&... args) {
    line("{} {{", fmt::format(format, std::forward<Args>(args)...));
    ++depth_;
  }
  void close() {
    --depth_;
    line("}}");
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t depth_ = 0;
};

// Words of global_defs; the blocks SSL and track_file; words of virtual_server and real_server.
void print_global_health(Printer& out, const Model& model);
void print_tls(Printer& out, const healthcheck::TlsFiles& tls);
void print_track_files(Printer& out, const Model& model);
void print_service_policy(Printer& out, const healthcheck::ServicePolicy& policy);
void print_server_policy(Printer& out, const healthcheck::ServerPolicy& policy);

// VRRP's words of global_defs, and its blocks but for track_file.
void print_global_vrrp(Printer& out, const vrrp::RouterSpec& router);
void print_vrrp(Printer& out, const vrrp::RouterSpec& router);

// A checker's block.
void print_check(Printer& out, const healthcheck::CheckSpec& check);

// Seconds as keepalived.conf has them, exactly.
[[nodiscard]] std::string seconds_text(healthcheck::Duration duration);

// A word and its script; nothing for an empty one.
void print_script(Printer& out, std::string_view word, const healthcheck::Script& script);

// A script's value and who runs it, as one line's words.
[[nodiscard]] std::string script_text(const healthcheck::Script& script);

}  // namespace penstock::config
