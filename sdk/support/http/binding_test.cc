#include "support/http/binding.h"

#include <gtest/gtest.h>

namespace slipway::http {
namespace {

class BindingTest : public ::testing::Test {
 protected:
  BindingTest() { options.router = std::make_shared<Router>(); }

  // Makes the binding and asks it.
  bool ask(std::string_view method, std::initializer_list<Field> fields, std::string peer = "10.0.0.1") {
    auto made = Binding::make(options);
    EXPECT_TRUE(made.ok());
    RequestParts parts;
    parts.method = method;
    parts.target = "/p?q";
    parts.host = "example.com:8080";
    parts.peer = parts.remote = {std::move(peer), 1234};
    for (const auto& field : fields) parts.headers.add(field.name, field.value);
    (*made)->identify(parts);
    request = std::make_unique<Request>(std::move(parts), nullptr);
    response.reset();
    return (*made)->answer(*request, response);
  }
  std::string remote(std::initializer_list<Field> fields, std::string peer = "10.0.0.1") {
    ask("GET", fields, std::move(peer));
    return request->remote().address;
  }

  BindingOptions options;
  std::unique_ptr<Request> request;
  Response response;
};

TEST_F(BindingTest, WithoutOptionsNothingHappens) {
  EXPECT_FALSE(ask("GET", {{"X-Forwarded-For", "1.2.3.4"}, {"Origin", "https://a"}}));
  EXPECT_EQ(request->remote().address, "10.0.0.1");
  EXPECT_EQ(response.fields().text(), "");
}

TEST_F(BindingTest, TheClientIsBehindTrustedProxiesOnly) {
  options.proxy = {{"10.0.0.0/8", "::1"}, "X-Forwarded-For", 0};
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.2.3.4, 5.6.7.8"}}), "5.6.7.8");
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.2.3.4"}, {"x-forwarded-for", "9.9.9.9"}}), "9.9.9.9");
  EXPECT_EQ(remote({{"X-Forwarded-For", "5.6.7.8:99"}}), "5.6.7.8");
  EXPECT_EQ(remote({{"X-Forwarded-For", "[2001:DB8::0:1]:99"}}), "2001:db8::1");
  EXPECT_EQ(remote({{"X-Forwarded-For", "::ffff:1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(remote({{"X-Forwarded-For", "unknown"}}), "10.0.0.1");
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.2.3.4"}}, "11.0.0.1"), "11.0.0.1");
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.2.3.4"}}, "::1"), "1.2.3.4");
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.2.3.4"}}, ""), "1.2.3.4");  // a unix socket
}

TEST_F(BindingTest, DepthCountsFromTheRight) {
  options.proxy = {{"10.0.0.1"}, "X-Forwarded-For", 1};
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.1.1.1, 2.2.2.2, 3.3.3.3"}}), "2.2.2.2");
  EXPECT_EQ(remote({{"X-Forwarded-For", "3.3.3.3"}}), "10.0.0.1");
  options.proxy.client_ip_depth = -1;
  EXPECT_EQ(remote({{"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}}), "1.1.1.1");
}

TEST_F(BindingTest, OptionsThatAreWrongAreNamed) {
  options.proxy.allowed = {"10.0.0.0/33"};
  EXPECT_NE(Binding::make(options).error().message().find("proxy_allowed"), std::string::npos);
  options.proxy = {{}, "not a header", 0};
  EXPECT_FALSE(Binding::make(options));
  options.proxy = {{}, "", -2};
  EXPECT_FALSE(Binding::make(options));
  options.proxy = {};
  options.security.enabled = options.security.allowed_hosts_are_regex = true;
  options.security.allowed_hosts = {"("};
  EXPECT_NE(Binding::make(options).error().message().find("allowed_hosts"), std::string::npos);
}

TEST_F(BindingTest, SecurityFields) {
  options.security.content_type_nosniff = true;
  options.security.sts_seconds = 60;
  options.security.sts_include_subdomains = true;
  options.security.content_security_policy = "default-src 'self'";
  ask("GET", {});
  EXPECT_EQ(response.fields().text(), "");  // the switch is off
  options.security.enabled = true;
  ask("GET", {});
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.header("Content-Security-Policy"), "default-src 'self'");
  EXPECT_FALSE(response.header("Strict-Transport-Security"));  // only over TLS
  options.proxy.allowed = {"10.0.0.1"};
  options.security.https_proxy_headers = {{"X-Forwarded-Proto", "https"}};
  ask("GET", {{"X-Forwarded-Proto", "https"}});
  EXPECT_TRUE(request->is_https());
  EXPECT_EQ(response.header("Strict-Transport-Security"), "max-age=60; includeSubDomains");
  ask("GET", {{"X-Forwarded-Proto", "https"}}, "11.0.0.1");
  EXPECT_FALSE(request->is_https());
  EXPECT_FALSE(request->header("X-Forwarded-Proto"));  // nobody behind us shall believe it
}

TEST_F(BindingTest, HostsThatAreNotOurs) {
  options.security.enabled = true;
  options.security.allowed_hosts = {"example.com"};
  EXPECT_FALSE(ask("GET", {}));
  options.security.allowed_hosts = {"EXAMPLE.com:8080"};
  EXPECT_FALSE(ask("GET", {}));
  options.security.allowed_hosts = {"example.org"};
  EXPECT_TRUE(ask("GET", {}));
  EXPECT_EQ(response.status(), 403);
  options.security.allowed_hosts = {"^example\\.(com|org)"};
  options.security.allowed_hosts_are_regex = true;
  EXPECT_FALSE(ask("GET", {}));
}

TEST_F(BindingTest, RedirectsToHttps) {
  options.security.enabled = options.security.https_redirect = true;
  EXPECT_TRUE(ask("GET", {}));
  EXPECT_EQ(response.status(), 301);
  EXPECT_EQ(response.header("Location"), "https://example.com:8080/p?q");
  options.security.https_host = "secure.example.com";
  EXPECT_TRUE(ask("POST", {}));
  EXPECT_EQ(response.status(), 308);
  EXPECT_EQ(response.header("Location"), "https://secure.example.com/p?q");
  options.security.redirect_exempt_prefixes = {"/p"};
  EXPECT_FALSE(ask("GET", {}));
}

TEST_F(BindingTest, CorsPreflights) {
  options.cors.enabled = true;
  options.cors.allowed_origins = {"https://*.example.com"};
  options.cors.allowed_methods = {"GET", "PUT"};
  options.cors.allowed_headers = {"X-A"};
  options.cors.max_age = 30;
  options.cors.allow_credentials = true;
  EXPECT_TRUE(ask("OPTIONS", {{"Origin", "https://a.example.com"},
                              {"Access-Control-Request-Method", "PUT"},
                              {"Access-Control-Request-Headers", "x-a, Origin"}}));
  EXPECT_EQ(response.status(), 204);
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "https://a.example.com");
  EXPECT_EQ(response.header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(response.header("Access-Control-Max-Age"), "30");
  for (const auto& fields : {std::array<std::string_view, 3>{"https://example.org", "PUT", ""},
                             {"https://a.example.com", "DELETE", ""},
                             {"https://a.example.com", "PUT", "X-B"}}) {
    EXPECT_TRUE(ask("OPTIONS", {{"Origin", fields[0]},
                                {"Access-Control-Request-Method", fields[1]},
                                {"Access-Control-Request-Headers", fields[2]}}));
    EXPECT_FALSE(response.header("Access-Control-Allow-Origin"));
  }
  EXPECT_FALSE(ask("OPTIONS", {{"Origin", "https://a.example.com"}}));  // no preflight: for the routes
}

TEST_F(BindingTest, CorsAnswers) {
  options.cors.enabled = true;
  options.cors.allowed_origins = {"*"};
  options.cors.exposed_headers = {"X-A", "X-B"};
  EXPECT_FALSE(ask("GET", {{"Origin", "https://anyone"}}));
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(response.header("Access-Control-Expose-Headers"), "X-A, X-B");
  options.cors.allow_credentials = true;
  ask("GET", {{"Origin", "https://anyone"}});
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "https://anyone");
  EXPECT_EQ(response.header("Vary"), "Origin");
}

TEST(Networks, KnowTheirMembers) {
  Networks networks;
  ASSERT_TRUE(networks.add("192.0.2.128/25"));
  ASSERT_TRUE(networks.add("2001:db8::/33"));
  const auto contains = [&](std::string_view text) { return networks.contains(*parse_address(text)); };
  EXPECT_TRUE(contains("192.0.2.128"));
  EXPECT_TRUE(contains("::ffff:192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.127"));
  EXPECT_TRUE(contains("2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8:8000::1"));
  EXPECT_FALSE(networks.add("192.0.2.1/33"));
  EXPECT_FALSE(networks.add("host"));
}

}  // namespace
}  // namespace slipway::http
