// UTF-8 (RFC 3629): names of files are any bytes, JSON is not.
#pragma once

#include <string>
#include <string_view>

namespace slipway::httpd {

// Bytes that are no part of a well-formed sequence become U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace slipway::httpd
