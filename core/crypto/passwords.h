// Password hashes: every format that SFTPGo accepts, verified; new ones made in the configured format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::crypto {

struct HashSettings {
  enum class Algorithm : std::uint8_t { Bcrypt, Argon2id, Pbkdf2Sha256 };
  Algorithm algorithm = Algorithm::Bcrypt;
  int bcrypt_cost = 10;                 // 4-31
  std::uint32_t argon2_memory = 65536;  // KiB
  std::uint32_t argon2_iterations = 1;
  std::uint8_t argon2_parallelism = 2;
  int pbkdf2_iterations = 600000;
  int pbkdf2_salt_length = 16;  // bytes, 16-64
};

// Whether `text` starts with a known prefix and so is stored as it is (BEHAVIOUR 5).
bool is_password_hash(std::string_view text);
// TooLarge for bcrypt beyond 72 bytes.
Result<std::string> hash_password(std::string_view password, const HashSettings&);
// False for a wrong password and for a malformed hash; constant time in the digest. Blank passwords are never right.
bool verify_password(std::string_view hash, std::string_view password);
// Whether a login with `hash` should replace it by one of the configured format.
bool needs_upgrade(std::string_view hash, const HashSettings&);
// As expensive as a verification with the configured format, for users that do not exist.
void burn_verification(std::string_view password, const HashSettings&);

// Bits of entropy as length times log2 of the character classes in use, repeated characters and sequences counted less.
double password_entropy(std::string_view password);

bool constant_time_equal(std::string_view a, std::string_view b) noexcept;
std::string random_bytes(std::size_t count);
void wipe(std::string& secret) noexcept;

}  // namespace slipway::crypto
