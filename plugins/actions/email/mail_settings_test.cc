#include "mail_settings.h"

#include <gtest/gtest.h>

namespace slipway::email {
namespace {

MailSettings file() {
  MailSettings settings;
  settings.host = "file.example.org";
  settings.templates_path = "/templates";
  settings.ca_file = "/ca.pem";
  return settings;
}

TEST(StoredMailSettings, ReplaceThoseOfTheFileAsAWhole) {
  const auto both = overlay(file(), R"({"host": "db.example.org", "port": 25, "user": "u@example.org", "password": "p",
                                        "auth_type": 2, "encryption": 1, "domain": "here.example.org", "debug": 1})");
  ASSERT_TRUE(both) << both.error().message();
  EXPECT_EQ(both->host, "db.example.org");
  EXPECT_EQ(both->port, 25);
  EXPECT_EQ(both->from.address, "u@example.org");
  EXPECT_EQ(both->password, "p");
  EXPECT_EQ(both->auth, MailSettings::Auth::CramMd5);
  EXPECT_EQ(both->encryption, MailSettings::Encryption::Tls);
  EXPECT_TRUE(both->debug);
  EXPECT_EQ(both->templates_path, "/templates");
  EXPECT_EQ(both->ca_file, "/ca.pem");
}

TEST(StoredMailSettings, LeaveTheFileAloneWithoutAHost) {
  EXPECT_EQ(overlay(file(), "{}")->host, "file.example.org");
  EXPECT_EQ(overlay(file(), R"({"host": "", "port": 1})")->host, "file.example.org");
}

TEST(StoredMailSettings, AreCheckedLikeTheFile) {
  for (const char* text :
       {R"({"host": "h"})", R"({"host": "h", "from": "x"})", R"({"host": "h", "from": "a@b", "port": 0})",
        R"({"host": "h", "from": "a@b", "port": 70000})", R"({"host": "h h", "from": "a@b"})",
        R"({"host": "h/x", "from": "a@b"})", R"({"host": "h", "from": "a@b", "domain": "x\r\nQUIT"})",
        R"({"host": "h", "from": "a@b", "auth_type": 4})", R"({"host": "h", "from": "a@b", "encryption": 3})", "[]",
        "{"})
    EXPECT_EQ(overlay(file(), text).code(), Errc::InvalidArgument) << text;
}

TEST(StoredMailSettings, HoldOAuth2ButForTheTokenEndpoint) {
  MailSettings from_file = file();
  from_file.oauth2.token_url = "https://login.example.org/token";
  const auto both = overlay(from_file, R"({"host": "h", "user": "u@example.org", "password": "p", "auth_type": 3,
      "oauth2": {"provider": 1, "tenant": "t", "client_id": "c", "client_secret": "s", "refresh_token": "r",
                 "token_url": "https://evil.example.org"}})");
  ASSERT_TRUE(both) << both.error().message();
  EXPECT_TRUE(both->is_stored);
  EXPECT_EQ(both->auth, MailSettings::Auth::OAuth2);
  EXPECT_EQ(both->oauth2, (OAuth2Settings{OAuth2Settings::Provider::Microsoft, "t", "c", "s", "r",
                                          "https://login.example.org/token"}));
  EXPECT_EQ(both->password, "");
}

TEST(StoredMailSettings, NeedAllOfOAuth2) {
  for (const char* missing : {"user", "client_id", "client_secret", "refresh_token"}) {
    std::string text = R"({"host": "h", "from": "a@b", "user": "u@example.org", "auth_type": 3,
      "oauth2": {"client_id": "c", "client_secret": "s", "refresh_token": "r"}})";
    text.replace(text.find('"' + std::string(missing) + '"') + 1, 1, "_");
    const auto settings = overlay(file(), text);
    ASSERT_EQ(settings.code(), Errc::InvalidArgument);
    EXPECT_NE(settings.error().subject().find(missing), std::string::npos);
  }
}

TEST(StoredMailSettings, HoldNoUserThatOAuth2WouldTakeForMore) {
  for (const char* user : {"u\\u0001auth=Bearer x", "u,host=x", "u\\r\\nQUIT"}) {
    const std::string text =
        R"({"host": "h", "from": "a@b", "user": ")" + std::string(user) +
        R"(", "auth_type": 3, "oauth2": {"client_id": "c", "client_secret": "s", "refresh_token": "r"}})";
    const auto settings = overlay(file(), text);
    ASSERT_EQ(settings.code(), Errc::InvalidArgument) << user;
    EXPECT_EQ(settings.error().subject(), "smtp.user");
  }
}

TEST(MailSettings, KnowWhenAPasswordIsExposed) {
  MailSettings settings = file();
  EXPECT_FALSE(settings.exposes_password());
  settings.user = "u";
  EXPECT_TRUE(settings.exposes_password());
  settings.host = "127.0.0.1";
  EXPECT_FALSE(settings.exposes_password());
  settings.host = "file.example.org";
  settings.encryption = MailSettings::Encryption::StartTls;
  EXPECT_FALSE(settings.exposes_password());
}

}  // namespace
}  // namespace slipway::email
