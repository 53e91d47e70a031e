// What stands before every handler: admission, identity, duties and permission.
#pragma once

#include <memory>

#include "route.h"

namespace slipway::httpd {

// The library's filter: gives each request its place among the connections, or refuses it. Never blocks.
bool admit(const Services& services, http::Request& request, http::Response& response);

// All checks of the route alone, for a request whose body is still to come: false when they have answered.
http::Filter checked(std::shared_ptr<const Site> site, const Route& route);
// The route's handler behind all checks, but those that checked() has made.
http::Handler guarded(std::shared_ptr<const Site> site, Route route);

// 401 with the challenge for user name and password.
void challenge(http::Response& response, std::string_view error, std::string_view message);

}  // namespace slipway::httpd
