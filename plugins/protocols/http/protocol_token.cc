#include "protocol_token.h"

#include <algorithm>

namespace slipway::httpd {

std::optional<std::string_view> token_of_protocols(const http::Fields& headers) {
  std::optional<std::string_view> token;
  for (const http::Field& field : headers.all()) {
    if (!http::equal_ignoring_case(field.name, "Sec-WebSocket-Protocol")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      std::string_view protocol = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      protocol.remove_prefix(std::min(protocol.find_first_not_of(" \t"), protocol.size()));
      protocol = protocol.substr(0, protocol.find_last_not_of(" \t") + 1);
      if (!protocol.starts_with(kTokenProtocol)) continue;
      if (token) return std::nullopt;
      token = protocol.substr(kTokenProtocol.size());
    }
  }
  return token;
}

}  // namespace slipway::httpd
