// One-time passwords that change with the time (RFC 6238), six digits every 30 seconds, as authenticator apps make
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/crypto/digest.h"
#include "slipway/result.h"

namespace slipway::crypto {

inline constexpr int kTotpDigits = 6;
inline constexpr std::chrono::seconds kTotpPeriod{30};
inline constexpr std::size_t kTotpSecretBytes = 20;  // of a new secret, and at least

// "sha1", "sha256", "sha512"; nothing for another text.
std::optional<DigestKind> totp_digest(std::string_view algorithm) noexcept;

std::string_view totp_digest_name(DigestKind kind) noexcept;

// HOTP (RFC 4226 section 5.3): the code of `step` as `digits` (1 to 9) decimal digits.
Result<std::string> totp_code(std::string_view key, std::int64_t step, DigestKind kind, int digits = kTotpDigits);
std::int64_t totp_step(std::chrono::system_clock::time_point at) noexcept;

// The step, among that of `now` and its two neighbours, whose code is `code`; nothing when none is. Compares in
// constant time. `key` is the secret decoded.
Result<std::optional<std::int64_t>> match_totp(std::string_view key, std::string_view code, DigestKind kind,
                                               std::chrono::system_clock::time_point now);

// 20 random bytes in base 32.
std::string make_totp_secret();

// What a QR code holds: otpauth://totp/ISSUER:ACCOUNT?... with everything percent-encoded. `secret` is in base 32.
std::string otpauth_url(std::string_view issuer, std::string_view account, std::string_view secret, DigestKind kind);

}  // namespace slipway::crypto
