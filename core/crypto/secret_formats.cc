#include "core/crypto/secret_formats.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>

#include "core/base/text.h"
#include "core/crypto/digest.h"
#include "core/crypto/passwords.h"
#include "slipway/base64.h"

namespace slipway::crypto::formats {
namespace {

constexpr std::size_t kTagLength = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Error malformed() { return {Errc::InvalidArgument, "secret", "malformed payload"}; }
Error wrong_key() { return {Errc::AuthFailed, "secret", "cannot be opened with the configured master keys"}; }
Error cipher_failed() { return {Errc::Internal, "aes-256-gcm", "refused by the TLS library"}; }

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

Result<std::string> salt_only_key(std::string_view salt, std::string_view additional_data) {
  return digest(DigestKind::Sha256, std::string(salt).append(additional_data).append(salt));
}

Result<std::string> derived_key(std::string_view key_material, std::string_view salt,
                                std::string_view additional_data) {
  return hkdf_sha256(key_material, salt, additional_data, 32);
}

std::string seal_secretbox(std::string_view key, std::string_view nonce, std::string_view plain) {
  std::string sealed(nonce);
  sealed.resize(nonce.size() + crypto_secretbox_MACBYTES + plain.size());
  // Cannot fail: it returns zero for every input (libsodium's documentation of crypto_secretbox_easy).
  crypto_secretbox_easy(bytes_of(sealed) + nonce.size(), bytes_of(plain), plain.size(), bytes_of(nonce), bytes_of(key));
  return base64_encode(sealed);
}

Result<std::string> open_secretbox(std::string_view key, std::string_view payload) {
  const auto sealed = base64_decode(payload);
  constexpr std::size_t kOverhead = kSecretboxNonceLength + crypto_secretbox_MACBYTES;
  if (!sealed || sealed->size() < kOverhead) return malformed();
  std::string plain(sealed->size() - kOverhead, '\0');
  const std::string_view box = std::string_view(*sealed).substr(kSecretboxNonceLength);
  if (crypto_secretbox_open_easy(bytes_of(plain), bytes_of(box), box.size(), bytes_of(std::string_view(*sealed)),
                                 bytes_of(key)) != 0) {
    return wrong_key();
  }
  return plain;
}

Result<std::string> seal_aes_gcm(std::string_view key, std::string_view nonce, std::string_view additional_data,
                                 std::string_view plain) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string sealed(nonce);
  sealed.resize(nonce.size() + plain.size() + kTagLength);
  unsigned char* text = bytes_of(sealed) + nonce.size();
  int size = 0;
  if (!context || EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) != 1 ||
      (!additional_data.empty() && EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(additional_data),
                                                     static_cast<int>(additional_data.size())) != 1) ||
      EVP_EncryptUpdate(context.get(), text, &size, bytes_of(plain), static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), text + plain.size(), &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagLength, text + plain.size()) != 1) {
    return cipher_failed();
  }
  return hex({bytes_of(std::string_view(sealed)), sealed.size()});
}

Result<std::string> open_aes_gcm(std::string_view key, std::string_view additional_data, std::string_view payload) {
  auto sealed = hex_decode(payload);
  if (!sealed || sealed->size() < kGcmNonceLength + kTagLength) return malformed();
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string plain(sealed->size() - kGcmNonceLength - kTagLength, '\0');
  unsigned char* text = bytes_of(*sealed) + kGcmNonceLength;
  int size = 0;
  if (!context ||
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(*sealed)) != 1 ||
      (!additional_data.empty() && EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(additional_data),
                                                     static_cast<int>(additional_data.size())) != 1) ||
      EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, text, static_cast<int>(plain.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagLength, text + plain.size()) != 1) {
    return cipher_failed();
  }
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + plain.size(), &size) != 1) {
    wipe(plain);
    return wrong_key();
  }
  return plain;
}

}  // namespace slipway::crypto::formats
