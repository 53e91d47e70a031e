// Directories of any size, page by page, while others change them.
#include <algorithm>
#include <set>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageListing : public StorageFixture {
 protected:
  void fill(const VPath& directory, int count) {
    for (int i = 0; i < count; ++i) {
      const auto file = fs_->open(context_, directory.child("f" + std::to_string(i)), OpenOptions::replacing());
      ASSERT_OK(file);
      ASSERT_OK((*file)->finish(context_));
    }
  }
};

TEST_F(StorageListing, EntriesComeOnceWithTypeAndSize) {
  if (!folders()) {
    put(VPath("/file"), "12345");
    ASSERT_EQ(list(VPath()).size(), 1u);
    EXPECT_EQ(list(VPath())[0].type, FileType::Regular);
    EXPECT_EQ(list(VPath())[0].size, 5u);
    return;
  }
  make_dir(VPath("/dir"));
  make_dir(VPath("/dir/sub"));
  put(VPath("/dir/sub/deep"), "not listed");
  put(VPath("/dir/file"), "12345");
  auto entries = list(VPath("/dir"));
  std::ranges::sort(entries, {}, &FileInfo::name);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "file");
  EXPECT_EQ(entries[0].type, FileType::Regular);
  EXPECT_EQ(entries[0].size, 5u);
  EXPECT_EQ(entries[1].name, "sub");
  EXPECT_EQ(entries[1].type, FileType::Directory);
}

TEST_F(StorageListing, PagesAreBoundedAndComplete) {
  fill(VPath(), 25);
  for (const std::size_t page : {1, 2, 10, 24, 25, 26, 1000}) {
    std::set<std::string> seen;
    for (const FileInfo& entry : list(VPath(), page)) EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
    EXPECT_EQ(seen.size(), 25u) << "pages of " << page;
  }
}

TEST_F(StorageListing, CursorStaysAtItsEnd) {
  fill(VPath(), 3);
  auto cursor = fs_->list(context_, VPath());
  ASSERT_OK(cursor);
  std::vector<FileInfo> entries;
  for (int call = 0; call < 5; ++call) ASSERT_OK((*cursor)->next(context_, 100, entries));
  EXPECT_EQ(entries.size(), 3u);
  const auto more = (*cursor)->next(context_, 100, entries);
  ASSERT_OK(more);
  EXPECT_FALSE(*more);
}

TEST_F(StorageListing, AppendsToWhatTheCallerHas) {
  fill(VPath(), 2);
  auto cursor = fs_->list(context_, VPath());
  ASSERT_OK(cursor);
  std::vector<FileInfo> entries{FileInfo("already there")};
  ASSERT_OK((*cursor)->next(context_, 100, entries));
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "already there");
}

TEST_F(StorageListing, TenThousandEntriesAreComplete) {
  const VPath directory(folders() ? "/big" : "/");
  if (!directory.is_root()) {
    make_dir(directory);
  }
  fill(directory, 10'000);
  std::set<std::string> seen;
  for (const FileInfo& entry : list(directory, 333)) seen.insert(entry.name);
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST_F(StorageListing, RemovingWhileListingLosesNothingThatStays) {
  fill(VPath(), 2'000);
  auto cursor = fs_->list(context_, VPath());
  ASSERT_OK(cursor);
  std::vector<FileInfo> entries;
  ASSERT_OK((*cursor)->next(context_, 100, entries));
  // As `rm -r` over a slow client does: what was listed goes while the rest is still being read. And some that were
  // not.
  for (const FileInfo& entry : entries) ASSERT_OK(fs_->remove(context_, VPath().child(entry.name)));
  std::set<std::string> listed;
  for (const FileInfo& entry : entries) listed.insert(entry.name);
  std::set<std::string> removed;
  for (int i = 0; i < 2'000; i += 10) {
    const std::string name = "f" + std::to_string(i);
    if (!listed.contains(name) && fs_->remove(context_, VPath().child(name))) removed.insert(name);
  }
  for (bool more = true; more;) {
    const auto next = (*cursor)->next(context_, 100, entries);
    ASSERT_OK(next);
    more = *next;
  }
  for (const FileInfo& entry : entries) listed.insert(entry.name);
  for (int i = 0; i < 2'000; ++i) {
    const std::string name = "f" + std::to_string(i);
    if (!removed.contains(name)) {
      EXPECT_TRUE(listed.contains(name)) << name;
    }
  }
}

TEST_F(StorageListing, DirectoryThatVanishesWhileListedEndsTheListing) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  fill(VPath("/dir"), 10);
  auto cursor = fs_->list(context_, VPath("/dir"));
  ASSERT_OK(cursor);
  for (int i = 0; i < 10; ++i) ASSERT_OK(fs_->remove(context_, VPath("/dir/f" + std::to_string(i))));
  if (can(Capability::RealDirectories)) {
    ASSERT_OK(fs_->remove_dir(context_, VPath("/dir")));
  }
  std::vector<FileInfo> entries;
  for (int call = 0; call < 3; ++call) {
    EXPECT_ONE_OF((*cursor)->next(context_, 100, entries), Errc::Ok, Errc::NotFound);
  }
  EXPECT_LE(entries.size(), 10u);
}

TEST_F(StorageListing, TwoCursorsDoNotDisturbEachOther) {
  fill(VPath(), 50);
  auto first = fs_->list(context_, VPath());
  auto second = fs_->list(context_, VPath());
  ASSERT_OK(first);
  ASSERT_OK(second);
  std::vector<FileInfo> from_first, from_second;
  for (int call = 0; call < 12; ++call) {
    ASSERT_OK((*first)->next(context_, 5, from_first));
    ASSERT_OK((*second)->next(context_, 7, from_second));
  }
  EXPECT_EQ(from_first.size(), 50u);
  EXPECT_EQ(from_second.size(), 50u);
}

}  // namespace
}  // namespace slipway::kit
