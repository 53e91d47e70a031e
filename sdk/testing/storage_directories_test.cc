// Making and removing directories, real ones and those that object stores only pretend.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageDirectories : public StorageFixture {};

TEST_F(StorageDirectories, AreMadeAndRemoved) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  const FileInfo info = stat(VPath("/dir"));
  EXPECT_EQ(info.type, FileType::Directory);
  EXPECT_EQ(info.name, "dir");
  EXPECT_TRUE(list(VPath("/dir")).empty());
  ASSERT_OK(fs_->remove_dir(context_, VPath("/dir")));
  EXPECT_FALSE(exists(VPath("/dir")));
}

TEST_F(StorageDirectories, EmptyOnesPersistWhenReal) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/file"), "x");
  ASSERT_OK(fs_->remove(context_, VPath("/dir/file")));
  if (can(Capability::RealDirectories)) {
    EXPECT_EQ(stat(VPath("/dir")).type, FileType::Directory);
    EXPECT_EQ(mount_again()->stat(context_, VPath("/dir"), Follow::No).code(), Errc::Ok);
  } else {
    EXPECT_ONE_OF(fs_->stat(context_, VPath("/dir"), Follow::No), Errc::Ok, Errc::NotFound);
  }
}

TEST_F(StorageDirectories, AreNotMadeOverAnything) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/kept"), "x");
  put(VPath("/file"), "content");
  EXPECT_CODE(Errc::Exists, fs_->make_dir(context_, VPath("/dir")));
  EXPECT_CODE(Errc::Exists, fs_->make_dir(context_, VPath("/file")));
  EXPECT_EQ(names(VPath("/dir")), std::vector<std::string>{"kept"});
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageDirectories, NeedTheirParentWhenReal) {
  if (!folders()) {
    return;
  }
  const auto made = fs_->make_dir(context_, VPath("/absent/dir"));
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotFound, made);
    EXPECT_FALSE(exists(VPath("/absent")));
  } else {
    EXPECT_OK(made);
  }
}

TEST_F(StorageDirectories, AreRemovedOnlyWhenEmpty) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/file"), "x");
  EXPECT_CODE(Errc::NotEmpty, fs_->remove_dir(context_, VPath("/dir")));
  EXPECT_EQ(get_text(VPath("/dir/file")), "x");
}

TEST_F(StorageDirectories, AndFilesAreRemovedByTheirOwnCall) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/file"), "content");
  EXPECT_CODE(Errc::IsDirectory, fs_->remove(context_, VPath("/dir")));
  EXPECT_CODE(Errc::NotDirectory, fs_->remove_dir(context_, VPath("/file")));
  EXPECT_EQ(names(VPath()), (std::vector<std::string>{"dir", "file"}));
}

TEST_F(StorageDirectories, NestDeeply) {
  if (!folders()) {
    return;
  }
  VPath path;
  for (int depth = 0; depth < 60; ++depth) {
    path = path.child("level" + std::to_string(depth));
    make_dir(path);
  }
  put(path.child("file"), "deep");
  EXPECT_EQ(get_text(path.child("file")), "deep");
  ASSERT_OK(fs_->remove(context_, path.child("file")));
  if (!can(Capability::RealDirectories)) return;
  for (; !path.is_root(); path = path.parent()) ASSERT_OK(fs_->remove_dir(context_, path));
  EXPECT_TRUE(list(VPath()).empty());
}

TEST_F(StorageDirectories, ModeIsTakenBeforeTheUmask) {
  if (!folders()) {
    return;
  }
  ASSERT_OK(fs_->make_dir(context_, VPath("/dir"), 0700));
  if (can(Capability::Mode)) {
    EXPECT_EQ(stat(VPath("/dir")).mode & 0777, 0700u);
  }
  put(VPath("/dir/file"), "x");
  EXPECT_EQ(get_text(VPath("/dir/file")), "x");
}

}  // namespace
}  // namespace slipway::kit
