// Times as the REST API writes them (RFC 3339), in UTC.
#pragma once

#include <chrono>
#include <string>

namespace slipway::httpd {

// "2026-11-20T17:14:00Z"
std::string rfc3339(std::chrono::sys_seconds time);

}  // namespace slipway::httpd
