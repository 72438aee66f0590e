// What the trackers last said: of scripts with rise and fall counted, of processes, of files.
//
// A tracker that hasn't said anything yet is unknown, which is neither success nor failure: an instance waits for it
// (priority.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "vrrp/spec/router_spec.h"

namespace penstock::vrrp {

class Trackers {
 public:
  // Trackers that stay, by name, keep what they know; new ones know nothing, or have failed (init_fail).
  void apply(const RouterSpec& spec);

  // A result. True when it changes what the tracker says. Unknown names: false.
  bool on_script(const std::string& name, bool success);
  bool on_processes(const std::string& name, bool enough);
  bool on_file(const std::string& name, std::int64_t value);

  // Nothing: unknown as yet, or no such tracker.
  [[nodiscard]] std::optional<bool> script(const std::string& name) const;
  [[nodiscard]] std::optional<bool> processes(const std::string& name) const;
  [[nodiscard]] std::optional<std::int64_t> file(const std::string& name) const;

 private:
  struct Script {
    std::uint32_t rise = 1;
    std::uint32_t fall = 1;
    std::optional<bool> succeeds{};
    std::uint32_t against = 0;  // results in a row that speak against `succeeds`
  };
  std::map<std::string, Script> scripts_;
  std::map<std::string, std::optional<bool>> processes_;
  std::map<std::string, std::optional<std::int64_t>> files_;
};

}  // namespace penstock::vrrp
