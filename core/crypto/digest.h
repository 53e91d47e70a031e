// Digests and key derivation over OpenSSL, on values instead of contexts.
#pragma once

#include <string>
#include <string_view>

#include "slipway/result.h"

namespace slipway::crypto {

enum class DigestKind { Md5, Sha1, Sha256, Sha512 };

std::size_t digest_size(DigestKind kind) noexcept;
Result<std::string> digest(DigestKind kind, std::string_view bytes);
Result<std::string> pbkdf2(DigestKind kind, std::string_view password, std::string_view salt, int iterations,
                           std::size_t length);
// RFC 5869 with SHA-256.
Result<std::string> hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t length);

}  // namespace slipway::crypto
