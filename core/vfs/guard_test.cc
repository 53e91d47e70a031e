// Listings, metadata, changes, renames, copies, links and mounts as a user sees them.
#include "core/vfs/testing/guard_fixture.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;
using testing::FakeStorage;
using Names = std::vector<std::string>;

class GuardOps : public testing::GuardTest {
 protected:
  std::shared_ptr<FakeStorage> other = std::make_shared<FakeStorage>(testing::kLocalLike, "/other");
  std::shared_ptr<QuotaAccount> folder = std::make_shared<QuotaAccount>(QuotaUsage{}, nullptr);
};

// ---- mounts

TEST_F(GuardOps, TheDeepestMountOwnsAPath) {
  auto deep = std::make_shared<FakeStorage>(testing::kLocalLike, "/deep");
  add_mount("/m", other, "other");
  add_mount("/m/n/deep", deep, "deep");
  deep->put("/f", "deep");
  other->put("/f", "other");
  home->put("/mm", "home");
  EXPECT_EQ(*download("/m/n/deep/f"), "deep");
  EXPECT_EQ(*download("/m/f"), "other");
  EXPECT_EQ(*download("/mm"), "home");
  EXPECT_EQ(guard().location(VPath("/m/n/deep/x")), "/deep/x");
  EXPECT_EQ(guard().location(VPath("/m")), "/other");
}

TEST_F(GuardOps, MountPointsAndTheirParentsAreDirectories) {
  add_mount("/a/b/m", other, "other");
  for (const char* path : {"/a", "/a/b", "/a/b/m"}) {
    const auto info = guard().stat(ctx, VPath(path), Follow::Yes);
    ASSERT_TRUE(info) << path;
    EXPECT_TRUE(info->is_directory());
    EXPECT_EQ(info->mode, 0755u);
    EXPECT_EQ(info->mtime, Timestamp{});
    EXPECT_EQ(info->name, VPath(path).name());
  }
  EXPECT_EQ(names_in("/"), (Names{"a"}));
  EXPECT_EQ(names_in("/a"), (Names{"b"}));
  EXPECT_EQ(names_in("/a/b"), (Names{"m"}));
  EXPECT_EQ(names_in("/a/b/m"), Names{});
}

TEST_F(GuardOps, AFolderAtTheRootHidesTheHome) {
  add_mount("/", other, "other");
  home->put("/h", "");
  other->put("/o", "");
  EXPECT_EQ(names_in("/"), (Names{"o"}));
}

TEST_F(GuardOps, ListingsShowMountPointsOnceAndHideNothingElse) {
  add_mount("/m", other, "other");
  home->put("/m", "covered file");
  home->put("/x", "");
  home->put("/.sftpgo-upload.abc.x", "");
  EXPECT_EQ(names_in("/"), (Names{"m", "x"}));
  EXPECT_EQ(names_in("/", 1), (Names{"m", "x"}));
  EXPECT_EQ(download("/.sftpgo-upload.abc.x").code(), Errc::NotFound);
  EXPECT_EQ(upload("/.sftpgo-upload.new", "x").code(), Errc::PermissionDenied);
  home->mkdir("/.sftpgo-upload.tree");
  home->put("/.sftpgo-upload.tree/f", "half of it");
  EXPECT_EQ(download("/.sftpgo-upload.tree/f").code(), Errc::NotFound);
  EXPECT_EQ(upload("/.sftpgo-upload.tree/new", "x").code(), Errc::PermissionDenied);
  home->put("/a.sftpgo-upload.b", "x");
  EXPECT_TRUE(download("/a.sftpgo-upload.b"));
}

TEST_F(GuardOps, HiddenNamesLeaveListingsPageByPage) {
  for (int i = 0; i < 20; ++i) home->put("/" + std::to_string(100 + i) + (i < 15 ? ".tmp" : ".txt"), "");
  policy.patterns.add({VPath(), {}, {"*.tmp"}, true});
  EXPECT_EQ(names_in("/", 3).size(), 5u);
}

TEST_F(GuardOps, MountPointsCannotBeRemovedRenamedOrMade) {
  add_mount("/a/m", other, "other");
  home->mkdir("/a");
  home->mkdir("/d");
  EXPECT_EQ(guard().remove_dir(ctx, VPath()).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/a/m")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/a")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().remove(ctx, VPath("/a/m")).code(), Errc::IsDirectory);
  EXPECT_EQ(guard().make_dir(ctx, VPath("/a/m")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().make_dir(ctx, VPath("/a")).code(), Errc::Exists);
  EXPECT_EQ(guard().rename(ctx, VPath("/a/m"), VPath("/x")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().rename(ctx, VPath("/a"), VPath("/x")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/a/m")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/a")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().rename(ctx, VPath(), VPath("/x")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().open(ctx, VPath("/a/m"), OpenOptions::replacing()).code(), Errc::NotSupported);
  EXPECT_EQ(guard().open(ctx, VPath("/a"), OpenOptions::reading()).code(), Errc::IsDirectory);
  EXPECT_TRUE(actions().empty());
}

TEST_F(GuardOps, WhereAFolderIsStoredStaysToo) {
  auto inside = std::make_shared<FakeStorage>(testing::kLocalLike, "/fake/shared");
  add_mount("/pub", inside, "home");
  home->mkdir("/shared");
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/shared")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().rename(ctx, VPath("/shared"), VPath("/x")).code(), Errc::PermissionDenied);
}

// ---- directories and removal

TEST_F(GuardOps, MkdirAndRmdirTellOnce) {
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d")));
  EXPECT_EQ(guard().make_dir(ctx, VPath("/d")).code(), Errc::Exists);
  home->put("/d/f", "");
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/d")).code(), Errc::NotEmpty);
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/d/f")).code(), Errc::NotDirectory);
  ASSERT_TRUE(guard().remove(ctx, VPath("/d/f")));
  ASSERT_TRUE(guard().remove_dir(ctx, VPath("/d")));
  EXPECT_EQ(actions(), (Names{"mkdir", "delete", "rmdir"}));
}

TEST_F(GuardOps, RmdirTakesUploadsThatNobodyWillFinishAlong) {
  home->mkdir("/d");
  home->put("/d/.sftpgo-upload.old.f", "x");  // modified in 1970
  ASSERT_TRUE(guard().remove_dir(ctx, VPath("/d")));
  policy.upload_mode = UploadMode::Atomic;
  home->mkdir("/e");
  home->put("/e/.sftpgo-upload.new.f", "x");
  ASSERT_TRUE(home->set_attributes(
      ctx, VPath("/e/.sftpgo-upload.new.f"),
      {.mtime = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now())}, Follow::No));
  EXPECT_EQ(guard().remove_dir(ctx, VPath("/e")).code(), Errc::NotEmpty);
  EXPECT_EQ(home->paths().size(), 2u);
}

TEST_F(GuardOps, RemovingGivesQuotaBackForFilesOnly) {
  ASSERT_TRUE(upload("/f", "12345"));
  home->put("/l", "f", FileType::Symlink);
  ASSERT_TRUE(guard().remove(ctx, VPath("/l")));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  ASSERT_TRUE(guard().remove(ctx, VPath("/f")));
  EXPECT_EQ(account->used(), QuotaUsage{});
  EXPECT_EQ(guard().remove(ctx, VPath("/f")).code(), Errc::NotFound);
  EXPECT_EQ(events.back().action, "delete");
  EXPECT_EQ(events.back().file_size, 5u);
}

TEST_F(GuardOps, PreDeleteMayVetoOrTakeTheFileAway) {
  home->put("/keep", "x");
  home->put("/bin", "x");
  account->reset({2, 2});
  const auto handler = bus->on_before("bin", "pre-delete", [&](const OpContext&, const Event& event) -> Status {
    if (event.virtual_path == "/bin") return home->remove(ctx, VPath("/bin"));
    return Error(Errc::InvalidArgument, "no");
  });
  EXPECT_EQ(guard().remove(ctx, VPath("/keep")).code(), Errc::PermissionDenied);
  EXPECT_TRUE(home->exists("/keep"));
  EXPECT_TRUE(guard().remove(ctx, VPath("/bin")));
  EXPECT_EQ(account->used(), (QuotaUsage{1, 1}));
}

// ---- renames

TEST_F(GuardOps, RenameTellsBothPathsAndKeepsQuota) {
  ASSERT_TRUE(upload("/a", "12345"));
  persisted = {};
  ASSERT_TRUE(guard().rename(ctx, VPath("/a"), VPath("/b")));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  EXPECT_EQ(persisted, QuotaUsage{});
  EXPECT_EQ(events.back().action, "rename");
  EXPECT_EQ(events.back().virtual_path, "/a");
  EXPECT_EQ(events.back().virtual_target_path, "/b");
  EXPECT_EQ(events.back().target_path, "/fake/b");
  EXPECT_EQ(guard().rename(ctx, VPath("/a"), VPath("/c")).code(), Errc::NotFound);
  EXPECT_EQ(guard().rename(ctx, VPath("/b"), VPath("/b")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, RenameOntoAFileFreesWhatItReplaces) {
  ASSERT_TRUE(upload("/a", "12345"));
  ASSERT_TRUE(upload("/b", "123"));
  ASSERT_TRUE(guard().rename(ctx, VPath("/a"), VPath("/b")));
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  home->mkdir("/d");
  EXPECT_EQ(guard().rename(ctx, VPath("/b"), VPath("/d")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, DirectoriesCannotMoveIntoThemselves) {
  home->mkdir("/d");
  home->mkdir("/d/e");
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/d/e/f")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().rename(ctx, VPath("/d/e"), VPath("/d")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, RenameBetweenDifferentStoragesIsRefused) {
  add_mount("/m", other, "other");
  home->put("/a", "x");
  EXPECT_EQ(guard().rename(ctx, VPath("/a"), VPath("/m/a")).code(), Errc::PermissionDenied);
}

TEST_F(GuardOps, RenameAcrossRootsOfOneStorageCopiesAndCounts) {
  Mount& mount = add_mount("/m", other, "home");
  mount.quota = folder;
  mount.limits = {.size = 8, .files = 0};
  ASSERT_TRUE(upload("/a", "12345"));
  const Timestamp when{std::chrono::hours(5)};
  ASSERT_TRUE(guard().set_attributes(ctx, VPath("/a"), {.mode = 0640, .mtime = when}, Follow::Yes));
  ASSERT_TRUE(guard().rename(ctx, VPath("/a"), VPath("/m/a")));
  EXPECT_FALSE(home->exists("/a"));
  EXPECT_EQ(other->content("/a"), "12345");
  EXPECT_EQ(other->node("/a").mtime, when);
  EXPECT_EQ(other->node("/a").mode, 0640u);
  EXPECT_EQ(account->used(), QuotaUsage{});
  EXPECT_EQ(folder->used(), (QuotaUsage{5, 1}));
  ASSERT_TRUE(upload("/b", "1234"));
  EXPECT_EQ(guard().rename(ctx, VPath("/b"), VPath("/m/b")).code(), Errc::QuotaExceeded);
  EXPECT_TRUE(home->exists("/b"));
  EXPECT_EQ(folder->used(), (QuotaUsage{5, 1}));
  // Replacing needs only the difference.
  ASSERT_TRUE(guard().rename(ctx, VPath("/b"), VPath("/m/a")));
  EXPECT_EQ(folder->used(), (QuotaUsage{4, 1}));
  EXPECT_EQ(account->used(), QuotaUsage{});
}

TEST_F(GuardOps, DirectoryRenameAcrossRootsTakesLinksAlongAndIsWholeOrNothing) {
  add_mount("/m", other, "home").quota = folder;
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d")));
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d/e")));
  ASSERT_TRUE(upload("/d/f", "12345"));
  ASSERT_TRUE(upload("/d/e/g", "123"));
  home->put("/d/l", "f", FileType::Symlink);
  other->disk_size = 6;
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/m/d")).code(), Errc::NoSpace);
  EXPECT_TRUE(other->paths().empty());
  EXPECT_EQ(home->paths().size(), 5u);
  EXPECT_EQ(account->used(), (QuotaUsage{8, 2}));
  EXPECT_EQ(folder->used(), QuotaUsage{});
  other->disk_size = 100;
  ASSERT_TRUE(guard().rename(ctx, VPath("/d"), VPath("/m/d")));
  EXPECT_TRUE(home->paths().empty());
  EXPECT_EQ(other->paths(), (Names{"/d", "/d/e", "/d/e/g", "/d/f", "/d/l"}));
  EXPECT_EQ(other->node("/d/l").type, FileType::Symlink);
  EXPECT_EQ(folder->used(), (QuotaUsage{8, 2}));
  EXPECT_EQ(account->used(), QuotaUsage{});
}

// The copy is complete when the source cannot be removed: both are there, and both count.
TEST_F(GuardOps, ARenameAcrossRootsThatCannotRemoveItsSourceCountsWhatIsThere) {
  add_mount("/m", other, "home").quota = folder;
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d")));
  ASSERT_TRUE(upload("/d/f", "12345"));
  ASSERT_TRUE(upload("/a", "123"));
  home->fault = [](std::string_view operation, const std::string&) -> Status {
    if (operation == "remove") return Error(Errc::PermissionDenied, "sticky");
    return ok();
  };
  EXPECT_EQ(guard().rename(ctx, VPath("/a"), VPath("/m/a")).code(), Errc::PermissionDenied);
  EXPECT_EQ(account->used(), (QuotaUsage{8, 2}));
  EXPECT_EQ(folder->used(), (QuotaUsage{3, 1}));
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/m/d")).code(), Errc::PermissionDenied);
  EXPECT_EQ(account->used(), (QuotaUsage{8, 2}));
  EXPECT_EQ(folder->used(), (QuotaUsage{8, 2}));
}

TEST_F(GuardOps, WhatChangesDuringARenameAcrossRootsIsNotLost) {
  add_mount("/m", other, "home").quota = folder;
  ASSERT_TRUE(guard().make_dir(ctx, VPath("/d")));
  ASSERT_TRUE(upload("/d/f", "12345"));
  ASSERT_TRUE(upload("/a", "123"));
  other->fault = [this](std::string_view operation, const std::string& path) -> Status {
    if (operation != "rename") return ok();  // the end of a copy
    home->put(path.find(".a") != std::string::npos ? "/a" : "/d/f", "changed since");
    home->put("/d/new", "added");
    return ok();
  };
  EXPECT_EQ(guard().rename(ctx, VPath("/a"), VPath("/m/a")).code(), Errc::Conflict);
  EXPECT_EQ(home->content("/a"), "changed since");
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/m/d")).code(), Errc::Conflict);
  EXPECT_EQ(home->content("/d/f"), "changed since");
  EXPECT_EQ(home->content("/d/new"), "added");
}

TEST_F(GuardOps, MountsOfOneTreeRenameDirectly) {
  add_mount("/again", home, "home");
  home->put("/a", "x");
  home->fault = [](std::string_view operation, const std::string&) -> Status {
    if (operation == "open") return Error(Errc::IoError, "no copying");
    return ok();
  };
  ASSERT_TRUE(guard().rename(ctx, VPath("/a"), VPath("/again/b")));
  EXPECT_EQ(home->paths(), (Names{"/b"}));
  EXPECT_EQ(guard().rename(ctx, VPath("/b"), VPath("/again/b")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, StoresRenameNonEmptyDirectoriesOnlyWhenToldTo) {
  home = std::make_shared<FakeStorage>(Capability::RandomWrite | Capability::RealDirectories);
  policy.mounts = {home_mount()};
  home->mkdir("/d");
  home->put("/d/f", "x");
  EXPECT_EQ(guard().rename(ctx, VPath("/d"), VPath("/e")).code(), Errc::NotSupported);
  policy.recursive_store_rename = true;
  const auto recursive = make_guard(policy, nullptr);
  ASSERT_TRUE(recursive->rename(ctx, VPath("/d"), VPath("/e")));
  EXPECT_EQ(home->content("/e/f"), "x");
}

// ---- copies

TEST_F(GuardOps, CopyCountsAndTells) {
  ASSERT_TRUE(upload("/a", "12345"));
  ASSERT_TRUE(guard().copy(ctx, VPath("/a"), VPath("/b")));
  EXPECT_EQ(home->content("/b"), "12345");
  EXPECT_EQ(account->used(), (QuotaUsage{10, 2}));
  ASSERT_TRUE(upload("/b", "1"));
  ASSERT_TRUE(guard().copy(ctx, VPath("/b"), VPath("/a")));
  EXPECT_EQ(account->used(), (QuotaUsage{2, 2}));
  EXPECT_EQ(events.back().action, "copy");
  EXPECT_EQ(events.back().virtual_target_path, "/a");
  EXPECT_EQ(events.back().file_size, 1u);
  EXPECT_EQ(guard().copy(ctx, VPath("/a"), VPath("/a")).code(), Errc::NotSupported);
  home->put("/l", "a", FileType::Symlink);
  EXPECT_EQ(guard().copy(ctx, VPath("/l"), VPath("/c")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, StreamedCopyOverStoragesKeepsTheOldTargetOnFailure) {
  Mount& mount = add_mount("/m", other, "other");
  mount.quota = folder;
  ASSERT_TRUE(upload("/a", "new content"));
  other->put("/a", "old");
  folder->reset({3, 1});
  other->disk_size = 5;
  EXPECT_EQ(guard().copy(ctx, VPath("/a"), VPath("/m/a")).code(), Errc::NoSpace);
  EXPECT_EQ(other->content("/a"), "old");
  EXPECT_EQ(other->paths().size(), 1u);
  EXPECT_EQ(folder->used(), (QuotaUsage{3, 1}));
  EXPECT_EQ(events.back().status, EventStatus::Error);
  other->disk_size = 100;
  ASSERT_TRUE(guard().copy(ctx, VPath("/a"), VPath("/m/a")));
  EXPECT_EQ(other->content("/a"), "new content");
  EXPECT_EQ(folder->used(), (QuotaUsage{11, 1}));
}

TEST_F(GuardOps, CopyBeyondTheQuotaIsRefused) {
  policy.mounts[0].limits = {.size = 8, .files = 0};
  ASSERT_TRUE(upload("/a", "12345"));
  EXPECT_EQ(guard().copy(ctx, VPath("/a"), VPath("/b")).code(), Errc::QuotaExceeded);
  EXPECT_EQ(account->used(), (QuotaUsage{5, 1}));
  EXPECT_FALSE(home->exists("/b"));
}

// ---- links

TEST_F(GuardOps, LinksAreStoredRelativeAndStayInTheirStorage) {
  add_mount("/m", other, "other").symlinks = true;
  home->mkdir("/a");
  ASSERT_TRUE(guard().symlink(ctx, "/a/f", VPath("/l")));
  EXPECT_EQ(home->content("/l"), "a/f");
  ASSERT_TRUE(guard().symlink(ctx, "/x/y", VPath("/a/l")));
  EXPECT_EQ(home->content("/a/l"), "../x/y");
  ASSERT_TRUE(guard().symlink(ctx, "..\\x", VPath("/a/l2")));
  EXPECT_EQ(home->content("/a/l2"), "../x");
  ASSERT_TRUE(guard().symlink(ctx, "/m/f", VPath("/m/l")));
  EXPECT_EQ(other->content("/l"), "f");
  EXPECT_EQ(guard().symlink(ctx, "/m/f", VPath("/l3")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().symlink(ctx, "../m/f", VPath("/a/l3")).code(), Errc::NotSupported);
  EXPECT_EQ(guard().symlink(ctx, "../../etc/passwd", VPath("/a/l3")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().symlink(ctx, "/", VPath("/l3")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().symlink(ctx, "", VPath("/l3")).code(), Errc::InvalidArgument);
  EXPECT_EQ(account->used(), QuotaUsage{});
  EXPECT_TRUE(actions().empty());
}

TEST_F(GuardOps, LinksNeedTheMountsConsent) {
  policy.mounts[0].symlinks = false;
  EXPECT_EQ(guard().symlink(ctx, "/a", VPath("/l")).code(), Errc::NotSupported);
}

TEST_F(GuardOps, ReadLinkTellsNothingOfTheOutside) {
  permit("/closed", {"download"});
  policy.patterns.add({VPath(), {}, {"hidden"}, true});
  home->put("/in", "a/b", FileType::Symlink);
  home->put("/out", "../etc", FileType::Symlink);
  home->put("/abs", "/etc/passwd", FileType::Symlink);
  home->put("/to_closed", "closed/f", FileType::Symlink);
  home->put("/to_hidden", "hidden", FileType::Symlink);
  EXPECT_EQ(*guard().read_link(ctx, VPath("/in")), "a/b");
  EXPECT_EQ(guard().read_link(ctx, VPath("/out")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().read_link(ctx, VPath("/abs")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().read_link(ctx, VPath("/to_closed")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().read_link(ctx, VPath("/to_hidden")).code(), Errc::NotFound);
}

// ---- attributes and space

TEST_F(GuardOps, SetstatModesSwallowAfterTheCheck) {
  home = std::make_shared<FakeStorage>(testing::kStoreLike);
  policy.mounts = {home_mount()};
  home->put("/f", "12345");
  permit("/locked", {"list"});
  const FileAttributes mode{.mode = 0600};
  EXPECT_EQ(guard().set_attributes(ctx, VPath("/f"), mode, Follow::Yes).code(), Errc::NotSupported);
  for (const SetstatMode setstat : {SetstatMode::Ignore, SetstatMode::IgnoreUnsupported}) {
    policy.setstat_mode = setstat;
    policy.permissions.add(VPath(), kAllPermissions);
    const auto own = make_guard(policy, nullptr);
    EXPECT_TRUE(own->set_attributes(ctx, VPath("/f"), mode, Follow::Yes));
    EXPECT_EQ(own->set_attributes(ctx, VPath("/locked/f"), mode, Follow::Yes).code(), Errc::PermissionDenied);
    EXPECT_EQ(own->set_attributes(ctx, VPath("/f"), {.size = 1}, Follow::Yes).code(), Errc::NotSupported);
  }
}

TEST_F(GuardOps, NothingChangesWhenOnePartIsNotPermitted) {
  permit("/d", {"chtimes", "list"});
  home->mkdir("/d");
  home->put("/d/f", "x");
  const Timestamp when{std::chrono::hours(1)};
  EXPECT_EQ(guard().set_attributes(ctx, VPath("/d/f"), {.mode = 0600, .mtime = when}, Follow::Yes).code(),
            Errc::PermissionDenied);
  EXPECT_EQ(home->node("/d/f").mtime, Timestamp{});
}

TEST_F(GuardOps, TruncatingCountsBothWays) {
  policy.mounts[0].limits = {.size = 10, .files = 0};
  ASSERT_TRUE(upload("/f", "12345"));
  ASSERT_TRUE(guard().set_attributes(ctx, VPath("/f"), {.size = 2}, Follow::Yes));
  EXPECT_EQ(account->used(), (QuotaUsage{2, 1}));
  ASSERT_TRUE(guard().set_attributes(ctx, VPath("/f"), {.size = 10}, Follow::Yes));
  EXPECT_EQ(guard().set_attributes(ctx, VPath("/f"), {.size = 11}, Follow::Yes).code(), Errc::QuotaExceeded);
  EXPECT_EQ(account->used(), (QuotaUsage{10, 1}));
  EXPECT_EQ(guard().set_attributes(ctx, VPath("/none"), {.size = 1}, Follow::Yes).code(), Errc::NotFound);
}

TEST_F(GuardOps, SpaceIsTheDisksWithoutLimitsAndTheQuotasWithThem) {
  home = std::make_shared<FakeStorage>(testing::kLocalLike | Capability::Space);
  policy.mounts = {home_mount()};
  EXPECT_EQ(guard().space(ctx, VPath())->block_size, 1024u);
  policy.mounts[0].limits = {.size = 100 * 4096, .files = 10};
  policy.permissions.add(VPath(), kAllPermissions);
  account->reset({40 * 4096, 4});
  const auto own = make_guard(policy, nullptr);
  const auto space = own->space(ctx, VPath("/any"));
  ASSERT_TRUE(space);
  EXPECT_EQ(space->block_size, 4096u);
  EXPECT_EQ(space->total_blocks, 100u);
  EXPECT_EQ(space->available_blocks, 60u);
  EXPECT_EQ(space->total_files, 10u);
  EXPECT_EQ(space->free_files, 6u);
  account->reset({200 * 4096, 40});
  EXPECT_EQ(own->space(ctx, VPath())->available_blocks, 0u);
  EXPECT_EQ(own->space(ctx, VPath())->free_files, 0u);
  // The disk is smaller than the quota.
  policy.mounts[0].limits.size = 1 << 30;
  account->reset({0, 0});
  EXPECT_EQ(make_guard(policy, nullptr)->space(ctx, VPath())->available_blocks, 600u * 1024 / 4096);
}

TEST_F(GuardOps, SpaceOfAStoreIsGenerousAndBlocksShrinkWithTheQuota) {
  home = std::make_shared<FakeStorage>(testing::kStoreLike);
  policy.mounts = {home_mount()};
  account->reset({5, 1});
  const auto space = guard().space(ctx, VPath());
  EXPECT_EQ(space->available_blocks, (std::uint64_t{8} << 40) / 4096);
  EXPECT_EQ(space->free_files, 1'000'000u);
  policy.mounts[0].limits.size = 1000;
  policy.permissions.add(VPath(), kAllPermissions);
  const auto small = make_guard(policy, nullptr)->space(ctx, VPath());
  EXPECT_EQ(small->block_size, 256u);
  EXPECT_EQ(small->total_blocks, 3u);
}

TEST_F(GuardOps, StatusOfTheStorageIsToldAboutTheUsersPath) {
  add_mount("/m", other, "other");
  const auto missing = guard().stat(ctx, VPath("/m/none"), Follow::Yes);
  EXPECT_EQ(missing.code(), Errc::NotFound);
  EXPECT_EQ(missing.error().subject(), "/m/none");
}

TEST_F(GuardOps, ExceptionsAreFencedEverywhere) {
  home->fault = [](std::string_view, const std::string&) -> Status { throw std::runtime_error("boom"); };
  EXPECT_EQ(guard().stat(ctx, VPath("/f"), Follow::Yes).code(), Errc::Internal);
  EXPECT_EQ(guard().list(ctx, VPath()).code(), Errc::Internal);
  EXPECT_EQ(guard().open(ctx, VPath("/f"), OpenOptions::reading()).code(), Errc::Internal);
  EXPECT_EQ(guard().open(ctx, VPath("/f"), OpenOptions::replacing()).code(), Errc::Internal);
  EXPECT_EQ(guard().make_dir(ctx, VPath("/f")).code(), Errc::Internal);
  EXPECT_EQ(guard().rename(ctx, VPath("/f"), VPath("/g")).code(), Errc::Internal);
  EXPECT_EQ(guard().symlink(ctx, "/f", VPath("/g")).code(), Errc::Internal);
  EXPECT_EQ(guard().space(ctx, VPath()).code(), Errc::Internal);
  EXPECT_EQ(account->used(), QuotaUsage{});
}

TEST_F(GuardOps, CapabilitiesAreThoseOfEveryMount) {
  EXPECT_TRUE(has(guard().capabilities(), Capability::Symlinks));
  EXPECT_FALSE(has(guard().capabilities(), Capability::NativeFd));
  EXPECT_FALSE(has(guard().capabilities(), Capability::Immediate)) << "these tests' own handler is waited for";
  const auto quiet = std::make_shared<events::EventBus>();
  const auto is_immediate = [&] { return has(make_guard(policy, quiet)->capabilities(), Capability::Immediate); };
  EXPECT_TRUE(is_immediate());
  auto handler = quiet->on_before("hook", "pre-upload", [](const OpContext&, const Event&) { return ok(); });
  EXPECT_FALSE(is_immediate());
  handler = quiet->on_after_sync("hook", "upload", [](const OpContext&, const Event&) { return ok(); });
  EXPECT_FALSE(is_immediate());
  handler = quiet->on_after("hook", "*", 8, [](const OpContext&, const Event&) { return ok(); });
  EXPECT_TRUE(is_immediate());
  add_mount("/m", std::make_shared<FakeStorage>(testing::kStoreLike), "store");
  EXPECT_EQ(make_guard(policy, nullptr)->capabilities(), 0u);
}

// ---- downloads

TEST_F(GuardOps, DownloadsTellWhatWasRead) {
  home->put("/f", "12345");
  EXPECT_EQ(*download("/f"), "12345");
  EXPECT_EQ(events.back().action, "download");
  EXPECT_EQ(events.back().file_size, 5u);
  EXPECT_EQ(events.back().status, EventStatus::Ok);
  open("/f", OpenOptions::reading()).reset();
  EXPECT_EQ(events.back().status, EventStatus::Error);
  EXPECT_EQ(home->opened, 0);
}

TEST_F(GuardOps, DownloadQuotaEndsTheTransfer) {
  home->put("/f", std::string(100, 'x'));
  policy.transferred = std::make_shared<TransferAccount>(0, 50, nullptr);
  policy.transfer_limits.download = 100;
  auto file = open("/f", OpenOptions::reading());
  std::byte block[40];
  ASSERT_TRUE(file->read_at(ctx, 0, block));
  const auto refused = file->read_at(ctx, 40, block);
  EXPECT_EQ(refused.code(), Errc::QuotaExceeded);
  EXPECT_EQ(refused.error().cause(), "denying read due to quota limit");
  file.reset();
  EXPECT_EQ(events.back().status, EventStatus::QuotaExceeded);
  EXPECT_EQ(guard().open(ctx, VPath("/f"), OpenOptions::reading()).code(), Errc::QuotaExceeded);
  // The other direction has its own limit.
  EXPECT_TRUE(upload("/g", "x"));
}

TEST_F(GuardOps, UploadQuotaRemovesThePartialFileAndStoresWhatMoved) {
  std::int64_t up = 0, down = 0;
  policy.transferred = std::make_shared<TransferAccount>(0, 0, [&](std::int64_t u, std::int64_t d) {
    up += u;
    down += d;
  });
  policy.transfer_limits.total = 12;
  ASSERT_TRUE(upload("/a", "123456"));
  EXPECT_EQ(*download("/a"), "123456");
  EXPECT_EQ(up, 6);
  EXPECT_EQ(down, 6);
  EXPECT_EQ(upload("/b", "1").code(), Errc::QuotaExceeded);
  EXPECT_FALSE(home->exists("/b"));
}

struct FakeTicket final : TransferTicket {
  explicit FakeTicket(std::stop_source& stop, int& open) : stop_(stop), open_(open) { ++open_; }
  ~FakeTicket() override { --open_; }
  std::stop_token stop_token() const noexcept override { return stop_.get_token(); }
  std::stop_source& stop_;
  int& open_;
};
struct FakeAdmission final : TransferAdmission {
  Result<std::unique_ptr<TransferTicket>> begin(bool, const VPath&) override {
    if (open >= limit) return Error(Errc::PermissionDenied, "transfers", "too many open transfers");
    auto ticket = std::make_unique<FakeTicket>(stop, open);
    last = ticket.get();
    return ticket;
  }
  std::stop_source stop;
  int open = 0, limit = 1;
  FakeTicket* last = nullptr;
};

TEST_F(GuardOps, TransfersAreAdmittedCountedAndStoppable) {
  auto admission = std::make_shared<FakeAdmission>();
  policy.admission = admission;
  auto file = open("/a");
  EXPECT_EQ(admission->open, 1);
  EXPECT_EQ(guard().open(ctx, VPath("/b"), OpenOptions::replacing()).code(), Errc::PermissionDenied);
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("12345")));
  EXPECT_EQ(admission->last->bytes, 5u);
  admission->stop.request_stop();
  const Status stopped = file->write_at(ctx, 5, bytes_of("6"));
  EXPECT_EQ(stopped.code(), Errc::Cancelled);
  EXPECT_EQ(stopped.error().cause(), "transfer aborted");
  EXPECT_EQ(file->finish(ctx).code(), Errc::Cancelled);
  EXPECT_EQ(admission->open, 0);
  EXPECT_EQ(home->content("/a"), "12345");
}

TEST_F(GuardOps, RefusedOpensLeaveNoTicket) {
  auto admission = std::make_shared<FakeAdmission>();
  policy.admission = admission;
  EXPECT_EQ(guard().open(ctx, VPath("/none"), OpenOptions::reading()).code(), Errc::NotFound);
  EXPECT_EQ(guard().open(ctx, VPath("/no/dir"), OpenOptions::replacing()).code(), Errc::NotFound);
  EXPECT_EQ(admission->open, 0);
  EXPECT_TRUE(actions().empty());
}

TEST_F(GuardOps, PreDownloadMayVetoOrMakeTheFile) {
  const auto handler = bus->on_before("make", "pre-download", [&](const OpContext&, const Event& event) -> Status {
    if (event.virtual_path != "/made") return Error(Errc::PermissionDenied, "no");
    home->put("/made", "just now");
    return ok();
  });
  home->put("/f", "x");
  EXPECT_EQ(download("/f").code(), Errc::PermissionDenied);
  EXPECT_EQ(*download("/made"), "just now");
}

TEST_F(GuardOps, FilesOutliveTheGuard) {
  policy.permissions.add(VPath(), kAllPermissions);
  auto own = make_guard(policy, bus);
  auto file = *own->open(ctx, VPath("/a"), OpenOptions::replacing());
  own.reset();
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("x")));
  ASSERT_TRUE(file->finish(ctx));
  EXPECT_EQ(home->content("/a"), "x");
}

}  // namespace
}  // namespace slipway::vfs
