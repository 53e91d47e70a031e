#include "core/crypto/passwords.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.h"
#include "core/crypto/hashing_slots.h"
#include "core/crypto/password_formats.h"

namespace slipway::crypto {
namespace {

using Algorithm = HashSettings::Algorithm;
using Verify = bool (*)(std::string_view hash, std::string_view password);

struct Format {
  std::string_view prefix;
  Verify verify;
  bool stored_as_it_is;  // accepted in place of a password; the others are only verified (htpasswd files)
};

constexpr std::array kFormats = {
    Format{"$2a$", formats::verify_bcrypt, true},
    Format{"$2b$", formats::verify_bcrypt, false},
    Format{"$2y$", formats::verify_bcrypt, false},
    Format{"$argon2id$", formats::verify_argon2id, true},
    Format{"$pbkdf2-sha1$", formats::verify_pbkdf2, true},
    Format{"$pbkdf2-sha256$", formats::verify_pbkdf2, true},
    Format{"$pbkdf2-sha512$", formats::verify_pbkdf2, true},
    Format{"$pbkdf2-b64salt-sha256$", formats::verify_pbkdf2, true},
    Format{"$1$", formats::verify_crypt, true},
    Format{"$apr1$", formats::verify_apr1, true},
    Format{"$5$", formats::verify_crypt, true},
    Format{"$6$", formats::verify_crypt, true},
    Format{"$y$", formats::verify_crypt, true},
    Format{"{MD5}", formats::verify_digest, true},
    Format{"{SHA256}", formats::verify_digest, true},
    Format{"{SHA512}", formats::verify_digest, true},
};

const Format* format_of(std::string_view hash) {
  const auto* found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) { return hash.starts_with(f.prefix); });
  return found == kFormats.end() ? nullptr : &*found;
}

formats::Argon2Cost argon2_cost(const HashSettings& settings) {
  return {settings.argon2_memory, settings.argon2_iterations, settings.argon2_parallelism};
}

}  // namespace

std::optional<std::uint32_t> formats::parse_number(std::string_view text) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status check_hash_settings(const HashSettings& settings) {
  switch (settings.algorithm) {
    case Algorithm::Bcrypt:
      return formats::check_bcrypt(settings.bcrypt_cost);
    case Algorithm::Argon2id:
      return formats::check_argon2id(argon2_cost(settings));
    case Algorithm::Pbkdf2Sha256:
      if (settings.pbkdf2_salt_length < 16 || settings.pbkdf2_salt_length > 64) {
        return Error(Errc::InvalidArgument, "pbkdf2 salt length", "must be between 16 and 64 bytes");
      }
      return formats::check_pbkdf2(settings.pbkdf2_iterations);
  }
  return Error(Errc::InvalidArgument, "password hashing algorithm", "unknown");
}

bool is_password_hash(std::string_view text) {
  const Format* format = format_of(text);
  return format && format->stored_as_it_is;
}

Result<std::string> hash_password(std::string_view password, const HashSettings& settings) {
  if (password.size() > formats::kMaxPasswordLength) {
    return Error(Errc::TooLarge, "password", "longer than 4096 bytes");
  }
  SLIPWAY_TRY(check_hash_settings(settings));
  // crypt(3) would stop at it, and HMAC cannot tell it from the padding of its key.
  if (password.find('\0') != std::string_view::npos) {
    return Error(Errc::InvalidArgument, "password", "must not contain a NUL byte");
  }
  const HashingSlots::Hold slot(HashingSlots::of_process());
  switch (settings.algorithm) {
    case Algorithm::Bcrypt:
      return formats::make_bcrypt(password, settings.bcrypt_cost);
    case Algorithm::Argon2id:
      return formats::make_argon2id(password, argon2_cost(settings), random_bytes(16));
    case Algorithm::Pbkdf2Sha256:
      return formats::make_pbkdf2(password, settings.pbkdf2_iterations,
                                  random_bytes(static_cast<std::size_t>(settings.pbkdf2_salt_length)));
  }
  return Error(Errc::InvalidArgument, "password hashing algorithm", "unknown");
}

bool verify_password(std::string_view hash, std::string_view password) {
  if (hash.size() > formats::kMaxHashLength || password.size() > formats::kMaxPasswordLength) return false;
  if (trim(password).empty() || password.find('\0') != std::string_view::npos) return false;
  const Format* format = format_of(hash);
  if (!format) return false;
  const HashingSlots::Hold slot(HashingSlots::of_process());
  return format->verify(hash, password);
}

bool needs_upgrade(std::string_view hash, const HashSettings& settings) {
  switch (settings.algorithm) {
    case Algorithm::Bcrypt: {
      const auto cost = formats::bcrypt_cost(hash);
      return !hash.starts_with("$2a$") || !cost || *cost < settings.bcrypt_cost;
    }
    case Algorithm::Argon2id: {
      const auto cost = formats::argon2id_cost(hash);
      return !cost || cost->memory < settings.argon2_memory || cost->passes < settings.argon2_iterations;
    }
    case Algorithm::Pbkdf2Sha256: {
      const auto iterations = formats::pbkdf2_iterations(hash);
      return !hash.starts_with("$pbkdf2-b64salt-sha256$") || !iterations ||
             static_cast<int>(*iterations) < settings.pbkdf2_iterations;
    }
  }
  return false;
}

void burn_verification(std::string_view password, const HashSettings& settings) {
  if (password.size() > formats::kMaxPasswordLength || trim(password).empty()) return;
  constexpr std::string_view kSalt = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const HashingSlots::Hold slot(HashingSlots::of_process());
  switch (settings.algorithm) {
    case Algorithm::Bcrypt:
      formats::burn_bcrypt(password, settings.bcrypt_cost);
      return;
    case Algorithm::Argon2id:
      (void)formats::make_argon2id(password, argon2_cost(settings), kSalt.substr(0, 16));
      return;
    case Algorithm::Pbkdf2Sha256:
      (void)formats::make_pbkdf2(password, settings.pbkdf2_iterations, kSalt.substr(0, 16));
      return;
  }
}

}  // namespace slipway::crypto
