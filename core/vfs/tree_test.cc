#include "core/vfs/tree.h"

#include "core/vfs/testing/guard_fixture.h"
#include "core/vfs/tree_walk.h"

namespace slipway::vfs {
namespace {

using testing::FakeStorage;
using Names = std::vector<std::string>;

class Tree : public testing::GuardTest {
 protected:
  Tree() {
    home->mkdir("/src");
    home->mkdir("/src/sub");
    home->put("/src/a", "new a");
    home->put("/src/sub/b", "new b");
    home->put("/src/link", "a", FileType::Symlink);
    account->reset({10, 2});
  }
};

TEST_F(Tree, CopyMakesParentsAndLeavesLinksOut) {
  ASSERT_TRUE(copy_tree(ctx, guard(), VPath("/src"), VPath("/x/y/dst")));
  EXPECT_EQ(home->content("/x/y/dst/a"), "new a");
  EXPECT_EQ(home->content("/x/y/dst/sub/b"), "new b");
  EXPECT_FALSE(home->exists("/x/y/dst/link"));
  EXPECT_EQ(account->used(), (QuotaUsage{20, 4}));
  const auto told = actions();
  EXPECT_EQ(std::count(told.begin(), told.end(), "copy"), 2);
  EXPECT_EQ(std::count(told.begin(), told.end(), "mkdir"), 4);
}

TEST_F(Tree, CopyMergesIntoExistingDirectories) {
  home->mkdir("/dst");
  home->mkdir("/dst/sub");
  home->put("/dst/sub/b", "old b");
  home->put("/dst/sub/kept", "kept");
  account->reset({19, 4});
  ASSERT_TRUE(copy_tree(ctx, guard(), VPath("/src"), VPath("/dst")));
  EXPECT_EQ(home->content("/dst/sub/b"), "new b");
  EXPECT_EQ(home->content("/dst/sub/kept"), "kept");
  const auto [size, files] = home->total();
  EXPECT_EQ(account->used(), (QuotaUsage{size, files}));
}

TEST_F(Tree, CopyRefusesWhatCannotBe) {
  home->put("/file", "x");
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/file")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/file"), VPath("/src")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/src/sub/x")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src/sub"), VPath("/src")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/src")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src/link"), VPath("/l")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/file/x")).code(), Errc::NotSupported);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/none"), VPath("/x")).code(), Errc::NotFound);
}

TEST_F(Tree, CopyNeedsCreateDirsAndList) {
  permit("/nodirs", {"list", "copy", "upload"});
  permit("/src/sub", {"copy", "download"});
  home->mkdir("/nodirs");
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/nodirs/dst")).code(), Errc::PermissionDenied);
  EXPECT_EQ(copy_tree(ctx, guard(), VPath("/src"), VPath("/dst")).code(), Errc::PermissionDenied);
  EXPECT_FALSE(home->exists("/dst/sub/b"));
}

TEST_F(Tree, CopyTargetFollowsSlashesAndExistingDirectories) {
  home->mkdir("/dst");
  home->put("/file", "x");
  const VPath src("/src"), dst("/dst"), fresh("/fresh"), file("/file");
  EXPECT_EQ(copy_target(ctx, guard(), {src, dst})->str(), "/dst/src");
  EXPECT_EQ(copy_target(ctx, guard(), {src, fresh})->str(), "/fresh");
  EXPECT_EQ(copy_target(ctx, guard(), {.from = src, .to = dst, .contents = true})->str(), "/dst");
  EXPECT_EQ(copy_target(ctx, guard(), {.from = src, .to = fresh, .into = true})->str(), "/fresh/src");
  EXPECT_EQ(copy_target(ctx, guard(), {file, file})->str(), "/file");
}

TEST_F(Tree, RemoveTakesEverythingDeepestFirst) {
  ASSERT_TRUE(remove_tree(ctx, guard(), VPath("/src")));
  EXPECT_TRUE(home->paths().empty());
  EXPECT_EQ(account->used(), QuotaUsage{});
  const auto told = actions();
  EXPECT_EQ(std::count(told.begin(), told.end(), "delete"), 3);
  EXPECT_EQ(std::count(told.begin(), told.end(), "rmdir"), 2);
  EXPECT_EQ(told.back(), "rmdir");
  EXPECT_EQ(remove_tree(ctx, guard(), VPath("/src")).code(), Errc::NotFound);
}

TEST_F(Tree, RemoveTouchesNothingAroundMountPoints) {
  auto other = std::make_shared<FakeStorage>(testing::kLocalLike, "/other");
  other->put("/precious", "x");
  add_mount("/src/sub/m", other, "other");
  const auto before = home->paths();
  EXPECT_EQ(remove_tree(ctx, guard(), VPath("/src")).code(), Errc::NotSupported);
  EXPECT_EQ(remove_tree(ctx, guard(), VPath("/src/sub/m")).code(), Errc::PermissionDenied);
  EXPECT_EQ(remove_tree(ctx, guard(), VPath()).code(), Errc::PermissionDenied);
  EXPECT_EQ(home->paths(), before);
  EXPECT_TRUE(other->exists("/precious"));
}

TEST_F(Tree, RemoveStopsAtWhatItMayNotAndSeesNothingHidden) {
  policy.patterns.add({VPath(), {}, {"b"}, true});
  EXPECT_EQ(remove_tree(ctx, guard(), VPath("/src")).code(), Errc::NotEmpty);
  EXPECT_EQ(home->content("/src/sub/b"), "new b");
}

TEST_F(Tree, WalkEndsAtAThousandLevels) {
  FakeStorage storage;
  std::string path;
  for (int depth = 0; depth < 1'100; ++depth) storage.mkdir(path += "/d");
  int visited = 0;
  const auto count = [&](const VPath&, const FileInfo&) {
    ++visited;
    return ok();
  };
  EXPECT_EQ(walk_tree(ctx, storage, VPath(), count).code(), Errc::TooLarge);
  EXPECT_EQ(visited, 1'001);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(walk_tree({.stop = stop.get_token()}, storage, VPath(), count).code(), Errc::Cancelled);
}

}  // namespace
}  // namespace slipway::vfs
