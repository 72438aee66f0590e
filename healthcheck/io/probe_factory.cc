#include "healthcheck/io/probe_factory.h"

#include <type_traits>
#include <variant>

#include "healthcheck/io/dns_probe.h"
#include "healthcheck/io/file_probe.h"
#include "healthcheck/io/http_probe.h"
#include "healthcheck/io/misc_probe.h"
#include "healthcheck/io/ping_probe.h"
#include "healthcheck/io/smtp_probe.h"
#include "healthcheck/io/tcp_probe.h"
#include "healthcheck/io/udp_probe.h"

namespace penstock::healthcheck {

std::unique_ptr<Probe> ProbeFactory::start(const CheckSpec& check, ProbeDone done) {
  return std::visit(
      [&](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, TcpCheck>) return start_tcp_probe(loop_, sockets_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, HttpCheck>) {
          return start_http_probe({loop_, curl_, sockets_, tls_}, check, std::move(done));
        }
        if constexpr (std::is_same_v<Kind, UdpCheck>) return start_udp_probe(loop_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, DnsCheck>) return start_dns_probe(loop_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, SmtpCheck>) return start_smtp_probe(loop_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, PingCheck>) return start_ping_probe(loop_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, MiscCheck>) return start_misc_probe(loop_, slots_, check, std::move(done));
        if constexpr (std::is_same_v<Kind, FileCheck>) return start_file_probe(loop_, check, std::move(done));
      },
      check.kind);
}

}  // namespace penstock::healthcheck
