// Words of virtual_server, real_server, the checkers and SSL.
#include <array>
#include <cstddef>

#include "config/keyword_tables.h"

namespace penstock::config {
namespace {

using enum Effect;

constexpr double kShortest = 0.001;  // keepalived takes a microsecond, which only a slip asks for
constexpr std::string_view kWhichServer = "which real server a client gets";

constexpr Arguments seconds() { return one(decimal(0, kSeconds)); }
constexpr Arguments some_seconds() { return one(decimal(kShortest, kSeconds)); }  // not 0

// One table after another.
template <std::size_t... kSizes>
constexpr auto join(const std::array<Keyword, kSizes>&... tables) {
  std::array<Keyword, (kSizes + ...)> out{};
  std::size_t at = 0;
  const auto append = [&](const auto& table) {
    for (const Keyword& keyword : table) out[at++] = keyword;
  };
  (append(tables), ...);
  return out;
}

// What every checker that can be tried again knows.
constexpr std::array kCommonWords = std::to_array<Keyword>({
    {"retry", kWorks, one(integer(0, kInt))},
    {"delay_before_retry", kWorks, seconds()},
    {"warmup", kWorks, seconds()},
    {"delay_loop", kWorks, some_seconds()},
    {"alpha", kWorks, maybe(boolean())},
    {"log_all_failures", kWorks, maybe(boolean())},
});

// What every checker that sends packets knows.
constexpr std::array kConnectionWords = join(kCommonWords, std::to_array<Keyword>({
                                                               {"connect_ip", kWorks, one(address())},
                                                               {"connect_port", kWorks, one(port())},
                                                               {"bindto", kWorks, one(address())},
                                                               {"bind_port", kWorks, one(port())},
                                                               {"bind_if", kWorks, one(interface_name())},
                                                               {"connect_timeout", kWorks, some_seconds()},
                                                               {"fwmark", kWorks, one(integer(0, 4'294'967'295))},
                                                           }));

constexpr std::array kUrlWords = std::to_array<Keyword>({
    {"path", kWorks, one(any())},
    {"digest", kWorks, one(md5())},
    {"status_code", kWorks, some(status_code())},
    {"virtualhost", kWorks, one(any())},
    {"regex", kWorks, one(any())},
    {"regex_no_match", kWorks, none()},
    {"regex_options", kWorks, some(any())},
    {"regex_stack", kWorks, two(integer(0, kInt), integer(0, kInt))},
    {"regex_min_offset", kWorks, one(integer(0, kInt))},
    {"regex_max_offset", kWorks, one(integer(1, kInt))},
    {"tls_compliant", kNothing, none(), "a server that closes without TLS's farewell is forgiven"},
});
constexpr Block kUrl{"url", Block::Content::kStatements, kUrlWords};

constexpr std::array kHttpOwnWords = std::to_array<Keyword>({
    {"nb_get_retry", kWorks, one(integer(0, kInt))},
    {"virtualhost", kWorks, one(any())},
    {"http_protocol", kWorks, one(choice("1.0|1.0C|1.0c|1.1"))},
    {"fast_recovery", kNothing, maybe(boolean()), "every URL is asked in each round anyway"},
    {"tls_compliant", kNothing, none(), "a server that closes without TLS's farewell is forgiven"},
    {"check_via", kWorks, one(choice("vip"))},
    {"url", kWorks, none(), {}, &kUrl},
});
constexpr std::array kHttpWords = join(kConnectionWords, kHttpOwnWords);
constexpr Block kHttp{"HTTP_GET", Block::Content::kStatements, kHttpWords};

constexpr std::array kSslOwnWords = std::to_array<Keyword>({
    {"enable_sni", kWorks, maybe(boolean())},
    {"sni_name", kWorks, one(any())},
});
constexpr std::array kSslGetWords = join(kConnectionWords, kHttpOwnWords, kSslOwnWords);
constexpr Block kSslGet{"SSL_GET", Block::Content::kStatements, kSslGetWords};

constexpr std::array kTcpOwnWords = std::to_array<Keyword>({
    {"check_via", kWorks, one(choice("vip"))},
    {"nb_get_retry", kNothing, one(integer(0, kInt)), "keepalived ignores it outside HTTP_GET and SSL_GET: write retry"},
});
constexpr std::array kTcpWords = join(kConnectionWords, kTcpOwnWords);
constexpr Block kTcp{"TCP_CHECK", Block::Content::kStatements, kTcpWords};

constexpr std::array kUdpOwnWords = std::to_array<Keyword>({
    {"payload", kWorks, some(any())},
    {"require_reply", kWorks, anything()},
    {"min_reply_length", kWorks, one(integer(0, 65535))},
    {"max_reply_length", kWorks, one(integer(0, 65535))},
});
constexpr std::array kUdpWords = join(kConnectionWords, kUdpOwnWords);
constexpr Block kUdp{"UDP_CHECK", Block::Content::kStatements, kUdpWords};

constexpr std::array kDnsOwnWords = std::to_array<Keyword>({
    {"type", kWorks, one(choice("A|NS|CNAME|SOA|MX|TXT|AAAA"))},
    {"name", kWorks, one(any())},
});
constexpr std::array kDnsWords = join(kConnectionWords, kDnsOwnWords);
constexpr Block kDns{"DNS_CHECK", Block::Content::kStatements, kDnsWords};

constexpr Block kHost{"host", Block::Content::kStatements, kConnectionWords};
constexpr std::array kSmtpOwnWords = std::to_array<Keyword>({
    {"helo_name", kWorks, one(any())},
    {"host", kWorks, none(), {}, &kHost},
});
constexpr std::array kSmtpWords = join(kConnectionWords, kSmtpOwnWords);
constexpr Block kSmtp{"SMTP_CHECK", Block::Content::kStatements, kSmtpWords};

constexpr Block kPing{"PING_CHECK", Block::Content::kStatements, kConnectionWords};

constexpr std::array kMiscOwnWords = std::to_array<Keyword>({
    {"misc_path", kWorks, one(any("a command"))},
    {"misc_timeout", kWorks, seconds()},
    {"misc_dynamic", kWorks, none()},
    {"user", kWorks, one_maybe(any(), any())},
});
constexpr std::array kMiscWords = join(kCommonWords, kMiscOwnWords);
constexpr Block kMisc{"MISC_CHECK", Block::Content::kStatements, kMiscWords};

constexpr std::array kFileCheckWords = std::to_array<Keyword>({
    {"track_file", kWorks, one(any())},
    {"weight", kWorks, one_maybe(integer(-kInt, kInt), choice("reverse|noreverse"))},
    {"dynamic", kNothing, none(), "keepalived does not know it either"},
    {"alpha", kNothing, maybe(boolean()), "what a file says is known at once"},
});
constexpr Block kFileCheck{"FILE_CHECK", Block::Content::kStatements, kFileCheckWords};

constexpr std::array kBfdCheckWords = std::to_array<Keyword>({
    {"name", kWorks, one(any())},
    {"alpha", kWorks, maybe(boolean())},
});
constexpr Block kBfdCheck{"BFD_CHECK", Block::Content::kStatements, kBfdCheckWords};

constexpr std::array kRealServerWords = std::to_array<Keyword>({
    {"weight", kWorks, one(integer(0, kInt))},
    {"uthreshold", kWorks, one(integer(0, 4'294'967'295))},
    {"lthreshold", kWorks, one(integer(0, 4'294'967'295))},
    {"lvs_method", kWorks, some(any())},

    {"HTTP_GET", kWorks, none(), {}, &kHttp},
    {"SSL_GET", kWorks, none(), {}, &kSslGet},
    {"TCP_CHECK", kWorks, none(), {}, &kTcp},
    {"UDP_CHECK", kWorks, none(), {}, &kUdp},
    {"DNS_CHECK", kWorks, none(), {}, &kDns},
    {"SMTP_CHECK", kWorks, none(), {}, &kSmtp},
    {"PING_CHECK", kWorks, none(), {}, &kPing},
    {"MISC_CHECK", kWorks, none(), {}, &kMisc},
    {"FILE_CHECK", kWorks, none(), {}, &kFileCheck},
    {"BFD_CHECK", kRefused, none(), "which real servers are up", &kBfdCheck},

    {"retry", kWorks, one(integer(1, kInt))},
    {"delay_before_retry", kWorks, seconds()},
    {"warmup", kWorks, seconds()},
    {"connect_timeout", kWorks, some_seconds()},
    {"delay_loop", kWorks, some_seconds()},
    {"virtualhost", kWorks, one(any())},
    {"inhibit_on_failure", kWorks, maybe(boolean())},
    {"alpha", kWorks, maybe(boolean())},
    {"notify_up", kWorks, script()},
    {"notify_down", kWorks, script()},
    {"smtp_alert", kWorks, maybe(boolean())},

    {"snmp_name", kNothing, one(any()), kNoSnmp},
});
constexpr Block kRealServer{"real_server", Block::Content::kStatements, kRealServerWords};

constexpr std::array kVirtualServerWords = std::to_array<Keyword>({
    {"lb_algo", kWorks, one(any())},
    {"lvs_sched", kWorks, one(any())},
    {"lb_kind", kWorks, some(any())},
    {"lvs_method", kWorks, some(any())},
    {"protocol", kWorks, one(any())},
    {"weight", kWorks, one(integer(0, kInt))},
    {"real_server", kWorks, {{any("an address"), any("a port")}, 1, 2, false}, {}, &kRealServer},
    {"quorum", kWorks, one(integer(1, kInt))},
    {"hysteresis", kWorks, one(integer(0, kInt))},

    {"persistence_timeout", kRefused, maybe(integer(1, kInt)), kWhichServer},
    {"persistence_granularity", kRefused, one(any()), kWhichServer},
    {"persistence_engine", kRefused, one(any()), kWhichServer},
    {"ops", kRefused, none(), kWhichServer},
    {"hashed", kRefused, none(), kWhichServer},
    {"flag-1", kRefused, none(), kWhichServer},
    {"flag-2", kRefused, none(), kWhichServer},
    {"flag-3", kRefused, none(), kWhichServer},
    {"sh-port", kRefused, none(), kWhichServer},
    {"sh-fallback", kRefused, none(), kWhichServer},
    {"mh-port", kWorks, none()},
    {"mh-fallback", kWorks, none()},

    {"delay_loop", kWorks, some_seconds()},
    {"retry", kWorks, one(integer(1, kInt))},
    {"delay_before_retry", kWorks, seconds()},
    {"warmup", kWorks, seconds()},
    {"connect_timeout", kWorks, some_seconds()},
    {"virtualhost", kWorks, one(any())},
    {"alpha", kWorks, maybe(boolean())},
    {"omega", kWorks, none()},
    {"inhibit_on_failure", kWorks, maybe(boolean())},
    {"ha_suspend", kNothing, none(), "servers are checked wherever the VIP is"},
    {"quorum_up", kWorks, script()},
    {"quorum_down", kWorks, script()},
    {"sorry_server", kWorks, {{any("an address"), any("a port")}, 1, 2, false}},
    {"sorry_server_inhibit", kWorks, none()},
    {"sorry_server_lvs_method", kWorks, some(any())},
    {"smtp_alert", kWorks, maybe(boolean())},

    {"ip_family", kNothing, one(choice("inet|inet6")), "the address says it"},
    {"snmp_name", kNothing, one(any()), kNoSnmp},
});
constexpr Block kVirtualServer{"virtual_server", Block::Content::kStatements, kVirtualServerWords};

constexpr std::array kSslWords = std::to_array<Keyword>({
    {"password", kWorks, one(any())},
    {"ca", kWorks, one(any())},
    {"certificate", kWorks, one(any())},
    {"key", kWorks, one(any())},
});
constexpr Block kSsl{"SSL", Block::Content::kStatements, kSslWords};

}  // namespace

const Block& virtual_server_block() { return kVirtualServer; }
const Block& real_server_block() { return kRealServer; }
const Block& ssl_block() { return kSsl; }

}  // namespace penstock::config
