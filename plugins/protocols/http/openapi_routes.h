// What is served at /openapi: the document of the API and a page to read it.
#pragma once

#include <vector>

#include "route.h"

namespace slipway::httpd {

// `routes`: those that the document is about. `management` outlives the router.
void add_openapi_routes(http::Router& router, const ManagementService& management, std::vector<Route> routes);

}  // namespace slipway::httpd
