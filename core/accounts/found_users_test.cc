#include "core/accounts/found_users.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/accounts/entity_json.h"
#include "core/accounts/test_accounts.h"
#include "core/base/json.h"
#include "slipway/base64.h"

namespace slipway::accounts {
namespace {

namespace json = boost::json;

constexpr char kBlob[] = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

class FoundUsersTest : public AccountsTest {
 protected:
  static json::object document(const char* name) {
    return {{"username", name},
            {"status", 1},
            {"home_dir", "/srv/" + std::string(name)},
            {"permissions", json::object{{"/", json::array{"*"}}}}};
  }
  Result<std::string> store(const json::object& user) { return accounts().found_users().store(serialize_json(user)); }
  User stored(std::string_view name) { return *accounts().users().get(name); }
};

TEST_F(FoundUsersTest, AnUnknownUserIsAddedQuietly) {
  json::object user = document(" ann ");
  user["password"] = "weak";
  const auto name = store(user);
  ASSERT_TRUE(name) << name.error().message();
  EXPECT_EQ(*name, "ann");
  EXPECT_TRUE(*accounts().verify_password("ann", "weak"));
  EXPECT_EQ(events(), std::vector<std::string>());
}

TEST_F(FoundUsersTest, AKnownUserIsReplacedButForWhatIsItsOwn) {
  User before = a_user("ann");
  before.password = "secret";
  before.description = "old";
  before = add_user(before);
  ASSERT_OK(accounts().second_factors().set(
      AccountKind::User, "ann", {true, "Default", plain("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), {"SSH"}}, root_));
  accounts().record_login("ann");
  take_events();
  json::object user = document("ann");
  user["id"] = 77;
  user["used_quota_size"] = 99;
  user["last_login"] = 1;
  user["description"] = "new";
  ASSERT_TRUE(store(user));
  const User after = stored("ann");
  EXPECT_EQ(after.description, "new");
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.used_quota_size, 0);
  EXPECT_GT(after.last_login, 1);
  EXPECT_EQ(after.created_at, before.created_at);
  EXPECT_EQ(after.filters.recovery_codes.size(), 12u);
  EXPECT_TRUE(after.filters.totp_config.enabled);
  EXPECT_TRUE(*accounts().verify_password("ann", "secret"));
  EXPECT_EQ(events(), std::vector<std::string>());
}

TEST_F(FoundUsersTest, TheSameAnswerAgainChangesNothing) {
  json::object user = document("ann");
  user["password"] = "secret";
  ASSERT_TRUE(store(user));
  const User before = stored("ann");
  const auto version = *AccountsTest::store().definitions_version();
  ASSERT_TRUE(store(user));
  EXPECT_EQ(stored("ann"), before);
  EXPECT_EQ(*AccountsTest::store().definitions_version(), version);
  user["password"] = "other";
  ASSERT_TRUE(store(user));
  EXPECT_TRUE(*accounts().verify_password("ann", "other"));
}

TEST_F(FoundUsersTest, PartsOfAUserAndInvalidOnesAreRefused) {
  for (const char* missing : {"username", "status", "permissions"}) {
    json::object user = document("ann");
    user.erase(missing);
    EXPECT_EQ(store(user).code(), Errc::InvalidArgument) << missing;
  }
  json::object user = document("ann");
  user["status"] = 7;
  EXPECT_EQ(store(user).code(), Errc::InvalidArgument);
  EXPECT_EQ(accounts().found_users().store("[]").code(), Errc::InvalidArgument);
  EXPECT_EQ(accounts().found_users().store("{").code(), Errc::InvalidArgument);
  EXPECT_EQ(accounts().users().get("ann").code(), Errc::NotFound);
}

TEST_F(FoundUsersTest, CredentialsThatWereRightElsewhereBecomeTheUsers) {
  add_user(a_user("ann"));
  ASSERT_OK(accounts().found_users().keep_password("ann", "typed"));
  EXPECT_TRUE(*accounts().verify_password("ann", "typed"));
  const std::string hash = stored("ann").password;
  ASSERT_OK(accounts().found_users().keep_password("ann", "typed"));
  EXPECT_EQ(stored("ann").password, hash);

  const std::string blob = *base64_decode(kBlob);
  for (int i = 0; i < 2; ++i) ASSERT_OK(accounts().found_users().keep_key("ann", blob));
  EXPECT_EQ(stored("ann").public_keys, std::vector<std::string>{std::string("ssh-ed25519 ") + kBlob});
  EXPECT_EQ(accounts().found_users().keep_key("ann", "xx").code(), Errc::InvalidArgument);
}

TEST_F(FoundUsersTest, HooksAreToldWhetherToAsk) {
  settings_.validation.external_auth = true;
  restart();
  User user = a_user("ann");
  user.filters.external_auth_cache_time = 3600;
  user.filters.hooks.check_password_disabled = true;
  add_user(user);
  auto view = accounts().hook_view("ann");
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->external_auth && view->pre_login);
  EXPECT_FALSE(view->check_password);
  EXPECT_EQ(from_json_text<User>(view->document, Unknown::Ignore)->username, "ann");
  accounts().record_login("ann");
  EXPECT_FALSE(accounts().hook_view("ann")->external_auth) << "the last login is recent enough";
  EXPECT_TRUE(accounts().hook_view("ann")->pre_login);
  EXPECT_EQ(accounts().hook_view("bob").code(), Errc::NotFound);
}

}  // namespace
}  // namespace slipway::accounts
