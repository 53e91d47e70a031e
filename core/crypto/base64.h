// Base 64 with the standard alphabet (RFC 4648 section 4), decoded strictly: what stored hashes and secrets are written
// in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::crypto {

enum class Base64Padding { Padded, None };

std::string base64_encode(std::string_view bytes, Base64Padding padding);
// Nothing for a foreign character, missing or surplus padding, white space, or bits set beyond the last byte.
std::optional<std::string> base64_decode(std::string_view text, Base64Padding padding);

}  // namespace slipway::crypto
