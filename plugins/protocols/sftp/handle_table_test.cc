#include "handle_table.h"

#include <gtest/gtest.h>

namespace slipway::sftp {
namespace {

struct NoFile final : File {
  Result<FileInfo> stat(const OpContext&) override { return FileInfo(); }
};

OpenFile file_at(std::string path, bool writable) {
  OpenFile file;
  file.path = VPath(std::move(path));
  file.file = std::make_unique<NoFile>();
  file.writable = writable;
  return file;
}

TEST(HandleTable, FindsWhatWasInsertedUnderItsHandleOnly) {
  HandleTable table(10);
  const auto a = table.insert(file_at("/a", false));
  const auto b = table.insert(OpenDirectory{});
  ASSERT_NE(table.file(a), nullptr);
  EXPECT_EQ(table.file(a)->path.str(), "/a");
  EXPECT_EQ(table.directory(a), nullptr);
  EXPECT_EQ(table.file(b), nullptr);
  EXPECT_NE(table.directory(b), nullptr);
  EXPECT_EQ(table.size(), 2u);
}

TEST(HandleTable, AClosedHandleDoesNotReachWhatTookItsSlot) {
  HandleTable table(10);
  const auto old = table.insert(file_at("/old", false));
  table.erase(old);
  const auto fresh = table.insert(file_at("/fresh", false));
  EXPECT_EQ(table.file(old), nullptr);
  EXPECT_NE(table.file(fresh), nullptr);
  table.erase(old);
  EXPECT_NE(table.file(fresh), nullptr);
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTable, InventedHandlesAreNothing) {
  HandleTable table(10);
  table.insert(file_at("/a", false));
  for (const std::string_view handle : {"", "a", "12345678", "\xff\xff\xff\xff\xff\xff\xff\xff", "123456789"}) {
    EXPECT_EQ(table.file(handle), nullptr);
    table.erase(handle);
  }
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTable, IsFullAtItsLimitAndHasRoomAfterAnErase) {
  HandleTable table(2);
  const auto first = table.insert(file_at("/1", false));
  table.insert(file_at("/2", false));
  EXPECT_TRUE(table.full());
  table.erase(first);
  EXPECT_FALSE(table.full());
}

TEST(HandleTable, KnowsTheUploadOfAPath) {
  HandleTable table(10);
  table.insert(file_at("/read", false));
  const auto upload = table.insert(file_at("/written", true));
  EXPECT_EQ(table.writer_of(VPath("/read")), nullptr);
  EXPECT_EQ(table.writer_of(VPath("/written")), table.file(upload));
}

TEST(HandleTable, ABudgetIsSharedAndGivenBack) {
  HandleBudget all(3);
  HandleBudget mine(2, &all), yours(2, &all);
  HandleTable a(10, &mine);
  const auto first = a.insert(file_at("/1", false));
  a.insert(file_at("/2", false));
  EXPECT_TRUE(a.full());
  {
    HandleTable b(10, &yours);
    EXPECT_FALSE(b.full());
    b.insert(file_at("/3", false));
    EXPECT_TRUE(b.full()) << "everybody's is spent";
    EXPECT_EQ(all.held(), 3u);
    a.erase(first);
    EXPECT_FALSE(b.full());
    EXPECT_FALSE(a.full());
  }
  EXPECT_EQ(all.held(), 1u);
  a.clear();
  EXPECT_EQ(all.held(), 0u);
  EXPECT_EQ(mine.held(), 0u);
}

}  // namespace
}  // namespace slipway::sftp
