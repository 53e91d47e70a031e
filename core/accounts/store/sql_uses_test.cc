// Folders, groups and roles: round trips, who uses them, and what their removal does.
#include <gtest/gtest.h>

#include "core/accounts/store/test_database.h"

namespace slipway::accounts {
namespace {

class SqlUses : public StoreTest {};

TEST_F(SqlUses, FoldersComeBackWhole) {
  Folder folder = a_folder("photos");
  folder.description = "d";
  folder.used_quota_size = 1;
  folder.used_quota_files = 2;
  folder.last_quota_update = 3;
  folder.filesystem.provider = FsProvider::Sftp;
  folder.filesystem.sftpconfig.endpoint = "host:22";
  folder.filesystem.sftpconfig.password = {"AES-256-GCM", "00", std::string(64, 'a'), "folder_photos", 0};
  folder.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_folder(folder));
  folder.id = store().folder("photos")->id;
  EXPECT_EQ(*store().folder("photos"), folder);
  EXPECT_ERROR(store().add_folder(folder), Errc::Exists, "folder \"photos\": exists already");

  Folder change = a_folder("photos");
  change.id = 99;
  change.used_quota_size = change.used_quota_files = change.last_quota_update = 99;
  ASSERT_OK(store().update_folder(change));
  change.id = folder.id;
  change.used_quota_size = 1;
  change.used_quota_files = 2;
  change.last_quota_update = 3;
  EXPECT_EQ(*store().folder("photos"), change);
  EXPECT_EQ(store().update_folder(a_folder("x")).code(), Errc::NotFound);
}

TEST_F(SqlUses, GroupsComeBackWhole) {
  ASSERT_OK(store().add_folder(a_folder("b")));
  ASSERT_OK(store().add_folder(a_folder("a")));
  Group group = a_group("staff");
  group.description = "d";
  group.created_at = 1;
  group.updated_at = 2;
  group.user_settings.home_dir = "/srv/%username%";
  group.user_settings.permissions = {{"/", {"list"}}};
  group.user_settings.filters.share_policy = {3, 2};
  group.virtual_folders = {{"b", "/b", 0, 0, ""}, {"a", "/a", -1, -1, "/%username%"}};
  group.extra = JsonText(R"({"x":1})");
  ASSERT_OK(store().add_group(group));
  group.id = store().group("staff")->id;
  EXPECT_EQ(*store().group("staff"), group);
  EXPECT_EQ(store().groups({})->front(), group);

  Group change = a_group("staff");
  change.created_at = 99;
  change.updated_at = 3;
  change.virtual_folders = {{"a", "/a", 0, 0, ""}};
  change.users = {"ignored"};
  ASSERT_OK(store().update_group(change));
  change.id = group.id;
  change.created_at = 1;
  change.users.clear();
  EXPECT_EQ(*store().group("staff"), change);

  change.virtual_folders = {{"none", "/a", 0, 0, ""}};
  EXPECT_ERROR(store().update_group(change), Errc::InvalidArgument, "folder \"none\": does not exist");
  EXPECT_EQ(store().group("staff")->virtual_folders.size(), 1U);
}

TEST_F(SqlUses, RolesComeBackWhole) {
  Role role = a_role("sales");
  role.description = "d";
  role.created_at = 1;
  role.updated_at = 2;
  ASSERT_OK(store().add_role(role));
  role.id = store().role("sales")->id;
  EXPECT_EQ(*store().role("sales"), role);
  role.description = "other";
  role.created_at = 99;
  role.updated_at = 3;
  ASSERT_OK(store().update_role(role));
  role.created_at = 1;
  EXPECT_EQ(*store().role("sales"), role);
  EXPECT_EQ(store().add_role(role).code(), Errc::Exists);
  EXPECT_EQ(store().update_role(a_role("x")).code(), Errc::NotFound);
}

TEST_F(SqlUses, FoldersByNameGivesThoseThatExistOnce) {
  for (const char* name : {"a", "b", "c"}) ASSERT_OK(store().add_folder(a_folder(name)));
  const auto found = store().folders_by_name({"c", "none", "a", "c"});
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_NE((*found)[0].name, (*found)[1].name);
  EXPECT_TRUE(store().folders_by_name({})->empty());
  for (const char* name : {"a", "b"}) ASSERT_OK(store().add_group(a_group(name)));
  EXPECT_EQ(store().groups_by_name({"b", "x"})->size(), 1U);
}

// Four users, a group and an admin around one folder, group and role each.
class SqlRemoval : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    ASSERT_OK(store().add_folder(a_folder("photos")));
    Group group = a_group("staff");
    group.virtual_folders = {{"photos", "/p", 0, 0, ""}};
    ASSERT_OK(store().add_group(group));
    ASSERT_OK(store().add_role(a_role("sales")));
    for (const char* name : {"d", "b", "c", "a"}) {
      User user = a_user(name);
      user.groups = {{"staff", GroupType::Primary}};
      user.virtual_folders = {{"photos", "/1", 0, 0, "/x"}, {"photos", "/2", 0, 0, "/y"}};
      user.role = "sales";
      ASSERT_OK(store().add_user(user));
    }
    Admin admin = an_admin("root");
    admin.groups = {{"staff", {1}}};
    admin.role = "sales";
    ASSERT_OK(store().add_admin(admin));
  }
};

TEST_F(SqlRemoval, UsesAreNamed) {
  EXPECT_EQ(store().folder_uses("photos")->users, (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(store().folder_uses("photos")->groups, (std::vector<std::string>{"staff"}));
  EXPECT_EQ(store().group_uses("staff")->users, (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(store().group_uses("staff")->admins, (std::vector<std::string>{"root"}));
  EXPECT_EQ(store().role_uses("sales")->users.size(), 4U);
  EXPECT_EQ(store().role_uses("sales")->admins, (std::vector<std::string>{"root"}));
  EXPECT_EQ(store().folder_uses("x").code(), Errc::NotFound);
  EXPECT_EQ(store().group_uses("x").code(), Errc::NotFound);
  EXPECT_EQ(store().role_uses("x").code(), Errc::NotFound);
}

TEST_F(SqlRemoval, RefusedRemovalSaysByWhom) {
  EXPECT_ERROR(store().remove_folder("photos", IfUsed::Refuse), Errc::Conflict,
               "folder \"photos\": is used by users a, b, c, d, groups staff");
  EXPECT_ERROR(store().remove_group("staff", IfUsed::Refuse), Errc::Conflict,
               "group \"staff\": is used by users a, b, c, d, admins root");
  EXPECT_ERROR(store().remove_role("sales", IfUsed::Refuse), Errc::Conflict,
               "role \"sales\": is used by users a, b, c, d, admins root");
  for (const char* name : {"e", "f", "g"}) {
    User user = a_user(name);
    user.role = "sales";
    ASSERT_OK(store().add_user(user));
  }
  EXPECT_ERROR(store().remove_role("sales", IfUsed::Refuse), Errc::Conflict,
               "role \"sales\": is used by users a, b, c, d, e and 2 more, admins root");
  EXPECT_OK(store().folder("photos"));
}

TEST_F(SqlRemoval, DetachedRemovalTakesTheMappingsAlong) {
  ASSERT_OK(store().remove_folder("photos", IfUsed::Detach));
  EXPECT_EQ(store().folder("photos").code(), Errc::NotFound);
  EXPECT_TRUE(store().user("a")->virtual_folders.empty());
  EXPECT_TRUE(store().group("staff")->virtual_folders.empty());
  ASSERT_OK(store().remove_group("staff", IfUsed::Detach));
  EXPECT_TRUE(store().user("a")->groups.empty());
  EXPECT_TRUE(store().admin("root")->groups.empty());
  ASSERT_OK(store().remove_role("sales", IfUsed::Detach));
  EXPECT_EQ(store().user("a")->role, "");
  EXPECT_EQ(store().admin("root")->role, "");
}

TEST_F(SqlRemoval, UnusedThingsGoEitherWay) {
  ASSERT_OK(store().add_folder(a_folder("f")));
  ASSERT_OK(store().add_group(a_group("g")));
  ASSERT_OK(store().add_role(a_role("r")));
  EXPECT_OK(store().remove_folder("f", IfUsed::Refuse));
  EXPECT_OK(store().remove_group("g", IfUsed::Refuse));
  EXPECT_OK(store().remove_role("r", IfUsed::Refuse));
  EXPECT_EQ(store().remove_folder("f", IfUsed::Detach).code(), Errc::NotFound);
  EXPECT_EQ(store().remove_group("g", IfUsed::Detach).code(), Errc::NotFound);
  EXPECT_EQ(store().remove_role("r", IfUsed::Detach).code(), Errc::NotFound);
}

TEST_F(SqlRemoval, RemovedGroupsLeaveShares) {
  Share share;
  share.id = "s";
  share.username = "a";
  share.groups = {{"staff", 3}};
  ASSERT_OK(store().add_share(share));
  ASSERT_OK(store().remove_group("staff", IfUsed::Detach));
  EXPECT_TRUE(store().share("s")->groups.empty());
}

}  // namespace
}  // namespace slipway::accounts
