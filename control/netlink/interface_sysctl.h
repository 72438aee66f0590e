// An interface's knobs under /proc/sys/net, in the network namespace of the calling thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace penstock::control {

// One file: net/FAMILY/conf/INTERFACE/KEY.
class InterfaceSysctl {
 public:
  enum class Family : bool { kIpv4, kIpv6 };
  InterfaceSysctl(Family family, std::string_view interface, std::string_view key);

  // The value without its newline. The error is a sentence for the operator.
  [[nodiscard]] std::expected<std::string, std::string> read() const;
  [[nodiscard]] std::expected<void, std::string> write(std::string_view value) const;
  // False where the kernel has no such knob, for instance without IPv6.
  [[nodiscard]] bool exists() const;

 private:
  std::string path_;
};

}  // namespace penstock::control
