// Which permission each operation needs, on which directory, and what file patterns refuse.
#include "core/vfs/link_check.h"
#include "core/vfs/testing/guard_fixture.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;

Status write_all(Filesystem& fs, const VPath& path, OpenOptions options) {
  const OpContext ctx;
  SLIPWAY_ASSIGN(auto file, fs.open(ctx, path, options));
  SLIPWAY_TRY(file->write_at(ctx, 0, bytes_of("data")));
  return file->finish(ctx);
}

template <class T>
Status as_status(const Result<T>& result) {
  if (!result) return result.error();
  return ok();
}

struct Operation {
  const char* name;
  std::vector<std::string_view> needs;  // on /d
  std::function<Status(Filesystem&)> run;
};

const OpContext kCtx;

std::vector<Operation> operations() {
  const VPath d("/d"), file("/d/file"), other("/d/other"), fresh("/d/new"), sub("/d/sub"), link("/d/link");
  return {
      {"List", {"list"}, [=](Filesystem& fs) { return as_status(fs.list(kCtx, d)); }},
      {"Stat", {"list"}, [=](Filesystem& fs) { return as_status(fs.stat(kCtx, file, Follow::Yes)); }},
      {"ReadLink", {"list"}, [=](Filesystem& fs) { return as_status(fs.read_link(kCtx, link)); }},
      {"Download",
       {"download"},
       [=](Filesystem& fs) { return as_status(fs.open(kCtx, file, OpenOptions::reading())); }},
      {"UploadNew", {"upload"}, [=](Filesystem& fs) { return write_all(fs, fresh, OpenOptions::replacing()); }},
      {"Overwrite",
       {"upload", "overwrite"},
       [=](Filesystem& fs) { return write_all(fs, file, OpenOptions::replacing()); }},
      {"Resume", {"upload", "overwrite"}, [=](Filesystem& fs) { return write_all(fs, file, {.write = true}); }},
      {"Truncate",
       {"upload", "overwrite"},
       [=](Filesystem& fs) { return fs.set_attributes(kCtx, file, {.size = 1}, Follow::Yes); }},
      {"Mkdir", {"create_dirs"}, [=](Filesystem& fs) { return fs.make_dir(kCtx, fresh); }},
      {"RemoveFile", {"delete_files"}, [=](Filesystem& fs) { return fs.remove(kCtx, file); }},
      {"RemoveLink", {"delete_files"}, [=](Filesystem& fs) { return fs.remove(kCtx, link); }},
      {"Rmdir", {"delete_dirs"}, [=](Filesystem& fs) { return fs.remove_dir(kCtx, sub); }},
      {"RenameFile", {"rename_files"}, [=](Filesystem& fs) { return fs.rename(kCtx, file, fresh); }},
      {"RenameLink", {"rename_files"}, [=](Filesystem& fs) { return fs.rename(kCtx, link, fresh); }},
      {"RenameOnto", {"rename_files", "overwrite"}, [=](Filesystem& fs) { return fs.rename(kCtx, file, other); }},
      {"RenameDirectory", {"rename_dirs"}, [=](Filesystem& fs) { return fs.rename(kCtx, sub, fresh); }},
      {"Symlink", {"create_symlinks"}, [=](Filesystem& fs) { return fs.symlink(kCtx, "/d/file", fresh); }},
      {"Chmod", {"chmod"}, [=](Filesystem& fs) { return fs.set_attributes(kCtx, file, {.mode = 0600}, Follow::Yes); }},
      {"Chown", {"chown"}, [=](Filesystem& fs) { return fs.set_attributes(kCtx, file, {.uid = 1}, Follow::Yes); }},
      {"Chtimes",
       {"chtimes"},
       [=](Filesystem& fs) { return fs.set_attributes(kCtx, file, {.mtime = Timestamp{}}, Follow::Yes); }},
      {"CopyNew", {"copy"}, [=](Filesystem& fs) { return fs.copy(kCtx, file, fresh); }},
      {"CopyOnto", {"copy", "overwrite"}, [=](Filesystem& fs) { return fs.copy(kCtx, file, other); }},
  };
}

class Permitted : public testing::GuardTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  Status run(Permissions on_d) {
    auto storage = std::make_shared<testing::FakeStorage>();
    storage->mkdir("/d");
    storage->mkdir("/d/sub");
    storage->put("/d/file", "content");
    storage->put("/d/other", "other");
    storage->put("/d/link", "file", FileType::Symlink);
    Policy own;
    own.protocol = "SFTP";
    own.permissions.add(VPath(), 0);
    own.permissions.add(VPath("/d"), on_d);
    own.permissions.add(VPath("/d/sub"), kAllPermissions);
    Mount mount;
    mount.fs = storage;
    mount.symlinks = true;
    own.mounts.push_back(mount);
    const auto guard = make_guard(std::move(own), nullptr);
    return operations()[GetParam()].run(*guard);
  }
};

TEST_P(Permitted, ExactlyByWhatItNeeds) {
  const Operation operation = operations()[GetParam()];
  Permissions needed = 0;
  for (std::string_view token : operation.needs) needed |= permissions_of_token(token).value();
  const Status enough = run(needed);
  EXPECT_TRUE(enough) << (enough ? "" : enough.error().message());
  for (std::string_view token : operation.needs) {
    const Status refused = run(kAllPermissions & ~permissions_of_token(token).value());
    EXPECT_EQ(refused.code(), Errc::PermissionDenied) << "without " << token;
  }
  EXPECT_EQ(run(0).code(), Errc::PermissionDenied);
}

INSTANTIATE_TEST_SUITE_P(Operation, Permitted, ::testing::Range(std::size_t{0}, operations().size()),
                         [](const auto& info) { return operations()[info.param].name; });

class TwoSided : public testing::GuardTest {
 protected:
  TwoSided() {
    home->mkdir("/a");
    home->mkdir("/b");
    home->put("/a/f", "x");
    home->put("/b/f", "y");
    home->mkdir("/a/dir");
  }
};

TEST_F(TwoSided, RenameAndLinksNeedBothDirectories) {
  permit("/b", {"list", "upload", "overwrite"});
  EXPECT_EQ(guard().rename(ctx, VPath("/a/f"), VPath("/b/g")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().rename(ctx, VPath("/b/f"), VPath("/a/g")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().rename(ctx, VPath("/a/dir"), VPath("/b/dir")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().symlink(ctx, "/a/f", VPath("/b/l")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().symlink(ctx, "/b/f", VPath("/a/l")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().copy(ctx, VPath("/a/f"), VPath("/b/g")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().copy(ctx, VPath("/b/f"), VPath("/a/g")).code(), Errc::PermissionDenied);
}

TEST_F(TwoSided, StreamedCopiesNeedDownloadAndUploadToo) {
  auto other = std::make_shared<testing::FakeStorage>(testing::kLocalLike, "/other");
  add_mount("/m", other, "other");
  permit("/m", {"copy", "list"});
  permit("/a", {"copy", "list"});
  EXPECT_EQ(guard().copy(ctx, VPath("/b/f"), VPath("/m/f")).code(), Errc::PermissionDenied);
  EXPECT_EQ(guard().copy(ctx, VPath("/a/f"), VPath("/b/g")).code(), Errc::Ok);
}

TEST_F(TwoSided, PermissionsAreThoseOfTheRequestedPathNotOfTheLinksTarget) {
  permit("/a", {"list"});
  home->put("/b/link", "f", FileType::Symlink);
  EXPECT_EQ(download("/b/link").code(), Errc::Ok);
  EXPECT_EQ(download("/a/f").code(), Errc::PermissionDenied);
}

TEST_F(TwoSided, DirectoryRenameAsksAboutEveryEntryWhenPermissionsDiffer) {
  permit("/a/dir/locked", {"list"});
  home->mkdir("/a/dir/locked");
  ASSERT_TRUE(guard().rename(ctx, VPath("/a/dir"), VPath("/b/empty"))) << "nothing locked moves";
  ASSERT_TRUE(guard().rename(ctx, VPath("/b/empty"), VPath("/a/dir")));
  home->put("/a/dir/locked/f", "x");
  EXPECT_EQ(guard().rename(ctx, VPath("/a/dir"), VPath("/b/dir")).code(), Errc::PermissionDenied);
  EXPECT_TRUE(home->exists("/a/dir/locked/f"));
}

TEST_F(TwoSided, DirectoryRenameWithOnlyDirectoryPermissionMovesNoFiles) {
  permit("/a", {"list", "rename_dirs"});
  permit("/b", {"list", "rename_dirs"});
  ASSERT_TRUE(guard().rename(ctx, VPath("/a/dir"), VPath("/b/dir")));
  home->put("/b/dir/f", "x");
  EXPECT_EQ(guard().rename(ctx, VPath("/b/dir"), VPath("/a/dir")).code(), Errc::PermissionDenied);
}

struct PatternCase {
  const char* name;
  Errc denied, hidden;
  std::function<Status(Filesystem&)> run;
};

std::vector<PatternCase> pattern_cases() {
  const VPath secret("/secret.x"), fresh("/new.x"), plain("/plain"), dir("/dir.x");
  const Errc refused = Errc::PermissionDenied, absent = Errc::NotFound;
  return {
      {"Stat", Errc::Ok, absent, [=](Filesystem& fs) { return as_status(fs.stat(kCtx, secret, Follow::No)); }},
      {"List", Errc::Ok, absent, [=](Filesystem& fs) { return as_status(fs.list(kCtx, dir)); }},
      {"StatBelow", Errc::Ok, absent,
       [=](Filesystem& fs) { return as_status(fs.stat(kCtx, dir.child("f"), Follow::No)); }},
      {"Download", refused, absent,
       [=](Filesystem& fs) { return as_status(fs.open(kCtx, secret, OpenOptions::reading())); }},
      {"Overwrite", refused, refused, [=](Filesystem& fs) { return write_all(fs, secret, OpenOptions::replacing()); }},
      {"UploadNew", refused, refused, [=](Filesystem& fs) { return write_all(fs, fresh, OpenOptions::replacing()); }},
      {"Chmod", refused, absent,
       [=](Filesystem& fs) { return fs.set_attributes(kCtx, secret, {.mode = 0600}, Follow::Yes); }},
      {"Truncate", refused, absent,
       [=](Filesystem& fs) { return fs.set_attributes(kCtx, secret, {.size = 0}, Follow::Yes); }},
      {"Remove", refused, absent, [=](Filesystem& fs) { return fs.remove(kCtx, secret); }},
      {"Rmdir", refused, absent, [=](Filesystem& fs) { return fs.remove_dir(kCtx, dir); }},
      {"Mkdir", refused, refused, [=](Filesystem& fs) { return fs.make_dir(kCtx, fresh); }},
      {"RenameFrom", refused, refused, [=](Filesystem& fs) { return fs.rename(kCtx, secret, VPath("/moved")); }},
      {"RenameTo", refused, refused, [=](Filesystem& fs) { return fs.rename(kCtx, plain, fresh); }},
      {"CopyFrom", refused, absent, [=](Filesystem& fs) { return fs.copy(kCtx, secret, VPath("/copied")); }},
      {"CopyTo", refused, refused, [=](Filesystem& fs) { return fs.copy(kCtx, plain, fresh); }},
      {"LinkTo", Errc::Ok, absent, [=](Filesystem& fs) { return fs.symlink(kCtx, "/secret.x", VPath("/l")); }},
      {"LinkAt", refused, refused, [=](Filesystem& fs) { return fs.symlink(kCtx, "/plain", fresh); }},
  };
}

class Patterned : public testing::GuardTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(Patterned, IsRefusedByPolicyOfThePattern) {
  const PatternCase test = pattern_cases()[GetParam()];
  for (const bool hide : {false, true}) {
    auto storage = std::make_shared<testing::FakeStorage>();
    storage->put("/secret.x", "s");
    storage->put("/plain", "p");
    storage->mkdir("/dir.x");
    storage->put("/dir.x/f", "f");
    Policy own;
    own.permissions.add(VPath(), kAllPermissions);
    own.patterns.add({VPath(), {}, {"*.x"}, hide});
    Mount mount;
    mount.fs = storage;
    mount.symlinks = true;
    own.mounts.push_back(mount);
    const auto guard = make_guard(std::move(own), nullptr);
    const auto before = storage->paths();
    EXPECT_EQ(test.run(*guard).code(), hide ? test.hidden : test.denied) << (hide ? "hidden" : "denied");
    if ((hide ? test.hidden : test.denied) != Errc::Ok) {
      EXPECT_EQ(storage->paths(), before);
      EXPECT_EQ(storage->content("/secret.x"), "s");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operation, Patterned, ::testing::Range(std::size_t{0}, pattern_cases().size()),
                         [](const auto& info) { return pattern_cases()[info.param].name; });

class Linked : public testing::GuardTest {};

TEST_F(Linked, AreKnownAboveTheGuardWithoutAny) {
  home->put("/link", "/a", FileType::Symlink);
  home->put("/a", "12345");
  permit("/", {"upload"});
  auto* links = static_cast<LinkCheck*>(guard().query(LinkCheck::kInterfaceId));
  ASSERT_NE(links, nullptr);
  EXPECT_EQ(guard().stat(ctx, VPath("/link"), Follow::No).code(), Errc::PermissionDenied);
  EXPECT_TRUE(*links->is_link(ctx, VPath("/link")));
  EXPECT_FALSE(*links->is_link(ctx, VPath("/a")));
  EXPECT_FALSE(*links->is_link(ctx, VPath("/none")));
  EXPECT_FALSE(*links->is_link(ctx, VPath()));
}

}  // namespace
}  // namespace slipway::vfs
