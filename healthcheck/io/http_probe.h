// HTTP_GET and SSL_GET by libcurl: every URL of the check, one after another, within one deadline.
//
// The request is keepalived's: `User-Agent: KeepAliveClient`, a Host header, nothing else; no redirect is followed, no proxy,
// cookie, password file or environment is looked at; each request has a connection of its own. Unlike keepalived a chunked body
// is decoded.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/probe.h"
#include "healthcheck/io/probe_sockets.h"

namespace penstock::healthcheck {

// What a probe met that its result doesn't say: for genhash.
struct HttpSight {
  int status = 0;
  std::string headers;
  std::string body;
  std::string digest;  // MD5 of the body
};

struct HttpProbeSetup {
  control::EventLoop& loop;
  CurlMulti& curl;
  ProbeSockets& sockets;
  const TlsFiles& tls;  // copied
};

// Precondition: the check's kind is HttpCheck. `curl` and `sockets` must outlive the probe.
[[nodiscard]] std::unique_ptr<Probe> start_http_probe(const HttpProbeSetup& setup, const CheckSpec& check, ProbeDone done);

// The same for the first URL alone, whatever answer it gets: a complete reply is a success.
using SightDone = std::move_only_function<void(ProbeResult, HttpSight)>;
[[nodiscard]] std::unique_ptr<Probe> look_at_page(const HttpProbeSetup& setup, const CheckSpec& check, SightDone done);

}  // namespace penstock::healthcheck
