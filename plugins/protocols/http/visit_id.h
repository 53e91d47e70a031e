// Names for requests, as logs and /connections show them.
#pragma once

#include <string>

namespace slipway::httpd {

// 20 lower-case base32hex characters that sort by time; unique in this process, and very likely elsewhere.
std::string make_visit_id();

}  // namespace slipway::httpd
