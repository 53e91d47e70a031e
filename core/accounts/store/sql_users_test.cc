#include <gtest/gtest.h>

#include <thread>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlUsers : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (const char* name : {"zeta", "alpha", "mid"}) ASSERT_OK(store().add_group(a_group(name)));
    for (const char* name : {"photos", "archive"}) ASSERT_OK(store().add_folder(a_folder(name)));
    ASSERT_OK(store().add_role(a_role("sales")));
  }

  // Something in every column, relation and corner of the document.
  static User full_user() {
    User user = a_user("bob");
    user.email = "bob@example.org";
    user.description = "quotes ' \" and\nlines, ünïcödé, {users}, ?";
    user.expiration_date = 1900000000000;
    user.password = "$2a$04$abcdefghijklmnopqrstuu";
    user.public_keys = {"ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"};
    user.virtual_folders = {
        {"photos", "/p", 10, 2, ""}, {"archive", "/a", -1, -1, "/deep"}, {"photos", "/q", 0, 0, "/x"}};
    user.uid = 1000;
    user.gid = 1001;
    user.max_sessions = 3;
    user.quota_size = 1LL << 40;
    user.quota_files = 100;
    user.permissions = {{"/", {"list", "download"}}, {"/in", {"*"}}};
    user.used_quota_size = 11;
    user.used_quota_files = 12;
    user.last_quota_update = 13;
    user.upload_bandwidth = 14;
    user.total_data_transfer = 15;
    user.used_upload_data_transfer = 16;
    user.used_download_data_transfer = 17;
    user.created_at = 18;
    user.updated_at = 19;
    user.last_login = 20;
    user.first_download = 21;
    user.first_upload = 22;
    user.last_password_change = 23;
    user.filters.allowed_ip = {"192.0.2.0/24"};
    user.filters.totp_config = {true, "Default", {"Secretbox", "cGF5", std::string(64, 'a'), "bob", 1}, {"SSH"}};
    user.filters.recovery_codes = {{{"Secretbox", "cG", std::string(64, 'b'), "bob", 0}, true}};
    user.filesystem.provider = FsProvider::Crypt;
    user.filesystem.cryptconfig.passphrase = {"Secretbox", "cGF5bG9hZA==", std::string(64, 'c'), "bob", 0};
    user.additional_info = "info";
    user.groups = {{"zeta", GroupType::Secondary}, {"alpha", GroupType::Primary}, {"mid", GroupType::Membership}};
    user.role = "sales";
    user.extra = JsonText(R"({"later":{"a":[1,2,{}]}})");
    return user;
  }
};

TEST_F(SqlUsers, WhatWasStoredComesBackWhole) {
  User user = full_user();
  ASSERT_OK(store().add_user(user));
  auto read = store().user("bob");
  ASSERT_OK(read);
  EXPECT_GT(read->id, 0);
  user.id = read->id;
  EXPECT_EQ(*read, user);
  const auto listed = store().users({});
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front(), user);
  reopen();
  EXPECT_EQ(*store().user("bob"), user);
}

TEST_F(SqlUsers, AnEmptyUserComesBackEmpty) {
  User user;
  user.username = "x";
  ASSERT_OK(store().add_user(user));
  user.id = store().user("x")->id;
  EXPECT_EQ(*store().user("x"), user);
}

TEST_F(SqlUsers, NamesAreUniqueByteByByte) {
  ASSERT_OK(store().add_user(a_user("bob")));
  EXPECT_ERROR(store().add_user(a_user("bob")), Errc::Exists, "user \"bob\": exists already");
  EXPECT_OK(store().add_user(a_user("Bob")));
  EXPECT_OK(store().add_user(a_user("bob ")));
  EXPECT_ERROR(store().user("BOB"), Errc::NotFound, "user \"BOB\": does not exist");
}

TEST_F(SqlUsers, AddAndUpdateNameTheReferenceThatIsMissing) {
  User user = a_user("bob");
  ASSERT_OK(store().add_user(user));
  user.groups = {{"alpha", GroupType::Primary}, {"nobody", GroupType::Secondary}};
  EXPECT_ERROR(store().update_user(user), Errc::InvalidArgument, "group \"nobody\": does not exist");
  EXPECT_TRUE(store().user("bob")->groups.empty());  // nothing of a failed update stays
  user.groups = {{"alpha", GroupType::Primary}, {"alpha", GroupType::Secondary}};
  EXPECT_ERROR(store().update_user(user), Errc::InvalidArgument, "group \"alpha\": is listed twice");
  user.groups.clear();
  user.virtual_folders = {{"attic", "/a", 0, 0, ""}};
  EXPECT_ERROR(store().update_user(user), Errc::InvalidArgument, "folder \"attic\": does not exist");
  user.virtual_folders.clear();
  user.role = "kings";
  EXPECT_ERROR(store().update_user(user), Errc::InvalidArgument, "role \"kings\": does not exist");
  user.username = "new";
  EXPECT_ERROR(store().add_user(user), Errc::InvalidArgument, "role \"kings\": does not exist");
  EXPECT_EQ(store().user("new").code(), Errc::NotFound);
}

TEST_F(SqlUsers, UpdateReplacesAllButCountersAndFirstTimes) {
  const User before = full_user();
  ASSERT_OK(store().add_user(before));
  User change = a_user("bob");
  change.id = 999;
  change.password = "other";
  change.updated_at = 100;
  change.created_at = change.last_login = change.first_download = change.first_upload = 555;
  change.used_quota_size = change.used_quota_files = change.last_quota_update = 555;
  change.used_upload_data_transfer = change.used_download_data_transfer = 555;
  change.last_password_change = 101;
  change.groups = {{"mid", GroupType::Primary}};
  ASSERT_OK(store().update_user(change));

  User expected = change;
  const User read = *store().user("bob");
  expected.id = read.id;
  expected.created_at = before.created_at;
  expected.last_login = before.last_login;
  expected.first_download = before.first_download;
  expected.first_upload = before.first_upload;
  expected.used_quota_size = before.used_quota_size;
  expected.used_quota_files = before.used_quota_files;
  expected.last_quota_update = before.last_quota_update;
  expected.used_upload_data_transfer = before.used_upload_data_transfer;
  expected.used_download_data_transfer = before.used_download_data_transfer;
  EXPECT_EQ(read, expected);
  EXPECT_NE(read.id, 999);
}

TEST_F(SqlUsers, AbsentUsersAreNotFoundByEveryCall) {
  const auto is_not_found = [](const auto& result) { return result.code() == Errc::NotFound; };
  EXPECT_TRUE(is_not_found(store().user("x")));
  EXPECT_TRUE(is_not_found(store().update_user(a_user("x"))));
  EXPECT_TRUE(is_not_found(store().remove_user("x")));
  EXPECT_TRUE(is_not_found(store().replace_user_password("x", "", "new", 1)));
  EXPECT_TRUE(is_not_found(store().set_user_last_login("x", 1)));
  EXPECT_TRUE(is_not_found(store().mark_first_upload("x", 1)));
  EXPECT_TRUE(is_not_found(store().mark_first_download("x", 1)));
  EXPECT_TRUE(is_not_found(store().user_quota("x")));
  EXPECT_TRUE(is_not_found(store().set_user_quota("x", {}, 1)));
  EXPECT_TRUE(is_not_found(store().add_user_quota("x", {1, 1}, 1)));
  EXPECT_TRUE(is_not_found(store().user_transfer("x")));
  EXPECT_TRUE(is_not_found(store().set_user_transfer("x", {}, 1)));
  EXPECT_TRUE(is_not_found(store().add_user_transfer("x", {1, 1}, 1)));
  EXPECT_TRUE(is_not_found(store().shares_of("x", {})));
}

TEST_F(SqlUsers, RemovalTakesMappingsSharesAndKeysAlong) {
  ASSERT_OK(store().add_user(full_user()));
  ASSERT_OK(store().add_user(a_user("eve")));
  Share share;
  share.id = "share-of-bob";
  share.username = "bob";
  ASSERT_OK(store().add_share(share));
  share.id = "share-of-eve";
  share.username = "eve";
  ASSERT_OK(store().add_share(share));
  ApiKey key;
  key.id = "key-of-bob";
  key.user = "bob";
  ASSERT_OK(store().add_api_key(key));
  ASSERT_OK(store().remove_user("bob"));
  EXPECT_EQ(store().share("share-of-bob").code(), Errc::NotFound);
  EXPECT_OK(store().share("share-of-eve"));
  EXPECT_EQ(store().api_key("key-of-bob").code(), Errc::NotFound);
  EXPECT_TRUE(store().group_uses("alpha")->users.empty());
  EXPECT_TRUE(store().folder_uses("photos")->users.empty());
  EXPECT_OK(store().add_user(full_user()));
}

TEST_F(SqlUsers, PasswordsAreReplacedOnlyWhileTheOldOneIsThere) {
  ASSERT_OK(store().add_user(full_user()));
  const std::string old_hash = full_user().password;
  ASSERT_OK(store().replace_user_password("bob", old_hash, "$argon2id$new", 5000));
  EXPECT_EQ(store().user("bob")->password, "$argon2id$new");
  EXPECT_EQ(store().user("bob")->updated_at, 5000);
  EXPECT_ERROR(store().replace_user_password("bob", old_hash, "x", 1), Errc::Conflict,
               "user \"bob\": the password has been changed meanwhile");
  EXPECT_EQ(store().user("bob")->password, "$argon2id$new");
}

TEST_F(SqlUsers, FirstTransfersAreMarkedOnce) {
  ASSERT_OK(store().add_user(a_user("bob")));
  EXPECT_TRUE(*store().mark_first_upload("bob", 100));
  EXPECT_FALSE(*store().mark_first_upload("bob", 200));
  EXPECT_TRUE(*store().mark_first_download("bob", 300));
  EXPECT_FALSE(*store().mark_first_download("bob", 400));
  EXPECT_EQ(store().user("bob")->first_upload, 100);
  EXPECT_EQ(store().user("bob")->first_download, 300);
}

TEST_F(SqlUsers, LoginsChangeNothingElse) {
  ASSERT_OK(store().add_user(full_user()));
  User expected = *store().user("bob");
  ASSERT_OK(store().set_user_last_login("bob", 777));
  expected.last_login = 777;
  EXPECT_EQ(*store().user("bob"), expected);
}

TEST_F(SqlUsers, SettingsBeyondTheReadersLimitAreRefused) {
  User user = a_user("bob");
  user.additional_info = std::string(5 << 20, 'x');
  EXPECT_EQ(store().add_user(user).code(), Errc::TooLarge);
  EXPECT_EQ(store().user("bob").code(), Errc::NotFound);
}

TEST_F(SqlUsers, CountersAreAddedAndSet) {
  ASSERT_OK(store().add_user(a_user("bob")));
  ASSERT_OK(store().add_user_quota("bob", {100, 2}, 10));
  ASSERT_OK(store().add_user_quota("bob", {-150, -3}, 20));
  EXPECT_EQ(*store().user_quota("bob"), (QuotaCounters{-50, -1}));
  EXPECT_EQ(store().user("bob")->last_quota_update, 20);
  ASSERT_OK(store().set_user_quota("bob", {7, 8}, 30));
  EXPECT_EQ(*store().user_quota("bob"), (QuotaCounters{7, 8}));
  ASSERT_OK(store().add_user_transfer("bob", {1, 2}, 40));
  ASSERT_OK(store().add_user_transfer("bob", {10, 20}, 50));
  EXPECT_EQ(*store().user_transfer("bob"), (TransferCounters{11, 22}));
  ASSERT_OK(store().set_user_transfer("bob", {0, 1}, 60));
  EXPECT_EQ(*store().user_transfer("bob"), (TransferCounters{0, 1}));
  EXPECT_EQ(*store().user_quota("bob"), (QuotaCounters{7, 8}));
  EXPECT_EQ(store().user("bob")->last_quota_update, 60);
  EXPECT_EQ(store().user("bob")->updated_at, 0);
}

TEST_F(SqlUsers, FolderCountersAreTheirOwn) {
  ASSERT_OK(store().add_folder_quota("photos", {100, 2}, 10));
  ASSERT_OK(store().add_folder_quota("photos", {1, 1}, 20));
  EXPECT_EQ(*store().folder_quota("photos"), (QuotaCounters{101, 3}));
  EXPECT_EQ(store().folder("photos")->last_quota_update, 20);
  ASSERT_OK(store().set_folder_quota("photos", {0, 0}, 30));
  EXPECT_EQ(*store().folder_quota("photos"), (QuotaCounters{}));
  EXPECT_EQ(*store().folder_quota("archive"), (QuotaCounters{}));
  EXPECT_EQ(store().folder_quota("x").code(), Errc::NotFound);
  EXPECT_EQ(store().add_folder_quota("x", {1, 1}, 1).code(), Errc::NotFound);
  EXPECT_EQ(store().set_folder_quota("x", {}, 1).code(), Errc::NotFound);
}

TEST_F(SqlUsers, OnesOwnChangesAreInTheRecentVersionAtOnce) {
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t before = *store().recent_definitions_version();
    EXPECT_EQ(*store().recent_definitions_version(), before);
    ASSERT_OK(store().add_user(a_user("bob" + std::to_string(i))));
    EXPECT_NE(*store().recent_definitions_version(), before);
    EXPECT_EQ(*store().recent_definitions_version(), *store().definitions_version());
  }
}

TEST_F(SqlUsers, AVersionIsKnownUntilSomethingIsCommitted) {
  // Two looks in a row, of which the second may come too late on a busy machine, but not every time.
  bool was_known = false;
  for (int i = 0; i < 100 && !was_known; ++i) {
    const std::uint64_t version = *store().recent_definitions_version();
    const auto known = store().known_definitions_version();
    was_known = known.has_value();
    EXPECT_EQ(known.value_or(version), version);
  }
  EXPECT_TRUE(was_known);
  ASSERT_OK(store().add_user(a_user("bob")));
  EXPECT_EQ(store().known_definitions_version(), std::nullopt);
  ASSERT_OK(store().in_transaction([&]() -> Status {
    (void)store().recent_definitions_version();
    EXPECT_EQ(store().known_definitions_version(), std::nullopt) << "there may be changes that nobody else has";
    return ok();
  }));
}

TEST_F(SqlUsers, AVersionThatIsTakenBackIsNotRemembered) {
  const std::uint64_t before = *store().recent_definitions_version();
  EXPECT_FALSE(store().in_transaction([&]() -> Status {
    SLIPWAY_TRY(store().add_user(a_user("bob")));
    EXPECT_NE(*store().recent_definitions_version(), before);
    return Error(Errc::Internal, "test", "taken back");
  }));
  EXPECT_EQ(*store().recent_definitions_version(), before);
}

TEST_F(SqlUsers, ChangesOfAnotherProcessComeIntoTheRecentVersion) {
  const auto other = open_sqlite_store({database_file(), "", "", {}});
  ASSERT_TRUE(other.ok());
  const std::uint64_t before = *store().recent_definitions_version();
  ASSERT_OK((*other)->add_user(a_user("bob")));
  while (*store().recent_definitions_version() == before) std::this_thread::yield();
  EXPECT_EQ(*store().recent_definitions_version(), *(*other)->definitions_version());
}

TEST_F(SqlUsers, DefinitionsVersionChangesWithDefinitionsOnly) {
  std::uint64_t last = *store().definitions_version();
  const auto changed = [&] {
    const std::uint64_t now = *store().definitions_version();
    return std::exchange(last, now) != now;
  };
  EXPECT_FALSE(changed());
  ASSERT_OK(store().add_user(a_user("bob")));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().set_user_last_login("bob", 1));
  ASSERT_OK(store().add_user_quota("bob", {1, 1}, 1));
  ASSERT_OK(store().set_user_transfer("bob", {1, 1}, 1));
  ASSERT_OK(store().add_folder_quota("photos", {1, 1}, 1));
  ASSERT_OK(store().mark_first_upload("bob", 1));
  ASSERT_OK(store().add_admin(an_admin("root")));
  EXPECT_FALSE(changed());
  ASSERT_OK(store().update_user(a_user("bob")));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().replace_user_password("bob", "", "x", 1));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().update_group(a_group("alpha")));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().update_folder(a_folder("photos")));
  EXPECT_TRUE(changed());
  ASSERT_OK(store().remove_role("sales", IfUsed::Refuse));
  EXPECT_TRUE(changed());
  EXPECT_FALSE(store().in_transaction([&]() -> Status {
    SLIPWAY_TRY(store().remove_user("bob"));
    return Error(Errc::Cancelled, "");
  }));
  EXPECT_FALSE(changed());  // what was rolled back did not change anything
  EXPECT_EQ(store().remove_user("nobody").code(), Errc::NotFound);
  EXPECT_FALSE(changed());
  ASSERT_OK(store().remove_user("bob"));
  EXPECT_TRUE(changed());
}

TEST_F(SqlUsers, TransactionsCoverSeveralCalls) {
  EXPECT_OK(store().in_transaction([&]() -> Status {
    SLIPWAY_TRY(store().add_user(a_user("one")));
    EXPECT_OK(store().user("one"));
    EXPECT_EQ(store().add_user(a_user("one")).code(), Errc::Exists);  // alone
    return store().add_user(a_user("two"));
  }));
  EXPECT_EQ(store().users({})->size(), 2U);
  EXPECT_EQ(store()
                .in_transaction([&]() -> Status {
                  SLIPWAY_TRY(store().remove_user("one"));
                  SLIPWAY_TRY(store().add_user(a_user("three")));
                  return store().add_user(a_user("two"));
                })
                .code(),
            Errc::Exists);
  EXPECT_OK(store().user("one"));
  EXPECT_EQ(store().user("three").code(), Errc::NotFound);
}

}  // namespace
}  // namespace slipway::accounts
