#include "control/genhash/genhash.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <boost/program_options.hpp>
#include <cstring>
#include <memory>
#include <optional>

#include "control/loop/event_loop.h"
#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/http_probe.h"

namespace penstock::control {
namespace {

namespace po = boost::program_options;
using healthcheck::CheckSpec;
using healthcheck::HttpCheck;
using healthcheck::HttpSight;
using healthcheck::ProbeResult;

constexpr std::string_view kHelp =
    R"(penstock genhash: the MD5 digest of a page, for `digest' in keepalived.conf

Usage: penstock genhash [-S [-I]] -s SERVER -p PORT -u URL [OPTIONS]

  -s, --server SERVER           address or name of the server
  -p, --port PORT               its port
  -u, --url URL                 the path of the page
  -S, --use-ssl                 over TLS
  -I, --use-sni                 with the virtual host's name in the TLS greeting
  -V, --use-virtualhost NAME    the Host header
  -P, --protocol 1.0|1.0c|1.1   HTTP's version; 1.0c: with `Connection: close'
  -t, --timeout SECONDS         how long it may take (default 30)
  -m, --fwmark MARK             mark of the packets
  -v, --verbose                 also headers and body
      --old                     print `MD5SUM = ...', as genhash once did
  -h, --help                    this page

Exit status: 0 done, 1 no page (or not 200-299), 2 wrong usage.
)";

std::optional<HttpCheck::Version> version_of(const std::string& word) {
  if (word == "1.0") return HttpCheck::Version::k10;
  if (word == "1.0c" || word == "1.0C") return HttpCheck::Version::k10C;
  if (word == "1.1") return HttpCheck::Version::k11;
  return std::nullopt;
}

std::expected<packet::IpAddress, std::string> address_of(const std::string& server) {
  if (const auto address = packet::IpAddress::parse(server)) return *address;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(server.c_str(), nullptr, &wanted, &found);
  if (failure != 0) return std::unexpected{fmt::format("{}: {}", server, gai_strerror(failure))};
  char text[NI_MAXHOST];
  const int named = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  const auto address = named == 0 ? packet::IpAddress::parse(text) : std::nullopt;
  if (!address) return std::unexpected{fmt::format("{}: no address that can be used", server)};
  return *address;
}

CheckSpec check_for(const GenhashRequest& request, const packet::IpAddress& address) {
  CheckSpec check;
  check.server = {address, request.port};
  check.connection.target = check.server;
  check.connection.fwmark = request.fwmark;
  check.connection.timeout = request.timeout;
  check.kind = HttpCheck{.tls = request.tls,
                         .version = request.version,
                         .virtual_host = request.virtual_host,
                         .send_sni = request.sni,
                         .urls = {{.path = request.url}}};
  return check;
}

std::string hex_dump(std::string_view bytes) {
  constexpr std::size_t kInLine = 16;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += kInLine) {
    std::string hex;
    std::string text;
    for (const char c : bytes.substr(at, kInLine)) {
      const auto byte = static_cast<unsigned char>(c);
      hex += fmt::format("{:02x} ", byte);
      text += byte >= 0x20 && byte < 0x7f ? c : '.';
    }
    out += fmt::format("{:04x}  {:<48} {}\n", at, hex, text);
  }
  return out;
}

std::string banner(std::string_view title) {
  return fmt::format("-----------------------[{:^26}]-----------------------\n", title);
}

std::string verbose_text(const HttpSight& sight) {
  return banner("HTTP Header Buffer") + hex_dump(sight.headers) + banner("HTTP Header Ascii Buffer") + sight.headers +
         banner("HTML Buffer") + hex_dump(sight.body) + banner("HTML hash resulting");
}

void print(const GenhashRequest& request, const ProbeResult& result, const HttpSight& sight) {
  if (request.verbose) fmt::print("{}", verbose_text(sight));
  fmt::print("{}{}\n{}", request.old_format ? "MD5SUM = " : "", sight.digest, request.old_format ? "\n" : "");
  if (request.verbose) fmt::print("\nGlobal response time for [{}] = {} usecs\n", request.url, result.latency.count());
}

int fail(int status, const std::string& sentence) {
  fmt::print(stderr, "penstock genhash: {}\n", sentence);
  return status;
}

int look(const GenhashRequest& request, const packet::IpAddress& address) {
  EventLoop loop;
  healthcheck::CurlMulti curl{loop};
  healthcheck::ProbeSockets sockets{loop};
  const healthcheck::TlsFiles no_files;
  ProbeResult result;
  HttpSight sight;
  const auto probe = healthcheck::look_at_page({loop, curl, sockets, no_files}, check_for(request, address),
                                               [&](ProbeResult of_probe, HttpSight seen) {
                                                 result = std::move(of_probe);
                                                 sight = std::move(seen);
                                                 loop.stop();
                                               });
  loop.run();
  if (!result.is_success()) {
    return fail(1, fmt::format("{}{}{}", to_string(result.failure), result.detail.empty() ? "" : ": ", result.detail));
  }
  print(request, result, sight);
  if (sight.status >= 200 && sight.status <= 299) return 0;
  return fail(1, fmt::format("the server's answer is {}: the digest is that of its error page", sight.status));
}

}  // namespace

std::expected<GenhashRequest, std::string> parse_genhash(const std::vector<std::string>& words) {
  GenhashRequest request;
  unsigned port = 0;
  double timeout = 30;
  std::string protocol = "1.0";
  po::options_description options;
  options.add_options()("server,s", po::value(&request.server))("port,p", po::value(&port))("url,u", po::value(&request.url))(
      "use-virtualhost,V", po::value(&request.virtual_host))("protocol,P", po::value(&protocol))(
      "timeout,t", po::value(&timeout))("fwmark,m", po::value(&request.fwmark));
  options.add_options()("use-ssl,S", po::bool_switch(&request.tls))("use-sni,I", po::bool_switch(&request.sni))(
      "verbose,v", po::bool_switch(&request.verbose))("old", po::bool_switch(&request.old_format))(
      "help,h", po::bool_switch(&request.help));
  try {
    po::variables_map given;
    constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser{words}.options(options).positional({}).style(kStyle).run(), given);
    po::notify(given);
  } catch (const po::error& error) {
    return std::unexpected{std::string{error.what()}};
  }
  if (request.help) return request;
  if (request.server.empty() || request.url.empty() || port == 0) return std::unexpected{"-s, -p and -u must be given"};
  if (port > 65535) return std::unexpected{fmt::format("{} is not a port from 1 to 65535", port)};
  const auto version = version_of(protocol);
  if (!version) return std::unexpected{fmt::format("{} is not 1.0, 1.0c or 1.1", protocol)};
  if (timeout <= 0 || timeout > 3600) return std::unexpected{"the timeout must lie above 0 and be at most 3600"};
  if (!request.url.starts_with('/')) return std::unexpected{"the url is a path: it begins with a slash"};
  request.port = static_cast<std::uint16_t>(port);
  request.version = *version;
  request.timeout = std::chrono::duration_cast<healthcheck::Duration>(std::chrono::duration<double>{timeout});
  return request;
}

std::string genhash_help() { return std::string{kHelp}; }

int run_genhash(const std::vector<std::string>& words) {
  const auto request = parse_genhash(words);
  if (!request) return fail(2, request.error() + "; see `penstock genhash --help'");
  if (request->help) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const auto address = address_of(request->server);
  if (!address) return fail(1, address.error());
  return look(*request, *address);
}

}  // namespace penstock::control
