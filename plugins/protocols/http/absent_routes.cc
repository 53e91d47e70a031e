// Parts of the contract that this server does not have, answered as a server without them does.
#include "route.h"

namespace slipway::httpd {
namespace {

void no_search(Exchange& x) { x.refuse({501, "no module of this server keeps events to search in", ""}); }
void not_found(Exchange& x) { x.refuse({404, "Not Found", ""}); }

}  // namespace

std::vector<Route> absent_routes() {
  std::vector<Route> routes;
  for (const char* path : {"/events/fs", "/events/provider", "/events/logs"})
    routes.push_back({.method = "GET",
                      .path = path,
                      .audience = Audience::Admin,
                      .operation = "events.search",
                      .handler = no_search});
  routes.push_back({.method = "GET", .path = "/saas/usage", .audience = Audience::Admin, .handler = not_found});
  routes.push_back({.method = "GET", .path = "/license", .audience = Audience::Admin, .handler = not_found});
  routes.push_back({.method = "POST", .path = "/license", .audience = Audience::Admin, .handler = not_found});
  return routes;
}

}  // namespace slipway::httpd
