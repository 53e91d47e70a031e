#include "core/accounts/credentials.h"

#include <gtest/gtest.h>

#include "core/accounts/test_accounts.h"
#include "core/accounts/verified_passwords.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {
namespace {

class CredentialsTest : public AccountsTest {
 protected:
  void add_with_password(std::string name, std::string password) {
    User user = a_user(std::move(name));
    user.password = std::move(password);
    add_user(user);
  }
  bool verifies(std::string_view user, std::string_view password) {
    const auto verified = accounts().verify_password(user, password);
    EXPECT_TRUE(verified.ok());
    return verified.ok() && *verified;
  }
};

TEST_F(CredentialsTest, OnlyTheRightPasswordIsRightAgainAndAgain) {
  add_with_password("ann", "secret");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(verifies("ann", "secret"));
    EXPECT_FALSE(verifies("ann", "secre"));
    EXPECT_FALSE(verifies("ann", ""));
    EXPECT_FALSE(verifies("bob", "secret"));
  }
}

TEST_F(CredentialsTest, UsersWithoutAPasswordHaveNoRightOne) {
  add_user(a_user("ann"));
  EXPECT_FALSE(verifies("ann", ""));
  EXPECT_FALSE(verifies("ann", "x"));
}

TEST_F(CredentialsTest, ARememberedPasswordEndsWithItsHash) {
  add_with_password("ann", "secret");
  EXPECT_TRUE(verifies("ann", "secret"));
  ASSERT_OK(accounts().change_user_password("ann", "other", root_));
  EXPECT_FALSE(verifies("ann", "secret"));
  EXPECT_TRUE(verifies("ann", "other"));
}

TEST_F(CredentialsTest, OldHashesAreReplacedAtLogin) {
  add_with_password("ann", "{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69");  // "secret"
  EXPECT_FALSE(verifies("ann", "wrong"));
  EXPECT_TRUE(accounts().users().get("ann")->password.starts_with("{MD5}"));
  EXPECT_TRUE(verifies("ann", "secret"));
  const auto user = *accounts().users().get("ann");
  EXPECT_TRUE(user.password.starts_with("$2a$")) << user.password;
  EXPECT_TRUE(verifies("ann", "secret"));
  EXPECT_EQ(accounts().users().get("ann")->password, user.password) << "replaced once";
}

TEST_F(CredentialsTest, PasswordsTooLongForTheNewFormatKeepTheirHash) {
  const std::string password(80, 'x');
  settings_.validation.hashing.algorithm = crypto::HashSettings::Algorithm::Pbkdf2Sha256;
  settings_.validation.hashing.pbkdf2_iterations = 1000;
  accounts().configure(settings_);
  add_with_password("ann", password);
  settings_.validation.hashing.algorithm = crypto::HashSettings::Algorithm::Bcrypt;
  accounts().configure(settings_);
  EXPECT_TRUE(verifies("ann", password));
  EXPECT_TRUE(accounts().users().get("ann")->password.starts_with("$pbkdf2-b64salt-sha256$"));
}

TEST_F(CredentialsTest, AnonymousUsersHaveEveryPassword) {
  User user = a_user("guest");
  user.filters.is_anonymous = true;
  add_user(user);
  EXPECT_TRUE(verifies("guest", "me@example.com"));
  EXPECT_TRUE(verifies("guest", ""));
}

TEST_F(CredentialsTest, KeysComeWithoutOptions) {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPHz8D2z1QdyeCpHwfstwXdF75PvkMuXjjPucstX9elR";
  User user = a_user("ann");
  user.public_keys = {"no-pty " + key + " ann@host"};
  add_user(user);
  EXPECT_EQ(accounts().credentials("ann")->public_keys, std::vector<std::string>{key});
  EXPECT_EQ(accounts().credentials("bob").code(), Errc::NotFound);
}

TEST_F(CredentialsTest, ANewPasswordMustMeetTheRulesAndEndsTheDutyToChange) {
  User user = a_user("ann");
  user.filters.password_policy.digits = 1;
  user.filters.require_password_change = true;
  user = add_user(user);
  EXPECT_EQ(accounts().change_user_password("ann", "nodigit", root_).error().subject(), "/password");
  EXPECT_EQ(accounts().change_user_password("ann", "  ", root_).error().subject(), "/password");
  ASSERT_OK(accounts().change_user_password("ann", "digit1", root_));
  user = *accounts().users().get("ann");
  EXPECT_FALSE(user.filters.require_password_change);
  EXPECT_GT(user.last_password_change, 0);
  EXPECT_TRUE(verifies("ann", "digit1"));
  ASSERT_OK(accounts().change_user_password("ann", "{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69", root_));
  EXPECT_FALSE(verifies("ann", "secret")) << "what looks like a hash is a password here";
}

TEST_F(CredentialsTest, AdministratorsMayHaveNoPasswordLogin) {
  ASSERT_OK(accounts().create_first_admin("root", "secret"));
  EXPECT_TRUE(*accounts().verify_admin_password("root", "secret"));
  EXPECT_FALSE(*accounts().verify_admin_password("nobody", "secret"));
  Admin admin = *accounts().admins().get("root");
  admin.filters.disable_password_auth = true;
  ASSERT_OK(accounts().admins().update(admin, root_));
  EXPECT_FALSE(*accounts().verify_admin_password("root", "secret"));
  ASSERT_OK(accounts().change_admin_password("root", "other", root_));
  admin = *accounts().admins().get("root");
  EXPECT_TRUE(crypto::verify_password(admin.password, "other"));
}

TEST_F(CredentialsTest, TotpComesWithRecoveryCodesThatAnUpdateLeavesAlone) {
  add_with_password("ann", "secret");
  ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann",
                                            {true, "Default", plain("JBSWY3DPEHPK3PXP"), {"SSH"}}, root_));
  auto user = *accounts().users().get("ann");
  ASSERT_EQ(user.filters.recovery_codes.size(), 12u);
  EXPECT_EQ(user.filters.totp_config.secret.status, "Secretbox");
  const auto code = *keeper_.open(user.filters.recovery_codes[0].secret);
  EXPECT_TRUE(code.starts_with("RC-")) << code;
  EXPECT_EQ(code.size(), 25u);

  const auto filters = user.filters;
  user.filters.totp_config = {};
  user.filters.recovery_codes.clear();
  user = *accounts().users().update(user, root_);
  EXPECT_EQ(user.filters, filters);
  ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann", user.filters.totp_config, root_));
  EXPECT_EQ(accounts().users().get("ann")->filters.recovery_codes, filters.recovery_codes) << "enough codes are left";
  ASSERT_OK(accounts().second_factors().set(AccountKind::User, "ann", {}, root_));
  EXPECT_TRUE(accounts().users().get("ann")->filters.recovery_codes.empty());
  EXPECT_EQ(accounts()
                .second_factors()
                .set(AccountKind::User, "ann", {true, "Other", plain("x"), {"SSH"}}, root_)
                .error()
                .subject(),
            "/filters/totp_config/config_name");
}

TEST_F(CredentialsTest, ApiKeysAreShownOnceAndVerified) {
  ASSERT_OK(accounts().create_first_admin("root", "secret"));
  ApiKey key;
  key.name = "k";
  key.scope = 1;
  const auto made = accounts().make_api_key(key, root_);
  ASSERT_OK(made);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(accounts().verify_api_key(made->secret)->id, made->key.id);
    EXPECT_EQ(accounts().verify_api_key(made->secret + ".ann")->id, made->key.id);
    EXPECT_EQ(accounts().verify_api_key(made->key.id + ".wrong").code(), Errc::AuthFailed);
  }
  EXPECT_EQ(accounts().verify_api_key("unknown.key").code(), Errc::NotFound);
  EXPECT_EQ(accounts().verify_api_key("nodot").code(), Errc::InvalidArgument);

  key = made->key;
  key.key = "$2a$04$forged";
  key.expires_at = 1;
  ASSERT_OK(accounts().api_keys().update(key, root_));
  EXPECT_EQ(accounts().api_keys().get(key.id)->key, made->key.key) << "an update cannot change the key";
  EXPECT_EQ(accounts().verify_api_key(made->secret).code(), Errc::AuthFailed) << "it has expired";
  key.expires_at = 0;
  EXPECT_EQ(accounts().api_keys().update(key, root_).error().subject(), "/expires_at");
}

TEST(VerifiedPasswords, AreRememberedForTheVeryHash) {
  VerifiedPasswords verified(2);
  verified.add("user/ann", "hash", "secret");
  EXPECT_TRUE(verified.contains("user/ann", "hash", "secret"));
  EXPECT_FALSE(verified.contains("user/ann", "hash", "Secret"));
  EXPECT_FALSE(verified.contains("user/ann", "hash2", "secret"));
  EXPECT_FALSE(verified.contains("admin/ann", "hash", "secret"));
  verified.add("user/bob", "hash", "secret");
  EXPECT_TRUE(verified.contains("user/ann", "hash", "secret"));
  verified.add("user/eve", "hash", "secret");
  EXPECT_FALSE(verified.contains("user/bob", "hash", "secret")) << "the one that was not used for longest goes";
  EXPECT_TRUE(verified.contains("user/ann", "hash", "secret"));
  verified.clear();
  EXPECT_FALSE(verified.contains("user/ann", "hash", "secret"));
}

}  // namespace
}  // namespace slipway::accounts
