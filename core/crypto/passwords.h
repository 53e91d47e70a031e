// Password hashes: every format that SFTPGo accepts, verified; new ones made in the configured format. Making,
// verifying and burning wait for a slot (hashing_slots.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::crypto {

struct HashSettings {
  enum class Algorithm : std::uint8_t { Bcrypt, Argon2id, Pbkdf2Sha256 };
  Algorithm algorithm = Algorithm::Bcrypt;
  int bcrypt_cost = 10;                 // 4-17
  std::uint32_t argon2_memory = 65536;  // KiB
  std::uint32_t argon2_iterations = 1;
  std::uint8_t argon2_parallelism = 2;
  int pbkdf2_iterations = 600000;
  int pbkdf2_salt_length = 16;  // bytes, 16-64
};

// InvalidArgument for what hash_password would refuse: a configuration is checked at start, not at the first login.
Status check_hash_settings(const HashSettings&);

// Whether `text` starts with a known prefix and so is stored as it is (BEHAVIOUR 5).
bool is_password_hash(std::string_view text);
// TooLarge for bcrypt beyond 72 bytes, for any beyond 4096; InvalidArgument for a NUL byte and for settings outside the
// limits of password_formats.h.
Result<std::string> hash_password(std::string_view password, const HashSettings&);
// False for a wrong password, for a malformed hash, and for one whose parameters would cost too much time or memory
// (password_formats.h); constant time in the digest. Blank passwords and those with a NUL byte are never right.
bool verify_password(std::string_view hash, std::string_view password);
// Whether a login with `hash` should replace it: it has another format than the configured one, or weaker parameters.
bool needs_upgrade(std::string_view hash, const HashSettings&);
// As expensive as a verification with the configured format, for users that do not exist.
void burn_verification(std::string_view password, const HashSettings&);

// Bits of entropy: length times log2 of the size of the alphabets in use (lower, upper, digits, three groups of
// punctuation, anything else one by one); of a run of equal characters, or of neighbours in the alphabet, the digits or
// a keyboard row, only the first two count.
double password_entropy(std::string_view password);

bool constant_time_equal(std::string_view a, std::string_view b) noexcept;
std::string random_bytes(std::size_t count);
void wipe(std::string& secret) noexcept;

}  // namespace slipway::crypto
