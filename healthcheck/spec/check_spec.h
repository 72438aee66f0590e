// What a real server is asked, and when: one check of a configuration as plain values, every default resolved.
//
// The binder (config/) makes them, the checker and the probes (healthcheck/) run by them. Two checks that compare equal send
// the same packets at the same pace and judge alike, so one of them can speak for both (Monitor shares them). Defaults and
// ranges are keepalived's (keepalived.conf(5), section "checkers").
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "notify/script.h"

namespace penstock::healthcheck {

using Duration = std::chrono::microseconds;

// When a check is made, and how often it must fail to count.
struct Pace {
  Duration delay_loop{std::chrono::seconds{60}};         // from one check to the next
  Duration warmup{std::chrono::seconds{60}};             // the first check comes at a random time within it; 0: at once
  Duration delay_before_retry{std::chrono::seconds{1}};  // from a failure to the next try
  std::uint32_t retry = 1;                               // tries after the first failure before the server counts as down
  bool alpha = false;                                    // down until the first success
  bool log_all_failures = false;                         // each failed try gets its line, not only the last

  friend bool operator==(const Pace&, const Pace&) = default;
};

// Where a probe's packets go, and from where.
struct Connection {
  packet::Endpoint target{};                        // connect_ip, connect_port; else the real server's own
  std::optional<packet::IpAddress> bind_address{};  // bindto
  std::uint16_t bind_port = 0;                      // 0: any
  std::string bind_interface{};                     // bind_if (SO_BINDTODEVICE); empty: none
  std::uint32_t fwmark = 0;                         // SO_MARK; 0: none
  Duration timeout{std::chrono::seconds{5}};        // connect_timeout: the deadline of the whole probe
  std::optional<packet::Endpoint> via_vip{};        // check_via vip: the probe is addressed to this virtual server and is
                                                    // delivered to `target`'s MAC address through the data plane

  friend bool operator==(const Connection&, const Connection&) = default;
};

// Up when a connection is accepted. Ended in an orderly way.
struct TcpCheck {
  friend bool operator==(const TcpCheck&, const TcpCheck&) = default;
};

// A status code of HTTP, or a range of them: 100..599, first <= last.
struct StatusRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

// A PCRE2 pattern that the body must match (or must not).
struct BodyPattern {
  std::string pattern;
  bool must_match = true;        // false: regex_no_match
  std::uint32_t options = 0;     // PCRE2_CASELESS and the like, as compiled
  std::uint32_t min_offset = 0;  // regex_min_offset: bytes of the body before which no match counts
  std::uint32_t max_offset = 0;  // regex_max_offset: where the last match may begin; 0: anywhere
  std::size_t stack_start = 0;   // regex_stack, in bytes as pcre2_jit_stack_create() takes them; 0: PCRE2's own
  std::size_t stack_max = 0;

  friend bool operator==(const BodyPattern&, const BodyPattern&) = default;
};

struct HttpUrl {
  std::string path = "/";
  std::string virtual_host{};         // empty: HttpCheck's
  std::vector<StatusRange> status{};  // empty: any of 200..299
  std::string digest{};               // MD5 of the body in 32 lower-case hex digits; empty: not looked at
  std::optional<BodyPattern> pattern{};

  friend bool operator==(const HttpUrl&, const HttpUrl&) = default;
};

// HTTP_GET and SSL_GET: up when every URL answers as it should.
struct HttpCheck {
  // k10: "HTTP/1.0" with `Connection: close`... as keepalived names them: 1.0, 1.0C and 1.1.
  enum class Version : std::uint8_t { k10, k10C, k11 };

  bool tls = false;
  Version version = Version::k10;
  std::string virtual_host{};   // the Host header; empty: the target's address and port
  bool send_sni = false;        // enable_sni: the virtual host's name in the TLS greeting
  std::string sni_name{};       // another name for it
  bool tls_compliant = false;   // an end of the stream without TLS's close_notify is a failure
  std::vector<HttpUrl> urls{};  // at least one in a bound model

  friend bool operator==(const HttpCheck&, const HttpCheck&) = default;
};

// Certificates of the SSL block, for every SSL_GET. Paths; empty: none.
struct TlsFiles {
  std::string ca{};           // servers' certificates are verified against it
  std::string certificate{};  // ours, for servers that ask
  std::string key{};
  std::string password{};  // of the key. A secret: never logged or dumped.

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// One byte of a wanted UDP reply: (reply & mask) == value. `x` in the configuration leaves four bits open.
struct MaskedByte {
  std::uint8_t value = 0;
  std::uint8_t mask = 0xff;
  friend bool operator==(const MaskedByte&, const MaskedByte&) = default;
};

// Up when no ICMP error comes back within the timeout; with `require_reply` when a fitting answer does.
struct UdpCheck {
  std::vector<std::uint8_t> payload{};
  bool require_reply = false;
  std::vector<MaskedByte> reply{};  // the answer begins so; empty: anything
  std::uint16_t min_reply_length = 0;
  std::uint16_t max_reply_length = 255;

  friend bool operator==(const UdpCheck&, const UdpCheck&) = default;
};

// Up when the server answers the question with response code 0.
struct DnsCheck {
  // The number of the query's type (RFC 1035, 3.2.2; AAAA: RFC 3596).
  // NOLINTNEXTLINE(performance-enum-size): as on the wire
  enum class Type : std::uint16_t { kA = 1, kNs = 2, kCname = 5, kSoa = 6, kMx = 15, kTxt = 16, kAaaa = 28 };

  Type type = Type::kSoa;
  std::string name = ".";

  friend bool operator==(const DnsCheck&, const DnsCheck&) = default;
};

// Up when the server greets, takes HELO and takes QUIT.
struct SmtpCheck {
  std::string helo_name{};  // in a bound model never empty

  friend bool operator==(const SmtpCheck&, const SmtpCheck&) = default;
};

// Up when an ICMP echo comes back.
struct PingCheck {
  friend bool operator==(const PingCheck&, const PingCheck&) = default;
};

using Script = notify::Script;

// Up when the command exits with 0 (or, with `dynamic`, with 2..255, which sets the weight to that less 2).
struct MiscCheck {
  Script script{};
  Duration timeout{};  // misc_timeout; in a bound model never 0 (default: delay_loop)
  bool dynamic = false;

  friend bool operator==(const MiscCheck&, const MiscCheck&) = default;
};

// The number in a file (track_file): with weight 0 a number other than 0 is a failure (with `reverse`: 0 is one), else number *
// weight (`reverse`: its negative) is added to the server's weight, and -2147483647 or less is a failure.
struct FileCheck {
  std::string track_file{};  // the name of the track_file block
  std::string path{};
  std::int32_t weight = 0;
  bool reverse = false;

  friend bool operator==(const FileCheck&, const FileCheck&) = default;
};

using CheckKind = std::variant<TcpCheck, HttpCheck, UdpCheck, DnsCheck, SmtpCheck, PingCheck, MiscCheck, FileCheck>;

struct CheckSpec {
  packet::Endpoint server{};    // whom it is about, as log lines and listings say
  packet::Protocol protocol{};  // of the virtual server, likewise
  Pace pace{};
  Connection connection{};  // of no meaning for MISC_CHECK and FILE_CHECK
  CheckKind kind{};

  friend bool operator==(const CheckSpec&, const CheckSpec&) = default;
};

// "TCP_CHECK", "HTTP_GET", "SSL_GET", ...: the block's name in keepalived.conf.
[[nodiscard]] std::string_view keyword_of(const CheckSpec& check);

}  // namespace penstock::healthcheck
