// The two sealed forms of a secret (GAPS-DATA 1.2, 1.3), with every random input given; SecretKeeper chooses among
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::crypto::formats {

inline constexpr std::size_t kSaltLength = 32;
inline constexpr std::size_t kSecretboxNonceLength = 24;
inline constexpr std::size_t kGcmNonceLength = 12;
inline constexpr std::size_t kMaxSecretLength = 1 << 20;  // of the plain text

std::optional<std::string> hex_decode(std::string_view text);  // either case

// Without a master key the salt itself is the secret: SHA-256(salt, additional data, salt).
Result<std::string> salt_only_key(std::string_view salt, std::string_view additional_data);
// HKDF-SHA256 with the salt, the additional data as info.
Result<std::string> derived_key(std::string_view key_material, std::string_view salt, std::string_view additional_data);

// The payload text: base 64 of nonce, tag, cipher text (XSalsa20-Poly1305).
std::string seal_secretbox(std::string_view key, std::string_view nonce, std::string_view plain);
// AuthFailed: another key, or changed data. InvalidArgument: not such a text.
Result<std::string> open_secretbox(std::string_view key, std::string_view payload);

// The payload text: hexadecimal of nonce, cipher text, tag; `additional_data` is authenticated.
Result<std::string> seal_aes_gcm(std::string_view key, std::string_view nonce, std::string_view additional_data,
                                 std::string_view plain);
Result<std::string> open_aes_gcm(std::string_view key, std::string_view additional_data, std::string_view payload);

}  // namespace slipway::crypto::formats
