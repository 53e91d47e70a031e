// The formats of stored password hashes, one source file each; passwords.cc chooses among them by prefix.
//
// Every verify function takes the whole stored text. It answers false for a wrong password, for a malformed text, and
// for parameters beyond the limits below: the text may come from a backup or an import, and must not be able to hold a
// thread for minutes or to take gigabytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::crypto::formats {

inline constexpr std::size_t kMaxHashLength = 2048;
inline constexpr std::size_t kMaxPasswordLength = 4096;
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 17;                         // about seven seconds
inline constexpr std::size_t kMaxBcryptPassword = 72;             // what the algorithm reads
inline constexpr std::uint32_t kMaxArgon2Memory = 512 * 1024;     // KiB
inline constexpr std::uint64_t kMaxArgon2Work = 4 * 1024 * 1024;  // KiB times passes
inline constexpr std::uint32_t kMaxArgon2Lanes = 64;
inline constexpr std::uint64_t kMaxPbkdf2Work = 10'000'000;  // iterations times blocks of output
inline constexpr std::uint64_t kMaxShaCryptRounds = 2'000'000;
inline constexpr std::uint64_t kMaxYescryptMemory = 256ULL << 20;  // bytes
inline constexpr std::size_t kMaxCryptPassword = 512;              // CRYPT_MAX_PASSPHRASE_SIZE of libxcrypt

// A decimal number of 1 to 9 digits without sign or leading zero.
std::optional<std::uint32_t> parse_number(std::string_view text);

// $2a$, $2b$, $2y$: sixty characters. Passwords are read up to 72 bytes, as everywhere.
bool verify_bcrypt(std::string_view hash, std::string_view password);
std::optional<int> bcrypt_cost(std::string_view hash);
Status check_bcrypt(int cost);
// $2a$. TooLarge: beyond 72 bytes. The make functions take settings that their check function accepts.
Result<std::string> make_bcrypt(std::string_view password, int cost);
// With a fixed salt, the result dropped.
void burn_bcrypt(std::string_view password, int cost);

struct Argon2Cost {
  std::uint32_t memory = 0;  // KiB
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
};
// $argon2id$v=19$m=..,t=..,p=..$salt$key with unpadded base 64.
bool verify_argon2id(std::string_view hash, std::string_view password);
std::optional<Argon2Cost> argon2id_cost(std::string_view hash);
Status check_argon2id(const Argon2Cost&);
Result<std::string> make_argon2id(std::string_view password, const Argon2Cost&, std::string_view salt);

// $pbkdf2-sha1$, $pbkdf2-sha256$, $pbkdf2-sha512$ (salt as text), $pbkdf2-b64salt-sha256$: $alg$iterations$salt$base64.
bool verify_pbkdf2(std::string_view hash, std::string_view password);
std::optional<std::uint32_t> pbkdf2_iterations(std::string_view hash);
Status check_pbkdf2(int iterations);
// $pbkdf2-b64salt-sha256$.
Result<std::string> make_pbkdf2(std::string_view password, int iterations, std::string_view salt);

// $1$, $5$, $6$, $y$ through the system's crypt(3).
bool verify_crypt(std::string_view hash, std::string_view password);
// What crypt(3) makes of `password` under `setting`; nothing where it refuses.
std::optional<std::string> run_crypt(std::string_view setting, std::string_view password);

// $apr1$: the MD5 crypt of Apache's htpasswd.
bool verify_apr1(std::string_view hash, std::string_view password);

// {MD5}, {SHA256}, {SHA512} and the lower-case hexadecimal digest, without salt.
bool verify_digest(std::string_view hash, std::string_view password);

}  // namespace slipway::crypto::formats
