// TLS for scripts of ScriptedServer: certificates made on the spot, and a server's end of a session.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "tests/healthcheck/io/scripted_server.h"

namespace penstock::healthcheck::test {

// A self-signed certificate for a name, with its key; also a file with the certificate, to be trusted as `ca`.
class Certificate {
 public:
  enum class Validity { kNow, kPast };
  explicit Certificate(const std::string& name, Validity validity = Validity::kNow);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] X509* certificate() const { return certificate_; }
  [[nodiscard]] EVP_PKEY* key() const { return key_; }
  [[nodiscard]] std::string file() const { return file_; }

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::filesystem::path file_;
};

// The server's end of a TLS session over a peer's connection.
class TlsPeer {
 public:
  // Shakes hands; is_open() says whether it came to that.
  TlsPeer(Peer& peer, const Certificate& certificate);
  [[nodiscard]] bool is_open() const { return is_open_; }
  std::string read_request();
  void send(std::string_view bytes);
  // TLS's farewell (close_notify). Without it the stream just ends.
  void say_farewell();
  // The name in the client's greeting; empty: none.
  [[nodiscard]] std::string name_asked_for() const;

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> session_;
  bool is_open_ = false;
};

}  // namespace penstock::healthcheck::test
