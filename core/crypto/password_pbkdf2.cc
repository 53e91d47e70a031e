#include <array>

#include "core/crypto/digest.h"
#include "core/crypto/password_formats.h"
#include "core/crypto/passwords.h"
#include "slipway/base64.h"

namespace slipway::crypto::formats {
namespace {

enum class SaltEncoding { Text, Base64 };

struct Variant {
  std::string_view prefix;
  DigestKind digest;
  SaltEncoding salt;
};
constexpr std::string_view kMadePrefix = "$pbkdf2-b64salt-sha256$";
constexpr std::array kVariants = {
    Variant{"$pbkdf2-sha1$", DigestKind::Sha1, SaltEncoding::Text},
    Variant{"$pbkdf2-sha256$", DigestKind::Sha256, SaltEncoding::Text},
    Variant{"$pbkdf2-sha512$", DigestKind::Sha512, SaltEncoding::Text},
    Variant{kMadePrefix, DigestKind::Sha256, SaltEncoding::Base64},
};

struct Parsed {
  DigestKind digest;
  std::uint32_t iterations;
  std::string salt;
  std::string key;
};

std::optional<Parsed> parse(std::string_view hash) {
  for (const Variant& variant : kVariants) {
    if (!hash.starts_with(variant.prefix)) continue;
    hash.remove_prefix(variant.prefix.size());
    const std::size_t first = hash.find('$');
    const std::size_t second = first == std::string_view::npos ? first : hash.find('$', first + 1);
    if (second == std::string_view::npos || hash.find('$', second + 1) != std::string_view::npos) return std::nullopt;
    const auto iterations = parse_number(hash.substr(0, first));
    const std::string_view salt_text = hash.substr(first + 1, second - first - 1);
    auto salt = variant.salt == SaltEncoding::Base64 ? base64_decode(salt_text) : std::optional<std::string>(salt_text);
    auto key = base64_decode(hash.substr(second + 1));
    if (!iterations || !salt || !key || key->size() < 16 || key->size() > 256) return std::nullopt;
    return Parsed{variant.digest, *iterations, *std::move(salt), *std::move(key)};
  }
  return std::nullopt;
}

bool is_affordable(DigestKind digest, std::uint64_t iterations, std::size_t length) {
  const std::uint64_t blocks = (length + digest_size(digest) - 1) / digest_size(digest);
  return iterations >= 1 && iterations * blocks <= kMaxPbkdf2Work;
}

}  // namespace

std::optional<std::uint32_t> pbkdf2_iterations(std::string_view hash) {
  const auto parsed = parse(hash);
  if (!parsed) return std::nullopt;
  return parsed->iterations;
}

bool verify_pbkdf2(std::string_view hash, std::string_view password) {
  const auto parsed = parse(hash);
  if (!parsed || !is_affordable(parsed->digest, parsed->iterations, parsed->key.size())) return false;
  const auto computed =
      pbkdf2(parsed->digest, password, parsed->salt, static_cast<int>(parsed->iterations), parsed->key.size());
  return computed && constant_time_equal(*computed, parsed->key);
}

Status check_pbkdf2(int iterations) {
  if (iterations >= 1000 && static_cast<std::uint64_t>(iterations) <= kMaxPbkdf2Work) return ok();
  return Error(Errc::InvalidArgument, "pbkdf2 iterations",
               "must be between 1000 and " + std::to_string(kMaxPbkdf2Work));
}

Result<std::string> make_pbkdf2(std::string_view password, int iterations, std::string_view salt) {
  constexpr std::size_t kKeyLength = 32;
  SLIPWAY_ASSIGN(const std::string key, pbkdf2(DigestKind::Sha256, password, salt, iterations, kKeyLength));
  return std::string(kMadePrefix) + std::to_string(iterations) + "$" + base64_encode(salt) + "$" + base64_encode(key);
}

}  // namespace slipway::crypto::formats
