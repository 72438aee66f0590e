// `penstock genhash`: the digest of a page, for keepalived.conf's `digest`, by the same request that the check will make.
//
// keepalived's options and output. What is better: a failure ends with a status other than 0 and its reason on standard error,
// and so does an answer outside 200-299 (its digest is printed all the same, as keepalived does); a server may be given by
// name.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "healthcheck/spec/check_spec.h"

namespace penstock::control {

struct GenhashRequest {
  std::string server;  // a name or an address
  std::uint16_t port = 0;
  std::string url;
  bool tls = false;
  bool sni = false;
  std::string virtual_host;
  healthcheck::HttpCheck::Version version = healthcheck::HttpCheck::Version::k10;
  std::uint32_t fwmark = 0;
  healthcheck::Duration timeout{std::chrono::seconds{30}};
  bool verbose = false;
  bool old_format = false;  // "MD5SUM = ...", as genhash printed until keepalived 2.2
  bool help = false;

  friend bool operator==(const GenhashRequest&, const GenhashRequest&) = default;
};

// The words behind "genhash". The error is one line.
[[nodiscard]] std::expected<GenhashRequest, std::string> parse_genhash(const std::vector<std::string>& words);
[[nodiscard]] std::string genhash_help();

// The whole command on standard output and error; returns the exit status: 0 done, 1 no page or an unexpected status, 2 wrong
// usage.
int run_genhash(const std::vector<std::string>& words);

}  // namespace penstock::control
