#include "core/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

namespace slipway::crypto {
namespace {

const EVP_MD* algorithm(DigestKind kind) noexcept {
  switch (kind) {
    case DigestKind::Md5:
      return EVP_md5();
    case DigestKind::Sha1:
      return EVP_sha1();
    case DigestKind::Sha256:
      return EVP_sha256();
    case DigestKind::Sha512:
      return EVP_sha512();
  }
  return nullptr;
}

Error refused(std::string_view what) { return {Errc::Internal, std::string(what), "refused by the TLS library"}; }

unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::size_t digest_size(DigestKind kind) noexcept {
  switch (kind) {
    case DigestKind::Md5:
      return 16;
    case DigestKind::Sha1:
      return 20;
    case DigestKind::Sha256:
      return 32;
    case DigestKind::Sha512:
      return 64;
  }
  return 0;
}

Result<std::string> digest(DigestKind kind, std::string_view bytes) {
  std::string result(digest_size(kind), '\0');
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), bytes_of(result), &size, algorithm(kind), nullptr) != 1 ||
      size != result.size()) {
    return refused("message digest");
  }
  return result;
}

Result<std::string> pbkdf2(DigestKind kind, std::string_view password, std::string_view salt, int iterations,
                           std::size_t length) {
  std::string key(length, '\0');
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()), iterations,
                        algorithm(kind), static_cast<int>(length), bytes_of(key)) != 1) {
    return refused("pbkdf2");
  }
  return key;
}

Result<std::string> hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                                std::size_t length) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
  if (!kdf) return refused("hkdf");
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  if (!context) return refused("hkdf");
  const auto octets = [](const char* name, std::string_view value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
  };
  char sha256[] = "SHA256";
  OSSL_PARAM parameters[5];
  std::size_t count = 0;
  parameters[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0);
  parameters[count++] = octets(OSSL_KDF_PARAM_KEY, key);
  parameters[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
  // A null pointer for an empty info would be refused.
  if (!info.empty()) parameters[count++] = octets(OSSL_KDF_PARAM_INFO, info);
  parameters[count] = OSSL_PARAM_construct_end();
  std::string derived(length, '\0');
  if (EVP_KDF_derive(context.get(), bytes_of(derived), derived.size(), parameters) != 1) return refused("hkdf");
  return derived;
}

}  // namespace slipway::crypto
