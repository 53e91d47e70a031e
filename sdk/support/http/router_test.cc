#include "support/http/router.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

struct Found {
  Router::Outcome outcome;
  std::string pattern, allow;
  std::vector<std::pair<std::string, std::string>> parameters;
};

Found find(const Router& router, std::string_view method, std::string_view target) {
  RequestParts parts;
  parts.method = method;
  parts.target = target;
  Request request(std::move(parts), nullptr);
  const auto match = router.match(request);
  Found found{match.outcome, match.route == nullptr ? "" : match.route->pattern, match.allow, {}};
  for (const auto& [name, value] : request.route_parameters()) found.parameters.emplace_back(name, value);
  return found;
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Routes : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* pattern : {"/", "/users", "/users/{name}", "/users/{name}/keys/{key}", "/files/{path*}"})
      router.add("GET", pattern, nothing);
    router.add("POST PUT", "/users", nothing);
    router.add("POST", "/users/bulk", nothing);
    router.add("*", "/dav/{path*}", nothing);
    router.add("OPTIONS", "/dav/{path*}", nothing);
  }
  static void nothing(Request&, Response&) {}
  Router router;
};

TEST_F(Routes, LiteralsAndParameters) {
  EXPECT_EQ(find(router, "GET", "/").pattern, "/");
  EXPECT_EQ(find(router, "GET", "/users?a=b").pattern, "/users");
  EXPECT_EQ(find(router, "GET", "/users/anna").parameters, (Parameters{{"name", "anna"}}));
  EXPECT_EQ(find(router, "GET", "/users/an%20na/keys/%2F%25").parameters,
            (Parameters{{"name", "an na"}, {"key", "/%"}}));
  EXPECT_EQ(find(router, "GET", "/%75sers").pattern, "/users");
  EXPECT_EQ(find(router, "GET", "/nothing").outcome, Router::Outcome::NotFound);
  EXPECT_EQ(find(router, "GET", "/users//keys/x").outcome, Router::Outcome::NotFound);
}

TEST_F(Routes, ARestTakesWhatFollows) {
  EXPECT_EQ(find(router, "GET", "/files/a/b%20c/").parameters, (Parameters{{"path", "a/b c/"}}));
  EXPECT_EQ(find(router, "GET", "/files/").parameters, (Parameters{{"path", ""}}));
  EXPECT_EQ(find(router, "GET", "/files").parameters, (Parameters{{"path", ""}}));
}

TEST_F(Routes, Methods) {
  EXPECT_EQ(find(router, "HEAD", "/users").pattern, "/users");
  EXPECT_EQ(find(router, "PUT", "/users").pattern, "/users");
  const auto wrong = find(router, "DELETE", "/users");
  EXPECT_EQ(wrong.outcome, Router::Outcome::MethodNotAllowed);
  EXPECT_EQ(wrong.allow, "GET, HEAD, POST, PUT");
  EXPECT_EQ(find(router, "PROPFIND", "/dav/x").pattern, "/dav/{path*}");
  // The literal has no GET, the parameter has.
  EXPECT_EQ(find(router, "GET", "/users/bulk").parameters, (Parameters{{"name", "bulk"}}));
  EXPECT_EQ(find(router, "get", "/users").outcome, Router::Outcome::MethodNotAllowed);
}

TEST_F(Routes, OneTrailingSlashIsForgiven) {
  EXPECT_EQ(find(router, "GET", "/users/").pattern, "/users");
  EXPECT_EQ(find(router, "GET", "/users//").outcome, Router::Outcome::NotFound);
  Router strict(Router::Options{.ignore_trailing_slash = false});
  strict.add("GET", "/users", nothing);
  EXPECT_EQ(find(strict, "GET", "/users/").outcome, Router::Outcome::NotFound);
}

TEST_F(Routes, PathsThatClimbAreRefused) {
  for (const char* path : {"/users/..", "/files/../x", "/files/a/./b", "/files/%2e%2e/x", "/files/a%2f..%2fb",
                           "/users/%00", "/users/%", "/users/%4", "/users/%zz", "/files/.%2E"})
    EXPECT_EQ(find(router, "GET", path).outcome, Router::Outcome::BadPath) << path;
  for (const char* path : {"/files/..a", "/files/a..", "/files/.a", "/files/..."})
    EXPECT_EQ(find(router, "GET", path).outcome, Router::Outcome::Found) << path;
}

TEST_F(Routes, ALaterRouteReplacesAnEarlierOne) {
  RouteOptions options;
  options.max_body = 7;
  router.add("GET", "/users", options, nothing);
  RequestParts parts;
  parts.method = "GET";
  parts.target = "/users";
  Request request(std::move(parts), nullptr);
  EXPECT_EQ(router.match(request).route->options.max_body, 7u);
}

TEST_F(Routes, AreListed) {
  const auto routes = router.routes();
  EXPECT_NE(std::find(routes.begin(), routes.end(), std::pair<std::string, std::string>("PUT", "/users")),
            routes.end());
}

}  // namespace
}  // namespace slipway::http
