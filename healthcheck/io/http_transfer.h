// One GET request as a libcurl handle: how keepalived would ask, and what libcurl's result means. For http_probe.cc only.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "healthcheck/io/curl_multi.h"
#include "healthcheck/io/probe_sockets.h"
#include "healthcheck/probe_result.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

class HttpTransfer {
 public:
  // False: nothing more is wanted.
  using TakeBytes = std::move_only_function<bool(std::span<const std::byte>)>;

  struct Request {
    const CheckSpec& check;
    const HttpCheck& http;
    const HttpUrl& url;
    const TlsFiles& tls;
    std::chrono::milliseconds deadline;
  };

  // All of the request must outlive the transfer.
  HttpTransfer(const ProbeSockets& sockets, const Request& request, TakeBytes take_body, TakeBytes take_header);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Null when libcurl has no memory for it.
  [[nodiscard]] CURL* handle() const { return easy_.get(); }
  [[nodiscard]] int status() const;
  // What the end of the transfer means; success for a complete reply, whatever its status.
  [[nodiscard]] ProbeResult result_of(CURLcode code) const;

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static CURLcode on_tls(CURL* easy, void* context, void* self);
  void set_request(const Request& request);
  void set_tls(const Request& request);
  [[nodiscard]] ProbeResult result_of_timeout() const;
  [[nodiscard]] long os_error() const;

  void append(CurlList& list, const std::string& line);
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK) is_refused_ = true;
  }

  const ProbeSockets& sockets_;
  const Connection& connection_;
  bool is_tls_;
  bool is_tls_compliant_;
  bool tls_has_begun_ = false;
  CurlEasy easy_;
  CurlList headers_;
  CurlList connect_to_;
  TakeBytes take_body_;
  TakeBytes take_header_;
  std::optional<ProbeResult> own_failure_;  // no socket, too large a body
  bool is_refused_ = false;                 // libcurl had no memory for an option
  std::string error_text_;
};

}  // namespace penstock::healthcheck
