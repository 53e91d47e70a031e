// The server's half of ML-KEM-768 (FIPS 203): a secret for whoever holds the private key. OpenSSL 3.0 has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace slipway::sftp::mlkem768 {

inline constexpr std::size_t kPublicKey = 1184, kCiphertext = 1088, kSecret = 32, kRandomness = 32;

struct Encapsulated {
  std::array<std::uint8_t, kCiphertext> ciphertext{};
  std::array<std::uint8_t, kSecret> secret{};  // the caller's to wipe
};

// FIPS 203, 7.2 with randomness from the system. Nothing for a key whose coefficients are not reduced, or when there is
// no randomness. No branch and no index depends on a secret.
std::optional<Encapsulated> encapsulate(std::span<const std::uint8_t, kPublicKey> public_key);
// The same with given randomness (algorithm 17): for tests with known answers.
std::optional<Encapsulated> encapsulate_with(std::span<const std::uint8_t, kPublicKey> public_key,
                                             std::span<const std::uint8_t, kRandomness> randomness);

}  // namespace slipway::sftp::mlkem768
