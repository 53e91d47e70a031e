#include <gtest/gtest.h>

#include "core/accounts/store/rows.h"
#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlPaging : public StoreTest {
 protected:
  static std::string names(const Result<std::vector<User>>& users) {
    if (!users) return users.error().message();
    std::string text;
    for (const User& user : *users) text += user.username + " ";
    return text;
  }
  void add(std::initializer_list<const char*> usernames, const std::string& role = "") {
    for (const char* username : usernames) {
      User user = a_user(username);
      user.role = role;
      ASSERT_OK(store().add_user(user));
    }
  }
};

TEST_F(SqlPaging, PagesAreInByteOrder) {
  add({"b", "a", "Z", "ä", "c"});
  EXPECT_EQ(names(store().users({})), "Z a b c ä ");
  EXPECT_EQ(names(store().users({.offset = 1, .limit = 2})), "a b ");
  EXPECT_EQ(names(store().users({.offset = 1, .limit = 2, .descending = true})), "c b ");
  EXPECT_EQ(names(store().users({.offset = 9})), "");
  EXPECT_EQ(names(store().users({.limit = 0})), "");
  EXPECT_EQ(names(store().users({.limit = std::numeric_limits<std::size_t>::max()})), "Z a b c ä ");
}

TEST_F(SqlPaging, AWalkGoesOnBehindTheLastName) {
  add({"a", "b", "c", "d", "e"});
  EXPECT_EQ(names(store().users({.limit = 2, .after = "b"})), "c d ");
  EXPECT_EQ(names(store().users({.limit = 2, .descending = true, .after = "d"})), "c b ");
  EXPECT_EQ(names(store().users({.limit = 2, .after = "bb"})), "c d ");
  EXPECT_EQ(names(store().users({.after = "e"})), "");
}

TEST_F(SqlPaging, PrefixesAreLiteral) {
  add({"ann", "ann%", "anna", "annz\xc3\xbc", "bob", "a_n"});
  EXPECT_EQ(names(store().users({.prefix = "ann"})), "ann ann% anna annzü ");
  EXPECT_EQ(names(store().users({.prefix = "ann%"})), "ann% ");
  EXPECT_EQ(names(store().users({.prefix = "a_n"})), "a_n ");
  EXPECT_EQ(names(store().users({.limit = 1, .after = "ann", .prefix = "ann"})), "ann% ");
  EXPECT_EQ(names(store().users({.prefix = "x"})), "");
}

TEST_F(SqlPaging, RolesFilterUsersAndAdmins) {
  ASSERT_OK(store().add_role(a_role("sales")));
  ASSERT_OK(store().add_role(a_role("empty")));
  add({"a", "c"}, "sales");
  add({"b"});
  EXPECT_EQ(names(store().users({.role = "sales"})), "a c ");
  EXPECT_EQ(names(store().users({.limit = 5, .after = "a", .role = "sales"})), "c ");
  EXPECT_EQ(names(store().users({.role = "empty"})), "");
  EXPECT_EQ(names(store().users({.role = "none"})), "");
  Admin admin = an_admin("root");
  admin.role = "sales";
  ASSERT_OK(store().add_admin(admin));
  ASSERT_OK(store().add_admin(an_admin("other")));
  EXPECT_EQ(store().admins({.role = "sales"})->size(), 1U);
  EXPECT_EQ(store().admins({})->size(), 2U);
}

// With 100,000 users a page must not sort or read the table: what the database plans to do shows it on an empty one.
class SqlPlans : public StoreTest {
 protected:
  std::string plan(const ListRequest& request, bool with_role) {
    auto connected = sql::make_sqlite_engine({.path = database_file()})->connect(sql::Access::ReadOnly);
    EXPECT_TRUE(connected);
    const rows::Page::Table table = {"{users}", "username", "t.username", "LEFT JOIN {roles} r ON r.id = t.role_id",
                                     ""};
    rows::Page page(table, request);
    if (with_role) page.where("role_id = ?", 1);
    std::string text;
    const auto done = page.explain(**connected, [&](const sql::Row& row) { text += row.string(3) + "\n"; });
    EXPECT_TRUE(done);
    return text;
  }
};

TEST_F(SqlPlans, PagesComeFromTheIndexOfNames) {
  for (const ListRequest& request : {ListRequest{}, ListRequest{.offset = 50000, .descending = true},
                                     ListRequest{.after = "m"}, ListRequest{.prefix = "m"}}) {
    const std::string text = plan(request, false);
    EXPECT_NE(text.find("USING COVERING INDEX"), std::string::npos) << text;
    EXPECT_EQ(text.find("SCAN t"), std::string::npos) << text;
  }
  const std::string text = plan({}, true);
  EXPECT_NE(text.find("USING COVERING INDEX users_role_idx (role_id=?)"), std::string::npos) << text;
}

}  // namespace
}  // namespace slipway::accounts
