#include "openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "openapi_words.h"
#include "web_server.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

// What routes are made with; nobody asks them anything here.
class FakeHost final : public Logger,
                       public SessionService,
                       public PathResolver,
                       public AccessService,
                       public ManagementService {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void log(LogLevel, std::string_view, std::span<const LogField>) noexcept override {}
  Result<std::unique_ptr<Admitted>> admit(const ConnectionRequest&) override { return nothing(); }
  Result<VPath> resolve(const VPath&, std::string_view) const override { return nothing(); }
  Result<AdminIdentity> login_admin(const OpContext&, const ConnectionRequest&, const AdminCredentials&) override {
    return nothing();
  }
  Result<AdminIdentity> admin(const ConnectionRequest&, std::string_view) override { return nothing(); }
  Result<UserIdentity> user(std::string_view) override { return nothing(); }
  Result<ApiKeyIdentity> api_key(const OpContext&, const ConnectionRequest&, std::string_view, KeyScope) override {
    return nothing();
  }
  std::span<const OperationInfo> operations() const override { return kOperations; }
  Result<std::string> call(const OpContext&, const Actor&, std::string_view, std::string_view) override {
    return nothing();
  }
  std::string schemas() const override { return R"({"User":{"type":"object"}})"; }

 private:
  static constexpr OperationInfo kOperations[] = {
      {"users.list", "view_users", "", "User[]", "Lists users."},
      {"users.add", "add_users", "User", "User", "Adds a user."},
      {"groups.list", "view_groups|manage_groups", "", "Group[]", "Lists groups."},
  };
  static Error nothing() { return {Errc::NotSupported, "fake", "there is nothing"}; }
};

class OpenApiTest : public testing::Test {
 protected:
  FakeHost host_;
  static BindingSettings with_everything() {
    BindingSettings binding;
    binding.tus = true;
    return binding;
  }
  std::shared_ptr<const Site> site(BindingSettings binding = with_everything()) {
    return std::make_shared<Site>(Site{{host_, host_, host_, host_, host_, "protocol-http"}, std::move(binding), {}});
  }
  json::object document(BindingSettings binding = with_everything()) {
    const auto routes = api_routes(*site(std::move(binding)));
    return json::parse(openapi_document({routes, host_})).as_object();
  }
};

std::set<std::string> methods_and_paths(const json::object& document) {
  std::set<std::string> all;
  for (const auto& [path, item] : document.at("paths").as_object())
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "servers") continue;
      std::string name(method);
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      const bool is_root = item.as_object().contains("servers");
      all.insert(name + " " + (is_root ? "" : "/api/v2") + std::string(path));
    }
  return all;
}

TEST_F(OpenApiTest, EveryRouteOfTheServerIsInTheDocumentAndTheReverse) {
  std::set<std::string> served;
  for (const auto& [method, pattern] : make_router(site())->routes())
    served.insert(method + " " + openapi_path(pattern));
  EXPECT_EQ(methods_and_paths(document()), served);
}

TEST_F(OpenApiTest, EveryRouteHasWordsAndTheReverse) {
  std::set<std::string> routes, words;
  for (const Route& route : api_routes(*site()))
    routes.insert(std::string(route.method) + " " + std::string(route.path));
  for (const auto family : {admin_route_words(), user_route_words()})
    for (const RouteWords& row : family) {
      EXPECT_TRUE(words.insert(std::string(row.method) + " " + std::string(row.path)).second) << row.path;
      EXPECT_FALSE(row.id.empty()) << row.path;
    }
  EXPECT_EQ(words, routes);
}

TEST_F(OpenApiTest, WordsNameParametersAndTagsThatExist) {
  std::set<std::string_view> parameters, tags;
  for (const ParameterWords& row : parameter_words())
    if (row.in != "path") parameters.insert(row.key);
  for (const TagWords& row : tag_words()) tags.insert(row.name);
  for (const auto family : {admin_route_words(), user_route_words(), root_route_words()})
    for (const RouteWords& row : family) {
      EXPECT_TRUE(tags.contains(row.tag)) << row.path;
      std::string_view rest = row.parameters;
      while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        EXPECT_TRUE(parameters.contains(rest.substr(0, end))) << row.path << ": " << rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
}

TEST_F(OpenApiTest, ManagedRoutesAreDescribedByTheirOperation) {
  const auto all = document();
  const auto& list = all.at("paths").at("/users").at("get");
  EXPECT_EQ(list.at("summary"), "Lists users.");
  EXPECT_EQ(list.at("description"), "For administrators with the permission view_users.");
  EXPECT_EQ(list.at("parameters").as_array().size(), 3u);
  EXPECT_EQ(list.at_pointer("/responses/200/content/application~1json/schema/items/$ref"), "#/components/schemas/User");
  const auto& add = all.at("paths").at("/users").at("post");
  EXPECT_EQ(add.at_pointer("/requestBody/content/application~1json/schema/$ref"), "#/components/schemas/User");
  EXPECT_TRUE(add.at_pointer("/responses/201/headers").as_object().contains("Location"));
  EXPECT_EQ(all.at("paths").at("/groups").at("get").at("description"),
            "For administrators with the permission view_groups or manage_groups.");
  EXPECT_TRUE(all.at("components").at("schemas").as_object().contains("User"));
}

TEST_F(OpenApiTest, TheProofThatARouteTakesIsTold) {
  const auto all = document();
  const auto security = [&](const char* path, const char* method) {
    return json::serialize(all.at("paths").at(path).at(method).at("security"));
  };
  EXPECT_EQ(security("/users", "get"), R"([{"Bearer":[]},{"Key":[]}])");
  EXPECT_EQ(security("/apikeys", "get"), R"([{"Bearer":[]}])");
  EXPECT_EQ(security("/token", "get"), R"([{"Basic":[]}])");
  EXPECT_EQ(security("/shares/{id}", "get"), R"([{},{"Basic":[]},{"Bearer":[]}])");
  EXPECT_EQ(security("/healthz", "get"), "[]");
}

TEST_F(OpenApiTest, WhatABindingDoesNotServeIsNotInItsDocument) {
  BindingSettings binding;
  binding.disabled_logins = kNoUserTokens;
  const auto paths = document(binding).at("paths").as_object();
  EXPECT_FALSE(paths.contains("/user/token"));
  EXPECT_TRUE(paths.contains("/token"));
}

TEST_F(OpenApiTest, ItIsServedOnlyWhereItIsWanted) {
  const auto has_document = [&](BindingSettings binding) {
    for (const auto& [method, pattern] : make_router(site(std::move(binding)))->routes())
      if (pattern.starts_with("/openapi")) return true;
    return false;
  };
  EXPECT_TRUE(has_document({}));
  EXPECT_FALSE(has_document({.openapi = false}));
  EXPECT_FALSE(has_document({.rest_api = false}));
}

}  // namespace
}  // namespace slipway::httpd
