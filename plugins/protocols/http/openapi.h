// The OpenAPI 3.0 document of a server: from its route table, the operations behind the routes, and words about both.
#pragma once

#include <span>
#include <string>

#include "route.h"

namespace slipway::httpd {

struct OpenApiSource {
  std::span<const Route> routes;  // of the API
  const ManagementService& management;
};

// JSON. Routes that nothing is said about are in it too, with what the table says.
std::string openapi_document(const OpenApiSource& source);

// "/iplists/{type}/{ipornet*}" -> "/iplists/{type}/{ipornet}": a pattern of the router as OpenAPI writes it.
std::string openapi_path(std::string_view pattern);

}  // namespace slipway::httpd
