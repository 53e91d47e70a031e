#include <openssl/crypto.h>
#include <sodium.h>

#include "core/crypto/passwords.h"

namespace slipway::crypto {

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  // Before it, the library's generator is not safe to be called from several threads.
  static const int initialised = sodium_init();
  (void)initialised;
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace slipway::crypto
