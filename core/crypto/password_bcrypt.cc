#include <crypt.h>

#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"

namespace slipway::crypto::formats {
namespace {

constexpr std::size_t kHashLength = 60;
constexpr std::size_t kPrefixLength = 4;

// $2y$ is the plain algorithm. libxcrypt's own $2a$ differs from it for some passwords with 0xFF bytes, as a defence of
// databases that another old bug produced; the $2a$ of OpenBSD and Go does not.
std::string plain_setting(std::string_view hash) { return "$2y$" + std::string(hash.substr(kPrefixLength)); }

}  // namespace

std::optional<int> bcrypt_cost(std::string_view hash) {
  if (hash.size() != kHashLength || hash[6] != '$') return std::nullopt;
  if (!hash.starts_with("$2a$") && !hash.starts_with("$2b$") && !hash.starts_with("$2y$")) return std::nullopt;
  const char tens = hash[4], ones = hash[5];
  if (tens < '0' || tens > '3' || ones < '0' || ones > '9') return std::nullopt;
  return (tens - '0') * 10 + (ones - '0');
}

bool verify_bcrypt(std::string_view hash, std::string_view password) {
  const auto cost = bcrypt_cost(hash);
  if (!cost || *cost < kMinBcryptCost || *cost > kMaxBcryptCost) return false;
  const auto computed = run_crypt(plain_setting(hash), password.substr(0, kMaxBcryptPassword));
  if (!computed) return false;
  return constant_time_equal(std::string_view(*computed).substr(kPrefixLength), hash.substr(kPrefixLength));
}

Status check_bcrypt(int cost) {
  if (cost >= kMinBcryptCost && cost <= kMaxBcryptCost) return ok();
  return Error(Errc::InvalidArgument, "bcrypt cost",
               "must be between " + std::to_string(kMinBcryptCost) + " and " + std::to_string(kMaxBcryptCost));
}

Result<std::string> make_bcrypt(std::string_view password, int cost) {
  if (password.size() > kMaxBcryptPassword) {
    return Error(Errc::TooLarge, "password", "bcrypt takes at most 72 bytes");
  }
  const std::string salt = random_bytes(16);
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  if (!crypt_gensalt_rn("$2y$", static_cast<unsigned long>(cost), salt.data(), static_cast<int>(salt.size()), setting,
                        sizeof setting)) {
    return Error(Errc::Internal, "bcrypt", "the system's crypt refuses to make a salt");
  }
  auto hash = run_crypt(setting, password);
  if (!hash) return Error(Errc::Internal, "bcrypt", "the system's crypt refuses to hash");
  (*hash)[2] = 'a';
  return *std::move(hash);
}

void burn_bcrypt(std::string_view password, int cost) {
  if (cost < kMinBcryptCost || cost > kMaxBcryptCost) return;
  std::string setting = "$2y$";
  setting += static_cast<char>('0' + cost / 10);
  setting += static_cast<char>('0' + cost % 10);
  setting += "$abcdefghijklmnopqrstuu";
  (void)run_crypt(setting, password.substr(0, kMaxBcryptPassword));
}

}  // namespace slipway::crypto::formats
