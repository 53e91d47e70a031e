#include "oauth2_settings.h"

#include <gtest/gtest.h>

namespace slipway::email {
namespace {

OAuth2Settings some() { return {OAuth2Settings::Provider::Google, "", "client", "secret", "refresh", ""}; }

TEST(OAuth2Settings, KnowTheEndpointsOfTheProviders) {
  OAuth2Settings settings = some();
  EXPECT_EQ(settings.endpoint(), "https://oauth2.googleapis.com/token");
  settings.provider = OAuth2Settings::Provider::Microsoft;
  EXPECT_EQ(settings.endpoint(), "https://login.microsoftonline.com/common/oauth2/v2.0/token");
  settings.tenant = "contoso.example";
  EXPECT_EQ(settings.endpoint(), "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
  settings.token_url = "https://login.example.org/token";
  EXPECT_EQ(settings.endpoint(), settings.token_url);
}

TEST(OAuth2Settings, AreCompleteOrSayWhatIsMissing) {
  EXPECT_TRUE(check(some()));
  const auto without = [](std::string OAuth2Settings::*member) {
    OAuth2Settings settings = some();
    (settings.*member).clear();
    return check(settings).error().subject();
  };
  EXPECT_EQ(without(&OAuth2Settings::client_id), "smtp.oauth2.client_id");
  EXPECT_EQ(without(&OAuth2Settings::client_secret), "smtp.oauth2.client_secret");
  EXPECT_EQ(without(&OAuth2Settings::refresh_token), "smtp.oauth2.refresh_token");
}

TEST(OAuth2Settings, ATenantIsNoPath) {
  OAuth2Settings settings = some();
  for (const char* tenant : {"a/b", "..", "a?b", "a@b", "a b"}) {
    settings.tenant = tenant;
    EXPECT_EQ(check(settings).error().subject(), "smtp.oauth2.tenant") << tenant;
  }
}

TEST(OAuth2Settings, SecretsGoToOthersWithTlsOnly) {
  OAuth2Settings settings = some();
  for (const char* url : {"https://login.example.org/token", "http://127.0.0.1:8080/token", "http://localhost/token",
                          "http://[::1]:80/x"}) {
    settings.token_url = url;
    EXPECT_TRUE(check(settings)) << url;
  }
  for (const char* url : {"http://login.example.org/token", "http://127.0.0.1.example.org/", "http://localhost@evil/",
                          "https://user@evil/", "ftp://127.0.0.1/", "http://127.0.0.1 /", "login.example.org"}) {
    settings.token_url = url;
    EXPECT_EQ(check(settings).error().subject(), "smtp.oauth2.token_url") << url;
  }
}

}  // namespace
}  // namespace slipway::email
