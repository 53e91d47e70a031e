#include "openapi_routes.h"

#include <mutex>

#include "openapi.h"
#include "openapi_page.h"

namespace slipway::httpd {
namespace {

// Nothing but what this server sends runs in the page, and nobody frames it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void send(http::Response& response, std::string_view text, std::string_view type) {
  response.set_header("Content-Security-Policy", kPolicy);
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("X-Frame-Options", "DENY");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cache-Control", "no-cache");
  response.set_body(std::string(text), type);
}

// Made when somebody asks for it first.
class Document {
 public:
  Document(const ManagementService& management, std::vector<Route> routes)
      : management_(management), routes_(std::move(routes)) {}

  const std::string& text() {
    std::call_once(made_, [this] { text_ = openapi_document({routes_, management_}); });
    return text_;
  }

 private:
  const ManagementService& management_;
  const std::vector<Route> routes_;
  std::once_flag made_;
  std::string text_;
};

void page(http::Request& request, http::Response& response) {
  // What the page asks for lies below it.
  if (!request.raw_path().ends_with('/')) return response.redirect("openapi/", 301);
  send(response, k_index_html, "text/html; charset=utf-8");
}

}  // namespace

void add_openapi_routes(http::Router& router, const ManagementService& management, std::vector<Route> routes) {
  for (Route& route : routes) route.handler = nullptr;
  const auto document = std::make_shared<Document>(management, std::move(routes));
  const http::RouteOptions options{.max_body = kMaxOfStrangers, .compress = true};
  router.add("GET", "/openapi", options, page);
  router.add("GET", "/openapi/viewer.js", options, [](http::Request&, http::Response& response) {
    send(response, k_viewer_js, "text/javascript; charset=utf-8");
  });
  router.add("GET", "/openapi/viewer.css", options,
             [](http::Request&, http::Response& response) { send(response, k_viewer_css, "text/css; charset=utf-8"); });
  router.add("GET", "/openapi/openapi.json", options, [document](http::Request&, http::Response& response) {
    send(response, document->text(), "application/json");
  });
  router.add("GET", "/openapi/openapi.yaml", options, [document](http::Request&, http::Response& response) {
    send(response, document->text(), "application/yaml");
  });
}

}  // namespace slipway::httpd
