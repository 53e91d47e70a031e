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

}  // namespace
}  // namespace slipway::accounts
