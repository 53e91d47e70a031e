// What finish() makes visible, and what a file that was dropped without it leaves.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageCommit : public StorageFixture {};

TEST_F(StorageCommit, FinishedFileIsThereForEverybody) {
  const Bytes content = pattern(100'000);
  const auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, content));
  ASSERT_OK(file->finish(context_));
  // The handle is still open: finish() is the moment, not its destruction.
  EXPECT_EQ(get(VPath("/file")), content);
  EXPECT_EQ(get(*mount_again(), VPath("/file")), content);
}

TEST_F(StorageCommit, NewFileAppearsAtFinishOnlyWhenThatIsClaimed) {
  const auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, bytes_of("content")));
  if (can(Capability::CommitOnFinish)) {
    EXPECT_FALSE(exists(VPath("/file")));
    EXPECT_TRUE(list(VPath()).empty());
  } else {
    EXPECT_TRUE(exists(VPath("/file")));
  }
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageCommit, AbandonedNewFileIsGoneWhereFinishCommits) {
  auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, bytes_of("partial")));
  file.reset();
  if (can(Capability::CommitOnFinish)) {
    EXPECT_FALSE(exists(VPath("/file")));
  } else {
    // What was written stays: whether a partial upload is kept is decided above.
    EXPECT_EQ(get_text(VPath("/file")), "partial");
  }
}

TEST_F(StorageCommit, AbandonedReplacementLeavesTheOldWhereFinishCommits) {
  put(VPath("/file"), "old");
  auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, bytes_of("new")));
  if (can(Capability::CommitOnFinish)) {
    EXPECT_EQ(get_text(VPath("/file")), "old");
  }
  file.reset();
  EXPECT_EQ(get_text(VPath("/file")), can(Capability::CommitOnFinish) ? "old" : "new");
}

TEST_F(StorageCommit, ReadersThatAreDroppedChangeNothing) {
  put(VPath("/file"), "content");
  for (int i = 0; i < 3; ++i) open(VPath("/file"), OpenOptions::reading()).reset();
  const auto file = open(VPath("/file"), OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  EXPECT_OK(file->finish(context_));
  EXPECT_EQ(get_text(VPath("/file")), "content");
}

TEST_F(StorageCommit, FileWithoutAnyWriteIsEmptyAndThere) {
  put(VPath("/file"), "");
  const auto file = open(VPath("/untouched"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(stat(VPath("/untouched")).size, 0u);
  EXPECT_EQ(stat(VPath("/file")).size, 0u);
}

}  // namespace
}  // namespace slipway::kit
