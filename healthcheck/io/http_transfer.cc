#include "healthcheck/io/http_transfer.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "healthcheck/io/one_line.h"
#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

std::string in_brackets(const packet::IpAddress& address) {
  return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

// "www.example.org" of the virtual host "www.example.org:8080".
std::string without_port(const std::string& host) { return host.substr(0, host.find(':')); }

}  // namespace

HttpTransfer::HttpTransfer(const ProbeSockets& sockets, const Request& request, TakeBytes take_body, TakeBytes take_header)
    : sockets_{sockets},
      connection_{request.check.connection},
      is_tls_{request.http.tls},
      is_tls_compliant_{request.http.tls_compliant},
      easy_{curl_easy_init()},
      take_body_{std::move(take_body)},
      take_header_{std::move(take_header)},
      error_text_(CURL_ERROR_SIZE, '\0') {
  if (!easy_) return;
  set_request(request);
  if (is_tls_) set_tls(request);
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  if (is_refused_) easy_.reset();
}

void HttpTransfer::set_request(const Request& request) {
  const HttpCheck& http = request.http;
  const packet::Endpoint& server = request.check.connection.target;
  const packet::Endpoint to = request.check.connection.via_vip.value_or(server);
  // libcurl takes the TLS greeting's name from the URL, so where there is one the URL has it, and CONNECT_TO says where it
  // really is.
  std::string name = http.sni_name;
  if (name.empty()) name = without_port(!request.url.virtual_host.empty() ? request.url.virtual_host : http.virtual_host);
  const bool by_name = http.tls && http.send_sni && !name.empty();
  const std::string place = in_brackets(to.address) + ":" + std::to_string(to.port);
  if (by_name) {
    append(connect_to_, name + ":" + std::to_string(to.port) + ":" + place);
    set(CURLOPT_CONNECT_TO, connect_to_.get());
  }
  const std::string authority = by_name ? name + ":" + std::to_string(to.port) : place;
  set(CURLOPT_URL, ((http.tls ? "https://" : "http://") + authority + "/").c_str());
  set(CURLOPT_REQUEST_TARGET, request.url.path.c_str());  // as it is written, never normalised

  std::string host = !request.url.virtual_host.empty() ? request.url.virtual_host : http.virtual_host;
  if (host.empty())
    host = in_brackets(server.address) + ":" + std::to_string(server.port);  // always with the port, as keepalived
  for (const std::string& line : {"Host: " + host, std::string{"Accept:"}}) append(headers_, line);
  if (http.version != HttpCheck::Version::k10) append(headers_, "Connection: close");
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_USERAGENT, "KeepAliveClient");
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(http.version == HttpCheck::Version::k11 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_1_0));
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);  // addresses need no cache, and libcurl walks it whole at each transfer's end
  // libcurl takes 0 for "no limit".
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::chrono::milliseconds::rep>(request.deadline.count(), 1)));
}

void HttpTransfer::append(CurlList& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) {
    is_refused_ = true;
    return;
  }
  static_cast<void>(list.release());
  list.reset(longer);
}

// As keepalived, servers' certificates count only where the SSL block names a `ca`.
void HttpTransfer::set_tls(const Request& request) {
  const TlsFiles& tls = request.tls;
  const bool verify = !tls.ca.empty();
  const bool has_name = connect_to_ != nullptr;
  set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, verify && has_name ? 2L : 0L);
  if (verify) set(CURLOPT_CAINFO, tls.ca.c_str());
  if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
  if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
  if (!tls.password.empty()) set(CURLOPT_KEYPASSWD, tls.password.c_str());
  set(CURLOPT_SSL_ENABLE_ALPN, 0L);
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // each probe sees the whole handshake
  set(CURLOPT_SSL_CTX_FUNCTION, &HttpTransfer::on_tls);
  set(CURLOPT_SSL_CTX_DATA, this);
}

// Once the connection is there and the handshake begins. OpenSSL 3 calls it an error when a server closes without TLS's
// farewell; most clients never did, and neither does keepalived unless it is told.
CURLcode HttpTransfer::on_tls(CURL*, void* context, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  auto* const tls = static_cast<SSL_CTX*>(context);
  transfer.tls_has_begun_ = true;
  if (transfer.is_tls_compliant_) {
    SSL_CTX_clear_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
  } else {
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
  }
  return CURLE_OK;
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (transfer.take_body_(std::as_bytes(std::span{data, size * count}))) return size * count;
  transfer.own_failure_ = ProbeResult{.failure = ProbeFailure::kReplyTooLarge, .detail = "the body is too large for a check"};
  return 0;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<void>(static_cast<HttpTransfer*>(self)->take_header_(std::as_bytes(std::span{data, size * count})));
  return size * count;
}

curl_socket_t HttpTransfer::on_open_socket(void* self, curlsocktype, curl_sockaddr*) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  auto socket = transfer.sockets_.open_stream(transfer.connection_);
  if (socket) return socket->release();
  transfer.own_failure_ = std::move(socket.error());
  return CURL_SOCKET_BAD;
}

int HttpTransfer::status() const {
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

long HttpTransfer::os_error() const {
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  return error;
}

ProbeResult HttpTransfer::result_of_timeout() const {
  curl_off_t connected = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected);
  return {.failure = connected == 0 && !tls_has_begun_ ? ProbeFailure::kConnectTimeout : ProbeFailure::kTimeout};
}

ProbeResult HttpTransfer::result_of(CURLcode code) const {
  if (code == CURLE_OK) return {};
  if (own_failure_) return *own_failure_;
  const std::string words = error_text_.substr(0, error_text_.find('\0'));  // up to its end mark
  const auto failed = [&](ProbeFailure failure) {
    return ProbeResult{.failure = failure, .detail = in_one_line(words.empty() ? curl_easy_strerror(code) : words, '?')};
  };
  switch (code) {
    case CURLE_COULDNT_CONNECT: return failure_of(static_cast<int>(os_error()));
    case CURLE_OPERATION_TIMEDOUT: return result_of_timeout();
    case CURLE_SEND_ERROR: return failed(ProbeFailure::kReset);
    case CURLE_RECV_ERROR:  // the connection's end, in TLS also a stream without its farewell; or a chunked body that is none
      if (os_error() == ETIMEDOUT) return failed(ProbeFailure::kTimeout);
      if (os_error() != 0) return failed(failure_of(static_cast<int>(os_error())).failure);
      return failed(is_tls_ ? ProbeFailure::kClosedEarly : ProbeFailure::kMalformedReply);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING: return failed(ProbeFailure::kClosedEarly);
    case CURLE_SSL_CONNECT_ERROR: return failed(ProbeFailure::kTlsHandshake);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return failed(ProbeFailure::kTlsCertificate);
    case CURLE_UNSUPPORTED_PROTOCOL:  // "HTTP/0.9": no status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR: return failed(ProbeFailure::kMalformedReply);
    case CURLE_FILESIZE_EXCEEDED: return failed(ProbeFailure::kReplyTooLarge);
    case CURLE_COULDNT_RESOLVE_HOST:  // there is an address in the place of the name: no memory, or no thread
    case CURLE_FAILED_INIT:
    case CURLE_OUT_OF_MEMORY: return failed(ProbeFailure::kNotRun);
    case CURLE_SSL_CACERT_BADFILE:  // wrong, or not to be opened while the connection had its descriptor
    case CURLE_SSL_CERTPROBLEM: return failed(can_open_descriptors(2) ? ProbeFailure::kLocal : ProbeFailure::kNotRun);
    default: return failed(ProbeFailure::kLocal);
  }
}

}  // namespace penstock::healthcheck
