// Base64 with padding (RFC 4648 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::http {

std::string base64_encode(std::string_view bytes);
// Nothing for anything that base64_encode() would not have made, but for missing padding.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace slipway::http
