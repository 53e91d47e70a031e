// What a filesystem says of what is there, and of what is not.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageMetadata : public StorageFixture {};

TEST_F(StorageMetadata, RootIsAnEmptyDirectory) {
  for (const Follow follow : {Follow::No, Follow::Yes}) {
    const FileInfo info = stat(VPath(), follow);
    EXPECT_EQ(info.type, FileType::Directory);
    EXPECT_EQ(info.name, "");
  }
  EXPECT_TRUE(list(VPath()).empty());
}

TEST_F(StorageMetadata, RootCanBeNeitherRemovedNorMovedNorMade) {
  put(VPath("/file"), "x");
  EXPECT_FALSE(fs_->remove(context_, VPath()).ok());
  EXPECT_FALSE(fs_->remove_dir(context_, VPath()).ok());
  EXPECT_FALSE(fs_->rename(context_, VPath(), VPath("/root")).ok());
  EXPECT_FALSE(fs_->rename(context_, VPath("/file"), VPath()).ok());
  EXPECT_ONE_OF(fs_->make_dir(context_, VPath()), Errc::Exists, Errc::NotSupported);
  EXPECT_CODE(Errc::IsDirectory, fs_->open(context_, VPath(), OpenOptions::reading()));
  EXPECT_CODE(Errc::IsDirectory, fs_->open(context_, VPath(), OpenOptions::replacing()));
  EXPECT_EQ(names(VPath()), std::vector<std::string>{"file"});
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  EXPECT_FALSE(fs_->rename(context_, VPath(), VPath("/dir/root")).ok());
  EXPECT_FALSE(fs_->rename(context_, VPath("/dir"), VPath()).ok());
  EXPECT_EQ(names(VPath()), (std::vector<std::string>{"dir", "file"}));
}

TEST_F(StorageMetadata, WhatIsAbsentIsNotFound) {
  const VPath absent("/absent");
  EXPECT_CODE(Errc::NotFound, fs_->stat(context_, absent, Follow::No));
  EXPECT_CODE(Errc::NotFound, fs_->stat(context_, absent, Follow::Yes));
  EXPECT_CODE(Errc::NotFound, fs_->open(context_, absent, OpenOptions::reading()));
  EXPECT_CODE(Errc::NotFound, fs_->remove(context_, absent));
  EXPECT_CODE(Errc::NotFound, fs_->stat(context_, absent.child("below"), Follow::No));
  EXPECT_CODE(Errc::NotFound, fs_->open(context_, absent.child("below"), OpenOptions::reading()));
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotFound, fs_->list(context_, absent));
    EXPECT_CODE(Errc::NotFound, fs_->remove_dir(context_, absent));
  }
  EXPECT_TRUE(list(VPath()).empty());
}

TEST_F(StorageMetadata, NothingIsBelowAFile) {
  put(VPath("/file"), "content");
  const VPath below("/file/below");
  EXPECT_ONE_OF(fs_->stat(context_, below, Follow::No), Errc::NotFound, Errc::NotDirectory);
  EXPECT_ONE_OF(fs_->open(context_, below, OpenOptions::reading()), Errc::NotFound, Errc::NotDirectory);
  EXPECT_ONE_OF(fs_->remove(context_, below), Errc::NotFound, Errc::NotDirectory);
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotDirectory, fs_->list(context_, VPath("/file")));
    EXPECT_CODE(Errc::NotDirectory, fs_->open(context_, below, OpenOptions::replacing()));
    EXPECT_CODE(Errc::NotDirectory, fs_->make_dir(context_, below));
  }
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageMetadata, FileIsDescribedAlikeByPathByHandleAndInItsDirectory) {
  put(VPath("/file"), pattern(12'345));
  const FileInfo by_path = stat(VPath("/file"));
  const auto file = open(VPath("/file"), OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  const auto by_handle = file->stat(context_);
  ASSERT_OK(by_handle);
  const auto listed = list(VPath());
  ASSERT_EQ(listed.size(), 1u);
  for (const FileInfo& info : {by_path, *by_handle, listed[0]}) {
    EXPECT_EQ(info.name, "file");
    EXPECT_EQ(info.type, FileType::Regular);
    EXPECT_EQ(info.size, 12'345u);
    EXPECT_EQ(info.mode & ~07777u, 0u);
    EXPECT_EQ(info.mtime, by_path.mtime);
    EXPECT_EQ(info.mode, by_path.mode);
    EXPECT_EQ(info.uid, by_path.uid);
    EXPECT_EQ(info.gid, by_path.gid);
  }
}

TEST_F(StorageMetadata, SecondMountOfTheSamePlaceSeesTheSameFiles) {
  put(VPath("/file"), "shared");
  const auto other = mount_again();
  EXPECT_EQ(get(*other, VPath("/file")), bytes_of("shared"));
  ASSERT_OK(other->remove(context_, VPath("/file")));
  EXPECT_FALSE(exists(VPath("/file")));
}

TEST_F(StorageMetadata, LocationNamesEachPathDifferently) {
  const std::string root = fs_->location(VPath());
  const std::string a = fs_->location(VPath("/a"));
  const std::string b = fs_->location(VPath("/a/b"));
  EXPECT_NE(a, root);
  EXPECT_NE(a, b);
  EXPECT_NE(b.find('b'), b.npos);
}

}  // namespace
}  // namespace slipway::kit
