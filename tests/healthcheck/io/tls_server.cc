#include "tests/healthcheck/io/tls_server.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace penstock::healthcheck::test {
namespace {

constexpr long kDay = 86'400;

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Certificate::Certificate(const std::string& name, Validity validity) : key_{EVP_EC_gen("P-256")}, certificate_{X509_new()} {
  const bool is_past = validity == Validity::kPast;
  X509_set_version(certificate_, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate_), is_past ? -20 * kDay : -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate_), is_past ? -10 * kDay : kDay);
  X509_set_pubkey(certificate_, key_);
  X509_NAME* const subject = X509_get_subject_name(certificate_);
  std::string text = name;
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             static_cast<const unsigned char*>(static_cast<const void*>(text.data())),
                             static_cast<int>(text.size()), -1, 0);
  X509_set_issuer_name(certificate_, subject);
  add_extension(certificate_, NID_subject_alt_name, "DNS:" + name);
  add_extension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate_, key_, EVP_sha256());
  std::string path = std::filesystem::temp_directory_path() / "penstock-certificate-XXXXXX";
  const int fd = mkstemp(path.data());
  std::FILE* const file = fdopen(fd, "w");
  PEM_write_X509(file, certificate_);
  std::fclose(file);
  file_ = path;
}

Certificate::~Certificate() {
  std::filesystem::remove(file_);
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TlsPeer::TlsPeer(Peer& peer, const Certificate& certificate)
    : context_{SSL_CTX_new(TLS_server_method()), SSL_CTX_free}, session_{nullptr, SSL_free} {
  SSL_CTX_use_certificate(context_.get(), certificate.certificate());
  SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
  session_.reset(SSL_new(context_.get()));
  SSL_set_fd(session_.get(), peer.fd());
  is_open_ = SSL_accept(session_.get()) == 1;
}

std::string TlsPeer::read_request() {
  std::string request;
  std::array<char, 4096> piece{};
  while (!request.contains("\r\n\r\n")) {
    const int length = SSL_read(session_.get(), piece.data(), piece.size());
    if (length <= 0) break;
    request.append(piece.data(), static_cast<std::size_t>(length));
  }
  return request;
}

void TlsPeer::send(std::string_view bytes) { SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())); }

void TlsPeer::say_farewell() { SSL_shutdown(session_.get()); }

std::string TlsPeer::name_asked_for() const {
  const char* const name = SSL_get_servername(session_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

}  // namespace penstock::healthcheck::test
