// Every combination of open options, against everything that can be at the path.
#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageOpen : public StorageFixture {};

std::string describe(const OpenOptions& o) {
  std::string text;
  if (o.read) text += "read ";
  if (o.write) text += "write ";
  if (o.create) text += "create ";
  if (o.exclusive) text += "exclusive ";
  if (o.truncate) text += "truncate ";
  return text;
}

std::vector<OpenOptions> all_combinations() {
  std::vector<OpenOptions> all;
  for (unsigned bits = 0; bits < 32; ++bits) {
    all.push_back({.read = (bits & 1) != 0,
                   .write = (bits & 2) != 0,
                   .create = (bits & 4) != 0,
                   .exclusive = (bits & 8) != 0,
                   .truncate = (bits & 16) != 0});
  }
  return all;
}

bool makes_sense(const OpenOptions& o) {
  return (o.read || o.write) && (!(o.create || o.truncate) || o.write) && (!o.exclusive || o.create);
}

TEST_F(StorageOpen, OptionsThatDoNotGoTogetherAreInvalid) {
  put(VPath("/file"), "content");
  for (const OpenOptions& options : all_combinations()) {
    if (makes_sense(options)) continue;
    EXPECT_CODE(Errc::InvalidArgument, fs_->open(context_, VPath("/file"), options)) << describe(options);
    EXPECT_CODE(Errc::InvalidArgument, fs_->open(context_, VPath("/absent"), options)) << describe(options);
  }
  EXPECT_EQ(get_text(VPath("/file")), "content");
  EXPECT_FALSE(exists(VPath("/absent")));
}

TEST_F(StorageOpen, AbsentFileIsMadeOnlyWhenAskedFor) {
  unsigned number = 0;
  for (const OpenOptions& options : all_combinations()) {
    if (!makes_sense(options)) continue;
    const VPath path("/new" + std::to_string(number++));
    auto file = fs_->open(context_, path, options);
    if (options.read && options.write && !can(Capability::ReadWrite)) {
      EXPECT_CODE(Errc::NotSupported, file) << describe(options);
      EXPECT_FALSE(exists(path)) << describe(options);
      continue;
    }
    if (!options.create) {
      EXPECT_ONE_OF(file, Errc::NotFound,
                    options.write && !can(Capability::Resume) ? Errc::NotSupported : Errc::NotFound)
          << describe(options);
      EXPECT_FALSE(exists(path)) << describe(options);
      continue;
    }
    EXPECT_OK(file) << describe(options);
    if (!file) continue;
    EXPECT_OK((*file)->write_at(context_, 0, bytes_of("new")));
    EXPECT_OK((*file)->finish(context_));
    file->reset();
    EXPECT_EQ(get_text(path), "new") << describe(options);
  }
}

TEST_F(StorageOpen, ExistingFileKeepsItsContentUnlessTruncated) {
  for (const OpenOptions& options : all_combinations()) {
    if (!makes_sense(options)) continue;
    const VPath path("/file");
    put(path, "content");
    auto file = fs_->open(context_, path, options);
    if (options.exclusive) {
      EXPECT_CODE(options.read && !can(Capability::ReadWrite) ? Errc::NotSupported : Errc::Exists, file)
          << describe(options);
      EXPECT_EQ(get_text(path), "content") << describe(options);
      continue;
    }
    if ((options.read && options.write && !can(Capability::ReadWrite)) ||
        (options.write && !options.truncate && !can(Capability::Resume))) {
      EXPECT_CODE(Errc::NotSupported, file) << describe(options);
      EXPECT_EQ(get_text(path), "content") << describe(options);
      continue;
    }
    EXPECT_OK(file) << describe(options);
    if (!file) continue;
    if (options.write) {
      EXPECT_OK((*file)->finish(context_));
    }
    file->reset();
    EXPECT_EQ(get_text(path), options.truncate ? "" : "content") << describe(options);
  }
}

TEST_F(StorageOpen, DirectoryIsNeverOpenedAsAFile) {
  if (!folders()) {
    return;
  }
  make_dir(VPath("/dir"));
  put(VPath("/dir/file"), "x");
  for (const OpenOptions& options : all_combinations()) {
    if (!makes_sense(options)) continue;
    EXPECT_ONE_OF(fs_->open(context_, VPath("/dir"), options), Errc::IsDirectory,
                  options.exclusive ? Errc::Exists : Errc::IsDirectory,
                  options.read && options.write && !can(Capability::ReadWrite) ? Errc::NotSupported : Errc::IsDirectory)
        << describe(options);
  }
  EXPECT_EQ(names(VPath("/dir")), std::vector<std::string>{"file"});
}

TEST_F(StorageOpen, ModeIsThatOfANewFileOnly) {
  if (!can(Capability::Mode)) {
    EXPECT_CODE(Errc::NotSupported, fs_->set_attributes(context_, VPath(), {.mode = 0700}, Follow::Yes));
    return;
  }
  OpenOptions options = OpenOptions::replacing();
  for (const std::uint32_t mode : {0600u, 0640u}) {
    options.mode = mode;
    const auto file = open(VPath("/file"), options);
    ASSERT_NE(file, nullptr);
    ASSERT_OK(file->finish(context_));
    EXPECT_EQ(stat(VPath("/file")).mode, 0600u);
  }
}

TEST_F(StorageOpen, FileNeedsItsParentWhenDirectoriesAreReal) {
  const auto file = fs_->open(context_, VPath("/absent/file"), OpenOptions::replacing());
  if (can(Capability::RealDirectories)) {
    EXPECT_CODE(Errc::NotFound, file);
    EXPECT_FALSE(exists(VPath("/absent")));
    return;
  }
  if (!folders()) {
    EXPECT_FALSE(file.ok());
    return;
  }
  ASSERT_OK(file);
  ASSERT_OK((*file)->write_at(context_, 0, bytes_of("x")));
  ASSERT_OK((*file)->finish(context_));
  EXPECT_EQ(stat(VPath("/absent")).type, FileType::Directory);
  EXPECT_EQ(names(VPath("/absent")), std::vector<std::string>{"file"});
}

TEST_F(StorageOpen, TwoHandlesOfOneFileWorkSideBySide) {
  put(VPath("/file"), "content");
  const auto first = open(VPath("/file"), OpenOptions::reading());
  auto second = open(VPath("/file"), OpenOptions::reading());
  ASSERT_TRUE(first && second);
  second.reset();
  Bytes out(7);
  ASSERT_OK(first->read_at(context_, 0, out));
  EXPECT_EQ(out, bytes_of("content"));
}

}  // namespace
}  // namespace slipway::kit
