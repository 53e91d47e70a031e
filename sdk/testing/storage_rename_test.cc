// Renaming onto everything that can be there.
#include <atomic>
#include <thread>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageRename : public StorageFixture {
 protected:
  // Renaming at all is no claim of its own: a store may leave it to the core, and then says so every time.
  bool renames_files() {
    put(VPath("/probe"), "x");
    const Status status = fs_->rename(context_, VPath("/probe"), VPath("/probe2"));
    if (!status) {
      EXPECT_CODE(Errc::NotSupported, status);
      EXPECT_FALSE(can(Capability::AtomicRename));
      EXPECT_TRUE(exists(VPath("/probe")));
    }
    EXPECT_OK(fs_->remove(context_, VPath(status ? "/probe2" : "/probe")));
    return status.ok();
  }
  bool renames_directories() {
    if (!folders()) {
      return false;
    }
    make_dir(VPath("/probe"));
    const Status status = fs_->rename(context_, VPath("/probe"), VPath("/probe2"));
    if (!status) {
      EXPECT_CODE(Errc::NotSupported, status);
      EXPECT_FALSE(can(Capability::RealDirectories));
    }
    EXPECT_OK(fs_->remove_dir(context_, VPath(status ? "/probe2" : "/probe")));
    return status.ok();
  }
};

TEST_F(StorageRename, FileMovesWithItsContent) {
  if (!renames_files()) return;
  put(VPath("/a"), "content");
  ASSERT_OK(fs_->rename(context_, VPath("/a"), VPath("/b")));
  EXPECT_FALSE(exists(VPath("/a")));
  EXPECT_EQ(get_text(VPath("/b")), "content");
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  ASSERT_OK(fs_->rename(context_, VPath("/b"), VPath("/dir/c")));
  EXPECT_FALSE(exists(VPath("/b")));
  EXPECT_EQ(get_text(VPath("/dir/c")), "content");
}

TEST_F(StorageRename, FileReplacesAFile) {
  if (!renames_files()) return;
  put(VPath("/new"), "new");
  put(VPath("/old"), pattern(10'000));
  ASSERT_OK(fs_->rename(context_, VPath("/new"), VPath("/old")));
  EXPECT_FALSE(exists(VPath("/new")));
  EXPECT_EQ(get_text(VPath("/old")), "new");
}

TEST_F(StorageRename, NothingReplacesADirectory) {
  if (!folders() || !renames_files()) return;
  make_dir(VPath("/empty"));
  make_dir(VPath("/full"));
  put(VPath("/full/kept"), "kept");
  put(VPath("/file"), "content");
  for (const char* const target : {"/empty", "/full"}) {
    EXPECT_ONE_OF(fs_->rename(context_, VPath("/file"), VPath(target)), Errc::Exists, Errc::IsDirectory, Errc::NotEmpty)
        << target;
  }
  if (renames_directories()) {
    make_dir(VPath("/dir"));
    put(VPath("/dir/inside"), "inside");
    for (const char* const target : {"/empty", "/full"}) {
      EXPECT_ONE_OF(fs_->rename(context_, VPath("/dir"), VPath(target)), Errc::Exists, Errc::IsDirectory,
                    Errc::NotEmpty)
          << target;
    }
    EXPECT_EQ(get_text(VPath("/dir/inside")), "inside");
    EXPECT_TRUE(list(VPath("/empty")).empty());
  }
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_EQ(get_text(VPath("/full/kept")), "kept");
}

TEST_F(StorageRename, DirectoryMovesWithWhatIsBelow) {
  if (!renames_directories()) return;
  make_dir(VPath("/a"));
  make_dir(VPath("/a/sub"));
  put(VPath("/a/sub/file"), "deep");
  make_dir(VPath("/target"));
  ASSERT_OK(fs_->rename(context_, VPath("/a"), VPath("/target/b")));
  EXPECT_FALSE(exists(VPath("/a")));
  EXPECT_EQ(get_text(VPath("/target/b/sub/file")), "deep");
}

TEST_F(StorageRename, DirectoryDoesNotReplaceAFile) {
  if (!renames_directories()) return;
  make_dir(VPath("/dir"));
  put(VPath("/dir/inside"), "inside");
  put(VPath("/file"), "content");
  EXPECT_ONE_OF(fs_->rename(context_, VPath("/dir"), VPath("/file")), Errc::NotDirectory, Errc::Exists);
  EXPECT_EQ(get_text(VPath("/dir/inside")), "inside");
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageRename, DirectoryDoesNotMoveBelowItself) {
  if (!renames_directories()) return;
  make_dir(VPath("/dir"));
  make_dir(VPath("/dir/sub"));
  put(VPath("/dir/file"), "x");
  EXPECT_CODE(Errc::InvalidArgument, fs_->rename(context_, VPath("/dir"), VPath("/dir/sub/dir")));
  EXPECT_CODE(Errc::InvalidArgument, fs_->rename(context_, VPath("/dir"), VPath("/dir/new")));
  EXPECT_CODE(Errc::InvalidArgument, fs_->rename(context_, VPath("/dir"), VPath("/dir/sub")));
  EXPECT_EQ(names(VPath("/dir")), (std::vector<std::string>{"file", "sub"}));
  // A name that only begins alike is no descendant.
  EXPECT_OK(fs_->rename(context_, VPath("/dir"), VPath("/dir2")));
}

TEST_F(StorageRename, OntoItselfLosesNothing) {
  put(VPath("/file"), "content");
  static_cast<void>(fs_->rename(context_, VPath("/file"), VPath("/file")).ok());
  EXPECT_EQ(get_text(VPath("/file")), "content");
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/kept"), "kept");
  static_cast<void>(fs_->rename(context_, VPath("/dir"), VPath("/dir")).ok());
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_EQ(get_text(VPath("/dir/kept")), "kept");
}

TEST_F(StorageRename, WhatIsMissingIsNotFound) {
  if (!renames_files()) return;
  put(VPath("/file"), "content");
  EXPECT_CODE(Errc::NotFound, fs_->rename(context_, VPath("/absent"), VPath("/new")));
  EXPECT_CODE(Errc::NotFound, fs_->rename(context_, VPath("/absent"), VPath("/file")));
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotFound, fs_->rename(context_, VPath("/file"), VPath("/absent/file")));
    EXPECT_CODE(Errc::NotDirectory, fs_->rename(context_, VPath("/file"), VPath("/file/below")));
  }
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageRename, NobodySeesTheMomentBetweenWhenAtomic) {
  if (!can(Capability::AtomicRename)) {
    if (renames_files()) {
      put(VPath("/a"), "new");
      put(VPath("/b"), "old");
      ASSERT_OK(fs_->rename(context_, VPath("/a"), VPath("/b")));
      EXPECT_EQ(get_text(VPath("/b")), "new");
    }
    return;
  }
  put(VPath("/target"), "0");
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const auto file = fs_->open(context_, VPath("/target"), OpenOptions::reading());
      ASSERT_OK(file);
      Bytes out(10);
      const auto n = (*file)->read_at(context_, 0, out);
      ASSERT_OK(n);
      ASSERT_EQ(*n, 1u);
    }
  });
  for (int i = 0; i < 500; ++i) {
    put(VPath("/part"), std::to_string(i % 10));
    EXPECT_OK(fs_->rename(context_, VPath("/part"), VPath("/target")));
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace slipway::kit
