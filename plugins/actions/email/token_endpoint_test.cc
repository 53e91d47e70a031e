#include "token_endpoint.h"

#include <gtest/gtest.h>

namespace slipway::email {
namespace {

using namespace std::chrono_literals;

OAuth2Settings some() { return {OAuth2Settings::Provider::Google, "", "client", "the-secret", "the-refresh", ""}; }
Result<TokenAnswer> read(long status, std::string_view body) { return read_answer(some(), status, body); }

TEST(TokenAnswer, HasATokenAndItsLifetime) {
  const auto answer = read(200, R"({"access_token": "at", "token_type": "Bearer", "expires_in": 3599, "scope": "x"})");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->access_token, "at");
  EXPECT_EQ(answer->lifetime, 3599s);
  EXPECT_EQ(answer->refresh_token, "");
  EXPECT_EQ(read(200, R"({"access_token": "at", "expires_in": "60"})")->lifetime, 60s);
  EXPECT_EQ(read(200, R"({"access_token": "at"})")->lifetime, 1h);
  EXPECT_EQ(read(200, R"({"access_token": "at", "expires_in": -5})")->lifetime, 0s);
  EXPECT_EQ(read(200, R"({"access_token": "at", "expires_in": 1e300})")->lifetime, 1h);
  EXPECT_EQ(read(200, R"({"access_token": "at", "expires_in": 99999999999})")->lifetime, 24h);
  EXPECT_EQ(read(200, R"({"access_token": "at", "refresh_token": "new"})")->refresh_token, "new");
}

TEST(TokenAnswer, WhatIsNoBearerTokenIsNone) {
  for (const char* body : {"", "{}", "[]", "<html>", R"({"access_token": 5})", R"({"access_token": ""})",
                           R"({"access_token": "a\u0001auth=Bearer b"})", R"({"access_token": "a b"})",
                           R"({"access_token": "a\r\nQUIT"})", R"({"access_token": "at", "token_type": "mac"})"}) {
    const auto answer = read(200, body);
    EXPECT_EQ(answer.code(), Errc::Unavailable) << body;
  }
  EXPECT_EQ(read(302, R"({"access_token": "at"})").code(), Errc::Unavailable);
  EXPECT_EQ(read(200, R"({"access_token": "at", "refresh_token": "a b"})")->refresh_token, "");
}

TEST(TokenAnswer, ARefusalNamesTheKeyToChange) {
  const auto subject = [](const char* error) {
    const auto answer = read(400, R"({"error": ")" + std::string(error) + R"("})");
    EXPECT_FALSE(answer);
    return answer.error().subject();
  };
  EXPECT_EQ(subject("invalid_grant"), "smtp.oauth2.refresh_token");
  EXPECT_EQ(subject("invalid_client"), "smtp.oauth2.client_id");
  EXPECT_EQ(subject("unauthorized_client"), "smtp.oauth2.client_id");
  EXPECT_EQ(subject("invalid_scope"), "smtp.oauth2.refresh_token");
  EXPECT_EQ(subject("something_else"), "smtp.oauth2");
  EXPECT_EQ(read(400, R"({"error": "invalid_grant"})").code(), Errc::AuthFailed);
  EXPECT_EQ(read(401, R"({"error": "invalid_client"})").code(), Errc::InvalidArgument);
}

TEST(TokenAnswer, WhatMayPassCanBeTriedAgain) {
  for (const long status : {429L, 500L, 503L}) {
    const auto answer = read(status, R"({"error": "invalid_grant"})");
    EXPECT_EQ(answer.code(), Errc::Unavailable);
    EXPECT_TRUE(answer.error().retryable());
  }
  EXPECT_EQ(read(400, R"({"error": "temporarily_unavailable"})").code(), Errc::Unavailable);
}

TEST(TokenAnswer, ADescriptionIsShownWithoutSecretsOnOneShortLine) {
  const auto answer =
      read(400, R"({"error": "invalid_grant", "error_description": "no\r\n the-refresh or the-secret )" +
                    std::string(1000, 'x') + R"("})");
  const std::string message = answer.error().message();
  EXPECT_NE(message.find("invalid_grant: no   *** or ***"), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_LT(message.size(), 500u);
}

}  // namespace
}  // namespace slipway::email
