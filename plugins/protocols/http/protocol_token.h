// Tokens of clients that can set no header field: browsers open WebSockets with a list of subprotocols and nothing
// else.
#pragma once

#include <optional>
#include <string_view>

#include "support/http/fields.h"

namespace slipway::httpd {

inline constexpr std::string_view kTokenProtocol = "bearer.";  // in front of the token

// The token of the subprotocol "bearer.<token>" in Sec-WebSocket-Protocol; nothing without one, or with several.
std::optional<std::string_view> token_of_protocols(const http::Fields& headers);

}  // namespace slipway::httpd
