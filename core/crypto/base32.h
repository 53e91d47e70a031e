// Base 32 (RFC 4648 section 6) without padding: what secrets of one-time passwords are written and typed in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::crypto {

std::string base32_encode(std::string_view bytes);
// Takes lower case, padding at the end, and blanks and hyphens between groups, as people copy them. Nothing for any
// other character, and for a length that no bytes have.
std::optional<std::string> base32_decode(std::string_view text);

}  // namespace slipway::crypto
