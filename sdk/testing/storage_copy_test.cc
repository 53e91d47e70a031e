// copy(), where a backend claims it.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageCopy : public StorageFixture {
 protected:
  // Not claimed: says so and leaves the target alone.
  bool copies() {
    if (can(Capability::ServerCopy)) return true;
    put(VPath("/source"), "content");
    put(VPath("/target"), "old");
    EXPECT_CODE(Errc::NotSupported, fs_->copy(context_, VPath("/source"), VPath("/target")));
    EXPECT_CODE(Errc::NotSupported, fs_->copy(context_, VPath("/source"), VPath("/new")));
    EXPECT_EQ(get_text(VPath("/target")), "old");
    EXPECT_FALSE(exists(VPath("/new")));
    return false;
  }
};

TEST_F(StorageCopy, CopiesTheContentOfAFile) {
  if (!copies()) return;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{3'000'001}}) {
    const Bytes content = pattern(size);
    put(VPath("/source"), content);
    ASSERT_OK(fs_->copy(context_, VPath("/source"), VPath("/copy" + std::to_string(size))));
    EXPECT_EQ(get(VPath("/copy" + std::to_string(size))), content);
    EXPECT_EQ(get(VPath("/source")), content);
  }
}

TEST_F(StorageCopy, ReplacesAnExistingFileAndLeavesNothingElse) {
  if (!copies()) return;
  put(VPath("/source"), "short");
  put(VPath("/target"), pattern(100'000));
  ASSERT_OK(fs_->copy(context_, VPath("/source"), VPath("/target")));
  EXPECT_EQ(get_text(VPath("/target")), "short");
  EXPECT_EQ(names(VPath()), (std::vector<std::string>{"source", "target"}));
}

TEST_F(StorageCopy, IsIndependentOfItsSource) {
  if (!copies()) return;
  put(VPath("/source"), "first");
  ASSERT_OK(fs_->copy(context_, VPath("/source"), VPath("/copy")));
  put(VPath("/source"), "changed");
  EXPECT_EQ(get_text(VPath("/copy")), "first");
}

TEST_F(StorageCopy, OfItselfKeepsTheContent) {
  if (!copies()) return;
  put(VPath("/file"), "content");
  static_cast<void>(fs_->copy(context_, VPath("/file"), VPath("/file")).ok());
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_EQ(names(VPath()), std::vector<std::string>{"file"});
}

TEST_F(StorageCopy, DirectoriesAndMissingFilesAreRefused) {
  if (!copies() || !folders()) return;
  make_dir(VPath("/dir"));
  put(VPath("/file"), "content");
  EXPECT_CODE(Errc::IsDirectory, fs_->copy(context_, VPath("/dir"), VPath("/dir2")));
  EXPECT_CODE(Errc::IsDirectory, fs_->copy(context_, VPath("/file"), VPath("/dir")));
  EXPECT_CODE(Errc::IsDirectory, fs_->copy(context_, VPath("/file"), VPath()));
  EXPECT_CODE(Errc::NotFound, fs_->copy(context_, VPath("/absent"), VPath("/file")));
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotFound, fs_->copy(context_, VPath("/file"), VPath("/absent/file")));
  }
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_EQ(names(VPath()), (std::vector<std::string>{"dir", "file"}));
  EXPECT_TRUE(list(VPath("/dir")).empty());
}

TEST_F(StorageCopy, SparseFileKeepsItsLengthAndContent) {
  if (!copies() || !can(Capability::RandomWrite)) return;
  constexpr std::uint64_t kFar = std::uint64_t{5} << 30;
  const auto file = open(VPath("/source"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, kFar, bytes_of("far")));
  ASSERT_OK(file->write_at(context_, 100'000, bytes_of("near")));
  ASSERT_OK(file->finish(context_));
  ASSERT_OK(fs_->copy(context_, VPath("/source"), VPath("/copy")));
  const auto copy = open(VPath("/copy"), OpenOptions::reading());
  ASSERT_NE(copy, nullptr);
  Bytes out(100);
  auto n = copy->read_at(context_, kFar, out);
  ASSERT_OK(n);
  EXPECT_EQ(*n, 3u);
  n = copy->read_at(context_, 100'000, std::span(out).first(4));
  ASSERT_OK(n);
  EXPECT_EQ(Bytes(out.begin(), out.begin() + 4), bytes_of("near"));
  EXPECT_EQ(stat(VPath("/copy")).size, kFar + 3);
}

}  // namespace
}  // namespace slipway::kit
