#include "core/session/quota_scans.h"

#include <gtest/gtest.h>

namespace slipway::session {
namespace {

using accounts::EffectiveUser;
using accounts::Folder;
using accounts::FolderMapping;
using accounts::FsProvider;
using accounts::User;

Folder folder(std::string name) {
  Folder made;
  made.name = std::move(name);
  made.mapped_path = "/srv/" + made.name;
  return made;
}

FolderMapping mapping(std::string name, std::string virtual_path, std::string subpath, std::int64_t quota = -1) {
  return {std::move(name), std::move(virtual_path), quota, quota, std::move(subpath)};
}

std::vector<std::string> counted(std::vector<FolderMapping> mappings, const std::vector<Folder>& folders) {
  User user;
  user.username = "ann";
  user.virtual_folders = std::move(mappings);
  const EffectiveUser effective = make_effective_user(std::move(user), {}, folders);
  std::vector<std::string> paths;
  for (const auto* mount : folders_in_user_quota(effective)) paths.push_back(mount->folder.mapped_path);
  return paths;
}

using Paths = std::vector<std::string>;

TEST(QuotaScan, CountsTheFoldersOfTheUsersOwnQuota) {
  EXPECT_EQ(counted({mapping("a", "/a", ""), mapping("b", "/b", "", 0), mapping("gone", "/c", "")},
                    {folder("a"), folder("b")}),
            Paths{"/srv/a"});
}

TEST(QuotaScan, CountsEachPartOfAFolderThatIsMountedInParts) {
  EXPECT_EQ(counted({mapping("a", "/in", "/in"), mapping("a", "/out", "/out")}, {folder("a")}),
            (Paths{"/srv/a/in", "/srv/a/out"}));
}

TEST(QuotaScan, CountsNoFileTwice) {
  EXPECT_EQ(
      counted({mapping("a", "/deep", "/x/deep"), mapping("a", "/x", "/x"), mapping("a", "/xy", "/xy")}, {folder("a")}),
      (Paths{"/srv/a/x", "/srv/a/xy"}));
  EXPECT_EQ(counted({mapping("a", "/x", "/x"), mapping("a", "/all", "")}, {folder("a")}), Paths{"/srv/a"});
  EXPECT_EQ(counted({mapping("a", "/one", "/x"), mapping("a", "/two", "/x")}, {folder("a")}), Paths{"/srv/a/x"});
}

TEST(QuotaScan, AFolderWithPlaceholdersIsAnotherPlaceForEachUser) {
  Folder shared = folder("a");
  EXPECT_FALSE(depends_on_user(shared));
  shared.mapped_path = "/srv/%username%";
  EXPECT_TRUE(depends_on_user(shared));
  shared.mapped_path = "/srv/100%";
  EXPECT_FALSE(depends_on_user(shared));
  shared.filesystem.provider = FsProvider::S3;
  shared.filesystem.s3config.key_prefix = "%custom2%/";
  EXPECT_TRUE(depends_on_user(shared));
}

}  // namespace
}  // namespace slipway::session
