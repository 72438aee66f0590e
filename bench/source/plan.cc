#include "bench/source/plan.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace penstock::bench {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_destination(std::string_view text, Plan& plan) {
  const std::size_t colon = text.find(':');
  in_addr address{};
  if (colon == std::string_view::npos || inet_pton(AF_INET, std::string{text.substr(0, colon)}.c_str(), &address) != 1)
    return false;
  const auto port = number(text.substr(colon + 1));
  if (!port || *port > 0xffff) return false;
  plan.virtual_address = ntohl(address.s_addr);
  plan.virtual_port = static_cast<std::uint16_t>(*port);
  return true;
}

bool read_word(std::string_view word, Plan& plan) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "to") return read_destination(value, plan);
  if (key == "protocol") {
    plan.is_tcp = value == "tcp";
    return plan.is_tcp || value == "udp";
  }
  if (key == "after" || key == "report" || key == "pace") {
    (key == "after" ? plan.after : key == "report" ? plan.report : plan.pace) = value;
    return !value.empty();
  }
  const auto count = number(value);
  if (!count) return false;
  if (key == "flows" && *count > 0) {
    plan.flows = *count;
  } else if (key == "new") {
    plan.new_each = *count;
  } else if (key == "flood") {
    plan.syn_flood = *count;
  } else if (key == "rate" && *count > 0) {
    plan.rate = *count;
  } else if (key == "size" && *count >= 60 && *count <= 1518) {
    plan.size = static_cast<std::uint16_t>(*count);
  } else {
    return false;
  }
  return true;
}

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "PENSTOCK_SOURCE: %s\n", why.c_str());
  std::exit(2);
}

}  // namespace

Plan read_plan(const char* text) {
  Plan plan;
  std::string_view rest{text};
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (!read_word(rest.substr(0, comma), plan)) {
      refuse(std::string{rest.substr(0, comma)} + " is not understood");
    }
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (plan.syn_flood != 0 && !plan.is_tcp) refuse("flood= is of TCP");
  if (!plan.report.empty() && (plan.is_tcp || plan.rate == 0)) refuse("report= goes with rate= and UDP");
  return plan;
}

}  // namespace penstock::bench
