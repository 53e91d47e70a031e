// For tests: a folder that goes with its owner, and a store in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/accounts/store/sql/sqlite_engine.h"
#include "core/accounts/store/sql_store.h"
#include "core/base/ids.h"

namespace slipway::accounts {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("slipway-store-" + make_sortable_id())) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A fixture with an empty store in a file.
class StoreTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }

  std::string database_file() const { return folder_.file("accounts.db"); }
  void reopen() {
    close();
    auto opened = open_sqlite_store({database_file(), "", "", {}});
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = *std::move(opened);
  }
  // Before fork: SQLite's connections, and the locks it thinks it has, must not be carried into a child.
  void close() { store_.reset(); }
  SqlStore& store() { return *store_; }

  static User a_user(std::string username) {
    User user;
    user.username = std::move(username);
    user.status = 1;
    user.home_dir = "/srv/" + user.username;
    user.permissions["/"] = {"*"};
    return user;
  }
  static Folder a_folder(std::string name) {
    Folder folder;
    folder.name = std::move(name);
    folder.mapped_path = "/srv/folders/" + folder.name;
    return folder;
  }
  static Group a_group(std::string name) {
    Group group;
    group.name = std::move(name);
    return group;
  }
  static Role a_role(std::string name) {
    Role role;
    role.name = std::move(name);
    return role;
  }
  static Admin an_admin(std::string username) {
    Admin admin;
    admin.username = std::move(username);
    admin.status = 1;
    admin.permissions = {"*"};
    return admin;
  }

  TemporaryFolder folder_;

 private:
  std::unique_ptr<SqlStore> store_;
};

#define EXPECT_OK(expression)                                 \
  do {                                                        \
    const auto& outcome_ = (expression);                      \
    EXPECT_TRUE(outcome_.ok()) << outcome_.error().message(); \
  } while (0)
#define ASSERT_OK(expression)                                 \
  do {                                                        \
    const auto& outcome_ = (expression);                      \
    ASSERT_TRUE(outcome_.ok()) << outcome_.error().message(); \
  } while (0)

// The whole message counts: a person reads it.
#define EXPECT_ERROR(expression, errc, text)     \
  do {                                           \
    const auto& outcome_ = (expression);         \
    ASSERT_FALSE(outcome_.ok());                 \
    EXPECT_EQ(outcome_.error().code(), errc);    \
    EXPECT_EQ(outcome_.error().message(), text); \
  } while (0)

}  // namespace slipway::accounts
