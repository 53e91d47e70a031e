#include <crypt.h>
#include <openssl/crypto.h>

#include <cstring>
#include <memory>

#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"

namespace slipway::crypto::formats {
namespace {

struct CryptDataDeleter {
  void operator()(crypt_data* data) const noexcept {
    OPENSSL_cleanse(data, sizeof *data);
    std::default_delete<crypt_data>()(data);
  }
};

bool sha_crypt_is_affordable(std::string_view settings) {
  constexpr std::string_view kRounds = "rounds=";
  if (!settings.starts_with(kRounds)) return true;
  settings.remove_prefix(kRounds.size());
  const auto rounds = parse_number(settings.substr(0, settings.find('$')));
  return rounds && *rounds <= kMaxShaCryptRounds;
}

// One number of yescrypt's own base 64 in its shortest form: a single character stands for 0 to 47.
std::optional<std::uint32_t> yescrypt_digit(char character) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::size_t value = kDigits.find(character);
  if (value == std::string_view::npos || value > 47) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// Flavour, log2(N) and r, one character each; the rarer parameters (p, t, g, ROM) are not accepted: no tool writes them
// into password files, and each multiplies the cost.
bool yescrypt_is_affordable(std::string_view settings) {
  if (settings.size() < 4 || settings[3] != '$') return false;
  const auto log2_n = yescrypt_digit(settings[1]);
  const auto r = yescrypt_digit(settings[2]);
  if (!yescrypt_digit(settings[0]) || !log2_n || !r) return false;
  return *log2_n < 24 && 128 * (std::uint64_t{*r} + 1) * (std::uint64_t{2} << *log2_n) <= kMaxYescryptMemory;
}

bool is_affordable(std::string_view hash) {
  if (hash.starts_with("$1$")) return true;
  if (hash.starts_with("$5$") || hash.starts_with("$6$")) return sha_crypt_is_affordable(hash.substr(3));
  return hash.starts_with("$y$") && yescrypt_is_affordable(hash.substr(3));
}

}  // namespace

std::optional<std::string> run_crypt(std::string_view setting, std::string_view password) {
  // crypt(3) reads C strings: a password would end at its first NUL byte.
  if (password.size() > kMaxCryptPassword || password.find('\0') != std::string_view::npos) return std::nullopt;
  const std::unique_ptr<crypt_data, CryptDataDeleter> data(std::make_unique<crypt_data>().release());
  std::string phrase(password);
  const char* result = crypt_r(phrase.c_str(), std::string(setting).c_str(), data.get());
  wipe(phrase);
  // Failure is "*0" or "*1", which no stored text equals, or a null pointer from other libraries.
  if (!result || *result == '*') return std::nullopt;
  return std::string(result);
}

bool verify_crypt(std::string_view hash, std::string_view password) {
  if (!is_affordable(hash)) return false;
  const auto computed = run_crypt(hash, password);
  return computed && constant_time_equal(*computed, hash);
}

}  // namespace slipway::crypto::formats
