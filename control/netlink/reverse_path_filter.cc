#include "control/netlink/reverse_path_filter.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "control/netlink/interface_sysctl.h"

namespace penstock::control {
namespace {

constexpr const char* kAll = "all";

InterfaceSysctl filter_of(const std::string& interface) {
  return InterfaceSysctl{InterfaceSysctl::Family::kIpv4, interface, "rp_filter"};
}

// "default" included.
std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/sys/net/ipv4/conf", error}) {
    if (std::string name = entry.path().filename(); name != kAll) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

// The values are single digits, 0 to 2, which compare as texts.
void ReversePathFilter::move_to_interfaces() {
  const auto all = filter_of(kAll).read();
  if (!all || *all == "0") return;
  for (const std::string& name : interfaces()) {
    const auto now = filter_of(name).read();
    if (!now || *now >= *all) continue;
    if (filter_of(name).write(*all)) before_.try_emplace(name, *now);
  }
  if (const auto written = filter_of(kAll).write("0"); !written) {
    say_(written.error() + ": set net.ipv4.conf.all.rp_filter to 0, or nobody gets an answer from a virtual address");
    return;
  }
  say_("NOTICE: setting sysctl net.ipv4.conf.all.rp_filter from " + *all + " to 0");
  all_ = *all;
}

void ReversePathFilter::restore() {
  const std::string moved = std::exchange(all_, {});
  const auto before = std::exchange(before_, {});
  if (moved.empty()) return;
  if (filter_of(kAll).read() == "0" && filter_of(kAll).write(moved)) {
    say_("NOTICE: resetting sysctl net.ipv4.conf.all.rp_filter to " + moved);
  }
  for (const auto& [name, value] : before) {
    if (filter_of(name).read() == moved) (void)filter_of(name).write(value);
  }
}

}  // namespace penstock::control
