// What kind of content a file is likely to hold, by the end of its name.
#pragma once

#include <string_view>

namespace slipway::httpd {

// "text/plain; charset=utf-8"; "application/octet-stream" for what is not known.
std::string_view mime_type(std::string_view file_name) noexcept;

}  // namespace slipway::httpd
