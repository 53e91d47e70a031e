// Base64 with the URL alphabet and without padding (RFC 4648 section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::httpd {

std::string base64url_encode(std::string_view bytes);
// Nothing for other characters, padding, an impossible length, or bits that do not belong to any byte.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace slipway::httpd
