#include "core/accounts/opened_settings.h"

#include "core/accounts/test_accounts.h"

namespace slipway::accounts {
namespace {

class OpenedSettingsTest : public AccountsTest {};

TEST_F(OpenedSettingsTest, SecretsAreSealedInTheStoreAndOpenForTheModule) {
  ServerConfigs configs;
  configs.sftpd = JsonText(R"({"host_keys":[{"status":"Plain","payload":"a private key"}],"macs":["hmac-sha2-256"]})");
  ASSERT_TRUE(accounts().update_configs(configs, root_).ok());
  EXPECT_EQ(store().configs()->sftpd.text.find("a private key"), std::string::npos);

  OpenedSettings settings(accounts(), keeper_);
  EXPECT_EQ(*settings.section("sftpd"), R"({"host_keys":["a private key"],"macs":["hmac-sha2-256"]})");
}

TEST_F(OpenedSettingsTest, NothingStoredIsAnEmptyObjectAndAnUnknownSectionIsNotFound) {
  OpenedSettings settings(accounts(), keeper_);
  EXPECT_EQ(*settings.section("sftpd"), "{}");
  EXPECT_EQ(settings.section("sftp").code(), Errc::NotFound);
}

TEST_F(OpenedSettingsTest, ASecretIsReplacedOnceBySomebodyWhoKnowsIt) {
  ServerConfigs configs;
  configs.smtp = JsonText(R"({"host":"h","oauth2":{"client_id":"c","client_secret":{"status":"Plain","payload":"s"},)"
                          R"("refresh_token":{"status":"Plain","payload":"first"}}})");
  ASSERT_OK(accounts().update_configs(configs, root_));
  OpenedSettings settings(accounts(), keeper_);
  ASSERT_OK(settings.replace_secret("smtp", "/oauth2/refresh_token", "first", "second"));
  EXPECT_EQ(*settings.section("smtp"),
            R"({"host":"h","oauth2":{"client_id":"c","client_secret":"s","refresh_token":"second"}})");
  EXPECT_EQ(store().configs()->smtp.text.find("second"), std::string::npos) << "it is sealed";
  EXPECT_EQ(settings.replace_secret("smtp", "/oauth2/refresh_token", "first", "third").code(), Errc::Conflict);
  EXPECT_EQ(settings.replace_secret("smtp", "/oauth2/client_id", "c", "d").code(), Errc::NotFound);
  EXPECT_EQ(settings.replace_secret("smtp", "", "", "d").code(), Errc::NotFound);
  EXPECT_EQ(settings.replace_secret("mail", "/password", "", "d").code(), Errc::NotFound);
  EXPECT_NE(settings.section("smtp")->find("second"), std::string::npos);
}

}  // namespace
}  // namespace slipway::accounts
