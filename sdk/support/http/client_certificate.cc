#include "support/http/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

namespace slipway::http {
namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;

std::string contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string common_name(X509* certificate) {
  const X509_NAME* name = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  std::string result(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return result;
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string serial_number(X509* certificate) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(
      ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), nullptr), [](BIGNUM* n) { BN_free(n); });
  if (!number) return {};
  char* text = BN_bn2hex(number.get());
  if (text == nullptr) return {};
  std::string result(text);
  OPENSSL_free(text);
  return result;
}

}  // namespace

std::shared_ptr<const ClientCertificate> client_certificate(SSL* ssl) {
  if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE || SSL_get_verify_result(ssl) != X509_V_OK) return nullptr;
  const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl),
                                                           [](X509* c) { X509_free(c); });
  if (!certificate) return nullptr;
  auto result = std::make_shared<ClientCertificate>();
  result->common_name = common_name(certificate.get());
  result->serial = serial_number(certificate.get());
  if (const BioPtr bio(BIO_new(BIO_s_mem())); bio) {
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    result->subject = contents(bio.get());
  }
  if (const BioPtr bio(BIO_new(BIO_s_mem())); bio && PEM_write_bio_X509(bio.get(), certificate.get()) == 1)
    result->pem = contents(bio.get());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest, &size) == 1) result->fingerprint = hex(digest, size);
  return result;
}

}  // namespace slipway::http
