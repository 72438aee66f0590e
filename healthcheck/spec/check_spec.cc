#include "healthcheck/spec/check_spec.h"

#include <type_traits>

namespace penstock::healthcheck {

std::string_view keyword_of(const CheckSpec& check) {
  return std::visit(
      [](const auto& kind) -> std::string_view {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, TcpCheck>) return "TCP_CHECK";
        if constexpr (std::is_same_v<Kind, HttpCheck>) return kind.tls ? "SSL_GET" : "HTTP_GET";
        if constexpr (std::is_same_v<Kind, UdpCheck>) return "UDP_CHECK";
        if constexpr (std::is_same_v<Kind, DnsCheck>) return "DNS_CHECK";
        if constexpr (std::is_same_v<Kind, SmtpCheck>) return "SMTP_CHECK";
        if constexpr (std::is_same_v<Kind, PingCheck>) return "PING_CHECK";
        if constexpr (std::is_same_v<Kind, MiscCheck>) return "MISC_CHECK";
        if constexpr (std::is_same_v<Kind, FileCheck>) return "FILE_CHECK";
      },
      check.kind);
}

}  // namespace penstock::healthcheck
