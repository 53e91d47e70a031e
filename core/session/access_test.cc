#include "core/session/access.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/accounts/test_accounts.h"
#include "core/crypto/base32.h"
#include "core/crypto/totp.h"

namespace slipway::session {
namespace {

class NoModules final : public module::Registry {
 public:
  module::ModuleRef<StorageModule> storage(std::string_view) const override { return {}; }
  module::ModuleRef<StorageModule> storage_for_provider(int) const override { return {}; }
  std::vector<module::ModuleRef<AuthModule>> auth_chain() const override { return {}; }
  module::ModuleRef<ActionModule> action(std::string_view) const override { return {}; }
};

class AccessTest : public accounts::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    counters_ = std::make_unique<SharedCounters>(store(), QuotaTracking::Off);
    manager_ = std::make_unique<SessionManager>(
        SessionRooms{accounts(), *counters_, modules_, keeper_, std::shared_ptr<events::EventBus>(&bus_, [](auto*) {})},
        SessionSettings{});
    access_ = std::make_unique<Access>(*manager_);
    failures_ = bus_.on_after_sync("test", "login-failed", [this](const OpContext&, const Event& event) {
      reasons_.push_back(event.error);
      return ok();
    });
    auto root = an_admin("root");
    root.password = "s3cret Pass";
    root.permissions = {"view_users"};
    add(accounts().admins(), root);
  }
  void TearDown() override {
    access_.reset();
    manager_.reset();
    counters_.reset();
    failures_.reset();
  }

  static ConnectionRequest from(std::string address) {
    return {.protocol = "HTTP", .connection_id = "HTTP_1", .remote = {std::move(address), 4000}};
  }
  Result<AdminIdentity> login(std::string_view password, std::string_view passcode = {}, std::string name = "root") {
    return access_->login_admin({}, from("192.0.2.1"), {name, password, passcode});
  }
  // One change of the stored administrator.
  template <class Change>
  void change_root(Change&& change) {
    auto root = accounts().admins().get("root");
    ASSERT_TRUE(root);
    change(*root);
    ASSERT_OK(accounts().admins().update(*root, root_));
  }
  // "API key" text of a new key.
  std::string key(int scope, std::string admin, std::string user, std::int64_t expires = 0) {
    accounts::ApiKey key;
    key.name = "key";
    key.scope = scope;
    key.admin = std::move(admin);
    key.user = std::move(user);
    key.expires_at = expires;
    auto made = accounts().make_api_key(std::move(key), root_);
    EXPECT_TRUE(made) << made.error().message();
    return made ? made->secret : std::string();
  }
  Result<ApiKeyIdentity> use(std::string_view text, AccessService::KeyScope scope) {
    return access_->api_key({}, from("192.0.2.1"), text, scope);
  }

  NoModules modules_;
  std::unique_ptr<SharedCounters> counters_;
  std::unique_ptr<SessionManager> manager_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<events::EventBus::Registration> failures_;
  std::vector<std::string> reasons_;
};

constexpr auto kAdminKey = AccessService::KeyScope::Admin;
constexpr auto kUserKey = AccessService::KeyScope::User;

TEST_F(AccessTest, AnAdministratorLogsInAndActsAsTheAccountIs) {
  const auto identity = login("s3cret Pass");
  ASSERT_TRUE(identity) << identity.error().message();
  EXPECT_EQ(identity->actor.kind, Actor::Kind::Admin);
  EXPECT_EQ(identity->actor.name, "root");
  EXPECT_EQ(identity->actor.permissions, std::vector<std::string>{"view_users"});
  EXPECT_EQ(identity->actor.address, "192.0.2.1");
  EXPECT_TRUE(reasons_.empty());
}

TEST_F(AccessTest, WhateverIsWrongSoundsAlikeAndIsReported) {
  const auto wrong = login("wrong"), unknown = login("wrong", "", "nobody");
  change_root([](auto& root) { root.status = 0; });
  const auto disabled = login("s3cret Pass");
  for (const auto* refused : {&wrong, &unknown, &disabled}) {
    EXPECT_EQ(refused->code(), Errc::AuthFailed);
    EXPECT_EQ(refused->error().message(), "login: invalid credentials");
  }
  EXPECT_EQ(reasons_,
            (std::vector<std::string>{"invalid credentials", "unknown administrator", "the account is disabled"}));
}

TEST_F(AccessTest, TheAddressMustBeOnTheAllowList) {
  change_root([](auto& root) { root.filters.allow_list = {"198.51.100.0/24"}; });
  EXPECT_EQ(login("s3cret Pass").code(), Errc::AuthFailed);
  EXPECT_TRUE(access_->login_admin({}, from("198.51.100.7"), {"root", "s3cret Pass", ""}));
  EXPECT_EQ(access_->admin(from("192.0.2.1"), "root").code(), Errc::AuthFailed);
  EXPECT_TRUE(access_->admin(from("198.51.100.7"), "root"));
}

TEST_F(AccessTest, ASecondFactorMustBeProvedToo) {
  const std::string secret = crypto::base32_encode(std::string(20, 'k'));
  accounts::TotpConfig totp;
  totp.enabled = true;
  totp.config_name = "Default";
  totp.secret = plain(secret);
  ASSERT_OK(accounts().second_factors().set(accounts::AccountKind::Admin, "root", totp, root_));
  EXPECT_EQ(login("s3cret Pass").code(), Errc::AuthFailed);
  EXPECT_EQ(login("s3cret Pass", "000").code(), Errc::AuthFailed);
  const auto step = crypto::totp_step(std::chrono::system_clock::now());
  const auto code = crypto::totp_code(std::string(20, 'k'), step, crypto::DigestKind::Sha1);
  ASSERT_TRUE(code);
  EXPECT_EQ(login("wrong", *code).code(), Errc::AuthFailed);
  EXPECT_TRUE(login("s3cret Pass", *code));
  EXPECT_EQ(login("s3cret Pass", *code).code(), Errc::AuthFailed) << "a passcode is used up";
}

TEST_F(AccessTest, WhatAnAdministratorHasToDoFirstIsSaid) {
  change_root([](auto& root) {
    root.filters.require_password_change = true;
    root.filters.require_two_factor = true;
  });
  const auto identity = login("s3cret Pass");
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->must_change_password);
  EXPECT_TRUE(identity->needs_second_factor);
}

TEST_F(AccessTest, AnAccountThatChangedHasAnotherVersion) {
  const auto before = access_->admin(from("192.0.2.1"), "root");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // versions are milliseconds
  change_root([](auto& root) { root.description = "x"; });
  const auto after = access_->admin(from("192.0.2.1"), "root");
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->version, after->version);
  EXPECT_EQ(access_->admin(from("192.0.2.1"), "nobody").code(), Errc::AuthFailed);
}

TEST_F(AccessTest, KeysStandForTheirAccount) {
  change_root([](auto& root) {
    root.filters.allow_api_key_auth = true;
    root.filters.require_two_factor = true;
  });
  auto ann = a_user("ann");
  ann.filters.allow_api_key_auth = true;
  add_user(ann);
  const auto bound = use(key(1, "root", ""), kAdminKey);
  ASSERT_TRUE(bound) << bound.error().message();
  EXPECT_EQ(bound->admin->actor.name, "root");
  EXPECT_FALSE(bound->admin->needs_second_factor);
  const auto named = use(key(2, "", "") + ".ann", kUserKey);
  ASSERT_TRUE(named) << named.error().message();
  EXPECT_EQ(named->user->name, "ann");
  const auto suffix_ignored = use(key(1, "root", "") + ".other", kAdminKey);
  ASSERT_TRUE(suffix_ignored);
  EXPECT_EQ(suffix_ignored->admin->actor.name, "root");
}

TEST_F(AccessTest, KeysThatDoNotFitAreRefused) {
  change_root([](auto& root) { root.filters.allow_api_key_auth = true; });
  add_user(a_user("ann"));  // closed to API keys
  const auto good = key(1, "root", "");
  EXPECT_EQ(use("nonsense", kAdminKey).code(), Errc::InvalidArgument);
  EXPECT_TRUE(reasons_.empty()) << "what is not written like a key is no attempt";
  EXPECT_EQ(use("unknown.secret", kAdminKey).code(), Errc::InvalidArgument);
  EXPECT_EQ(use(good, kUserKey).code(), Errc::PermissionDenied);
  EXPECT_EQ(use(good + "x", kAdminKey).code(), Errc::AuthFailed);
  EXPECT_EQ(use(key(1, "root", "", 1), kAdminKey).code(), Errc::AuthFailed) << "expired";
  const auto closed = use(key(2, "", "ann"), kUserKey);
  EXPECT_EQ(closed.code(), Errc::AuthFailed);
  EXPECT_EQ(closed.error().cause(), "the user associated with the provided api key cannot be authenticated");
  EXPECT_EQ(use(key(1, "", "") + ".nobody", kAdminKey).code(), Errc::AuthFailed);
}

TEST_F(AccessTest, UsersAreAsTheyAreNow) {
  auto ann = a_user("ann");
  ann.filters.web_client = {"write-disabled"};
  ann.filters.two_factor_protocols = {"HTTP", "SSH"};
  add_user(ann);
  const auto identity = access_->user("ann");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->web_options, std::vector<std::string>{"write-disabled"});
  EXPECT_EQ(identity->missing_second_factors, (std::vector<std::string>{"HTTP", "SSH"}));
  EXPECT_EQ(access_->user("bob").code(), Errc::AuthFailed);
}

TEST_F(AccessTest, EarlierLoginsAreResumedWhileTheAccountAllowsIt) {
  auto ann = a_user("ann");
  add_user(ann);
  const auto resume = [&]() -> Status {
    SLIPWAY_ASSIGN(auto admitted, manager_->admit(from("192.0.2.1")));
    SLIPWAY_ASSIGN(const auto login, admitted->resume({}, "ann"));
    EXPECT_EQ(login->user(), "ann");
    return ok();
  };
  EXPECT_OK(resume());
  ann.filters.denied_login_methods = {"password"};
  ASSERT_OK(accounts().users().update(ann, root_));
  EXPECT_EQ(resume().code(), Errc::PermissionDenied);
  ann.filters.denied_login_methods = {};
  ann.status = 0;
  ASSERT_OK(accounts().users().update(ann, root_));
  EXPECT_EQ(resume().code(), Errc::PermissionDenied);
  ASSERT_OK(accounts().users().remove("ann", root_));
  EXPECT_EQ(resume().code(), Errc::AuthFailed);
}

}  // namespace
}  // namespace slipway::session
