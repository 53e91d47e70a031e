// Mode, owner, times and size, by path and by handle; each claimed and working, or refused.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageAttributes : public StorageFixture {
 protected:
  void SetUp() override {
    put(path_, "0123456789");
    if (folders()) {
      make_dir(VPath("/dir"));
    }
  }
  Status set(const FileAttributes& attributes, const VPath& path = VPath("/file")) {
    return fs_->set_attributes(context_, path, attributes, Follow::Yes);
  }
  const VPath path_{"/file"};
};

const Timestamp kThen = Timestamp(std::chrono::seconds(1'234'567'890) + std::chrono::nanoseconds(123'456'789));
const Timestamp kEarlier = Timestamp(std::chrono::seconds(987'654'321));

// A store may keep whole seconds.
bool same_time(Timestamp a, Timestamp b) {
  return a == b || a == std::chrono::floor<std::chrono::seconds>(b) ||
         a == std::chrono::floor<std::chrono::milliseconds>(b);
}

TEST_F(StorageAttributes, ModeIsSetAsClaimed) {
  if (!can(Capability::Mode)) {
    EXPECT_CODE(Errc::NotSupported, set({.mode = 0600}));
    return;
  }
  for (const std::uint32_t mode : {0600u, 0751u, 0444u, 0644u}) {
    EXPECT_OK(set({.mode = mode}));
    EXPECT_EQ(stat(path_).mode, mode);
  }
  if (!folders()) {
    return;
  }
  EXPECT_OK(set({.mode = 0750}, VPath("/dir")));
  EXPECT_EQ(stat(VPath("/dir")).mode, 0750u);
  EXPECT_EQ(stat(VPath("/dir")).type, FileType::Directory);
  EXPECT_EQ(get_text(path_), "0123456789");
}

TEST_F(StorageAttributes, TimesAreSetAsClaimed) {
  if (!can(Capability::Times)) {
    EXPECT_CODE(Errc::NotSupported, set({.mtime = kThen}));
    return;
  }
  EXPECT_OK(set({.atime = kEarlier, .mtime = kThen}));
  EXPECT_TRUE(same_time(stat(path_).mtime, kThen));
  EXPECT_OK(set({.mtime = kEarlier}));
  EXPECT_TRUE(same_time(stat(path_).mtime, kEarlier));
  if (can(Capability::RealDirectories)) {
    EXPECT_OK(set({.mtime = kThen}, VPath("/dir")));
    EXPECT_TRUE(same_time(stat(VPath("/dir")).mtime, kThen));
  }
}

TEST_F(StorageAttributes, AccessAndModificationTimeAreApart) {
  if (!can(Capability::Times)) {
    EXPECT_CODE(Errc::NotSupported, set({.atime = kThen, .mtime = kEarlier}));
    return;
  }
  ASSERT_OK(set({.atime = kThen, .mtime = kThen}));
  ASSERT_OK(set({.mtime = kEarlier}));
  EXPECT_TRUE(same_time(stat(path_).mtime, kEarlier));
  if (stat(path_).atime != Timestamp()) {
    EXPECT_TRUE(same_time(stat(path_).atime, kThen));
  }
}

TEST_F(StorageAttributes, OwnerIsSetAsClaimed) {
  const FileInfo before = stat(path_);
  if (!can(Capability::Owner)) {
    EXPECT_CODE(Errc::NotSupported, set({.uid = before.uid, .gid = before.gid}));
    return;
  }
  // To whom it belongs already is always allowed; to another it depends on the rights the server has.
  EXPECT_OK(set({.uid = before.uid, .gid = before.gid}));
  const Status status = set({.uid = 12'345, .gid = 54'321});
  EXPECT_ONE_OF(status, Errc::Ok, Errc::PermissionDenied, Errc::InvalidArgument);
  const FileInfo after = stat(path_);
  EXPECT_EQ(after.uid, status ? 12'345u : before.uid);
  EXPECT_EQ(after.gid, status ? 54'321u : before.gid);
}

TEST_F(StorageAttributes, SizeIsSetAsClaimed) {
  if (!can(Capability::Truncate)) {
    EXPECT_CODE(Errc::NotSupported, set({.size = 4}));
    EXPECT_EQ(get_text(path_), "0123456789");
    return;
  }
  EXPECT_OK(set({.size = 4}));
  EXPECT_EQ(get_text(path_), "0123");
  EXPECT_OK(set({.size = 6}));
  EXPECT_EQ(get_text(path_), std::string("0123\0\0", 6));
  EXPECT_OK(set({.size = std::uint64_t{5} << 30}));
  EXPECT_EQ(stat(path_).size, std::uint64_t{5} << 30);
  EXPECT_OK(set({.size = 0}));
  EXPECT_EQ(stat(path_).size, 0u);
  EXPECT_FALSE(set({.size = 0}, VPath("/dir")).ok());
  EXPECT_FALSE(set({.size = ~std::uint64_t{0}}).ok());
}

TEST_F(StorageAttributes, SeveralAreSetByOneCall) {
  if (!can(Capability::Mode) || !can(Capability::Times) || !can(Capability::Truncate)) {
    EXPECT_CODE(Errc::NotSupported, set({.size = 3, .mode = 0600, .mtime = kThen}));
    return;
  }
  EXPECT_OK(set({.size = 3, .mode = 0600, .atime = kThen, .mtime = kThen}));
  const FileInfo info = stat(path_);
  EXPECT_EQ(info.size, 3u);
  EXPECT_EQ(info.mode, 0600u);
  EXPECT_TRUE(same_time(info.mtime, kThen)) << "cutting the file after setting its time changes the time";
}

TEST_F(StorageAttributes, OfWhatIsAbsentAreNotFound) {
  const VPath absent("/absent");
  const auto expect = [&](Capability ability, const FileAttributes& attributes) {
    EXPECT_ONE_OF(set(attributes, absent), can(ability) ? Errc::NotFound : Errc::NotSupported, Errc::NotFound);
  };
  expect(Capability::Mode, {.mode = 0600});
  expect(Capability::Times, {.mtime = kThen});
  expect(Capability::Truncate, {.size = 0});
  EXPECT_FALSE(exists(absent));
}

TEST_F(StorageAttributes, AreSetByHandleToo) {
  auto opened = fs_->open(context_, path_, {.write = true});
  if (!opened) {
    EXPECT_CODE(Errc::NotSupported, opened);
    EXPECT_FALSE(can(Capability::Resume));
    return;
  }
  File& file = **opened;
  EXPECT_CODE(can(Capability::Mode) ? Errc::Ok : Errc::NotSupported, file.set_attributes(context_, {.mode = 0600}));
  EXPECT_CODE(can(Capability::Times) ? Errc::Ok : Errc::NotSupported, file.set_attributes(context_, {.mtime = kThen}));
  EXPECT_FALSE(file.set_attributes(context_, {.size = 1}).ok()) << "the size of an open file is truncate's";
  ASSERT_OK(file.finish(context_));
  opened->reset();
  const FileInfo info = stat(path_);
  EXPECT_EQ(info.size, 10u);
  if (can(Capability::Mode)) {
    EXPECT_EQ(info.mode, 0600u);
  }
  if (can(Capability::Times)) {
    EXPECT_TRUE(same_time(info.mtime, kThen));
  }
}

TEST_F(StorageAttributes, TimesBefore1970AndAfter2038AreKeptOrRefused) {
  if (!can(Capability::Times)) {
    EXPECT_CODE(Errc::NotSupported, set({.mtime = Timestamp(std::chrono::seconds(-1))}));
    return;
  }
  const Timestamp times[] = {Timestamp(std::chrono::seconds(-1'000'000) + std::chrono::milliseconds(500)),
                             Timestamp(std::chrono::seconds(4'000'000'000))};
  for (const Timestamp time : times) {
    ASSERT_OK(set({.mtime = kThen}));
    if (const Status status = set({.mtime = time}); status) {
      EXPECT_TRUE(same_time(stat(path_).mtime, time));
    } else {
      EXPECT_TRUE(same_time(stat(path_).mtime, kThen));
    }
  }
}

TEST_F(StorageAttributes, WritingMovesTheModificationTime) {
  if (!can(Capability::Times)) {
    EXPECT_CODE(Errc::NotSupported, set({.mtime = kEarlier}));
    return;
  }
  ASSERT_OK(set({.mtime = kEarlier}));
  put(path_, "changed");
  EXPECT_GT(stat(path_).mtime, kEarlier);
}

TEST_F(StorageAttributes, SpaceIsToldAsClaimed) {
  const auto space = fs_->space(context_, VPath());
  if (!can(Capability::Space)) {
    EXPECT_CODE(Errc::NotSupported, space);
    return;
  }
  ASSERT_OK(space);
  EXPECT_GT(space->block_size, 0u);
  EXPECT_GT(space->total_blocks, 0u);
  EXPECT_LE(space->free_blocks, space->total_blocks);
  EXPECT_LE(space->available_blocks, space->total_blocks);
  EXPECT_LE(space->free_files, space->total_files);
  EXPECT_GT(space->max_name, 0u);
  EXPECT_CODE(Errc::NotFound, fs_->space(context_, VPath("/absent")));
}

}  // namespace
}  // namespace slipway::kit
