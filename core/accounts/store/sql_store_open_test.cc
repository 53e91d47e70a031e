// Opening a store: older and newer databases, damaged files, table prefixes.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "core/accounts/store/schema.h"
#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

void run_raw(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << (message ? message : "");
  sqlite3_free(message);
  EXPECT_EQ(sqlite3_close(database), SQLITE_OK);
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class SqlOpen : public StoreTest {
 protected:
  void SetUp() override {}
  Result<std::unique_ptr<SqlStore>> open(sql::MigrationMode mode = sql::MigrationMode::Apply) {
    return open_sqlite_store({database_file(), "", "", {.migration = mode}});
  }
};

TEST_F(SqlOpen, ANewFileIsPrivateAndHasTheLastSchema) {
  const auto store = open();
  ASSERT_OK(store);
  EXPECT_EQ((*store)->schema_version_found(), 0);
  EXPECT_EQ((*store)->driver(), "sqlite");
  struct stat info {};
  ASSERT_EQ(::stat(database_file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ((*open())->schema_version_found(), SqlStore::schema_version());
}

TEST_F(SqlOpen, ADatabaseOfVersionOneIsReadWhole) {
  run_raw(database_file(), read_file(SLIPWAY_SOURCE_DIR "/core/accounts/store/testdata/schema_1.sql"));
  const auto opened = open();
  ASSERT_OK(opened);
  SqlStore& store = **opened;
  EXPECT_EQ(store.schema_version_found(), 1);
  const auto user = store.user("bob");
  ASSERT_OK(user);
  EXPECT_EQ(user->home_dir, "/srv/bob");
  EXPECT_EQ(user->role, "sales");
  EXPECT_EQ(user->groups, (std::vector<GroupMapping>{{"staff", GroupType::Primary}}));
  EXPECT_EQ(user->virtual_folders, (std::vector<FolderMapping>{{"photos", "/p", 10, 2, "/sub"}}));
  EXPECT_EQ(user->used_quota_size, 123);
  EXPECT_EQ(user->filesystem.cryptconfig.passphrase.payload, "ZGVm");
  EXPECT_EQ(store.group("staff")->virtual_folders.size(), 1U);
  EXPECT_EQ(store.folder("photos")->used_quota_size, 5);
  EXPECT_EQ(store.admin("root")->groups.size(), 1U);
  EXPECT_EQ(store.role("sales")->updated_at, 1700000000001);
  EXPECT_EQ(store.api_key("22ghH4zaGn4yABXjM3NEc3")->user, "bob");
  EXPECT_EQ(store.share("32ghH4zaGn4yABXjM3NEc3")->used_tokens, 1);
  EXPECT_EQ(store.event_rule("uploads")->actions.front().name, "notify");
  EXPECT_OK(store.ip_list_entry(1, "192.0.2.0/24"));
  EXPECT_EQ(store.configs()->updated_at, 9);
  EXPECT_OK(store.remove_user("bob"));
}

TEST_F(SqlOpen, ANewerDatabaseIsRefused) {
  ASSERT_OK(open());
  run_raw(database_file(), "UPDATE schema_version SET version = 99");
  const auto refused = open();
  ASSERT_EQ(refused.code(), Errc::NotSupported);
  EXPECT_EQ(refused.error().message().find("database schema version 99: this server knows versions up to "), 0U);
}

TEST_F(SqlOpen, WithoutPermissionToMigrateAnEmptyDatabaseIsRefused) {
  EXPECT_EQ(open(sql::MigrationMode::CheckOnly).code(), Errc::InvalidArgument);
  ASSERT_OK(open());
  EXPECT_OK(open(sql::MigrationMode::CheckOnly));
}

TEST_F(SqlOpen, PrefixesKeepStoresOfOneFileApart) {
  const auto first = open_sqlite_store({database_file(), "", "one_", {}});
  const auto second = open_sqlite_store({database_file(), "", "two_", {}});
  ASSERT_OK(first);
  ASSERT_OK(second);
  ASSERT_OK((*first)->add_user(a_user("bob")));
  EXPECT_EQ((*second)->user("bob").code(), Errc::NotFound);
  EXPECT_OK((*second)->add_user(a_user("bob")));
  EXPECT_EQ(open_sqlite_store({database_file(), "", "x\"; DROP", {}}).code(), Errc::InvalidArgument);
}

TEST_F(SqlOpen, AMissingDirectoryIsNamed) {
  const auto opened = open_sqlite_store({folder_.file("no/such/accounts.db"), "", "", {}});
  ASSERT_EQ(opened.code(), Errc::Unavailable);
  EXPECT_NE(opened.error().message().find("the directory " + folder_.file("no/such") + " does not exist"),
            std::string::npos);
}

TEST_F(SqlOpen, AnotherKindOfFileIsRefused) {
  std::ofstream(database_file()) << std::string(10000, 'x');
  const auto opened = open();
  ASSERT_EQ(opened.code(), Errc::IoError);
  EXPECT_NE(opened.error().message().find("restore the file from a backup"), std::string::npos);
}

class SqlDamage : public SqlOpen {
 protected:
  void SetUp() override {
    const auto store = open();
    ASSERT_OK(store);
    ASSERT_OK((*store)->in_transaction([&]() -> Status {
      for (int i = 0; i < 300; ++i) {
        User user = a_user("user" + std::to_string(i));
        user.description = std::string(2000, 'd');
        SLIPWAY_TRY((*store)->add_user(user));
      }
      return ok();
    }));
  }
};

TEST_F(SqlDamage, OverwrittenPagesAreReportedNotRead) {
  {
    std::fstream file(database_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0, std::ios::end);
    const auto size = file.tellp();
    ASSERT_GT(size, 500000);
    file.seekp(200000);
    file << std::string(static_cast<std::size_t>(size) - 200000, '\xA5');
  }
  const auto store = open();
  if (!store) {
    EXPECT_EQ(store.code(), Errc::IoError);
    return;
  }
  const auto users = (*store)->users({.limit = 1000});
  ASSERT_EQ(users.code(), Errc::IoError);
  EXPECT_NE(users.error().message().find("restore the file from a backup"), std::string::npos);
}

TEST_F(SqlDamage, ATruncatedFileIsReported) {
  std::filesystem::resize_file(database_file(), std::filesystem::file_size(database_file()) / 2);
  const auto store = open();
  if (!store) {
    EXPECT_EQ(store.code(), Errc::IoError);
    return;
  }
  EXPECT_EQ((*store)->users({.limit = 1000}).code(), Errc::IoError);
}

TEST_F(SqlDamage, ADocumentThatCannotBeReadNamesItsOwner) {
  run_raw(database_file(), "UPDATE users SET document = '{\"permissions\":' WHERE username = 'user7'");
  const auto store = open();
  ASSERT_OK(store);
  const auto user = (*store)->user("user7");
  ASSERT_EQ(user.code(), Errc::Internal);
  EXPECT_EQ(user.error().subject(), "user \"user7\"");
  EXPECT_OK((*store)->user("user8"));
}

}  // namespace
}  // namespace slipway::accounts
