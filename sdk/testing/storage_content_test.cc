// Bytes go in and come out again, at any place.
#include <unistd.h>

#include <algorithm>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageContent : public StorageFixture {
 protected:
  const VPath path_{"/file"};

  void expect_read(File& file, std::uint64_t offset, std::size_t want, std::span<const std::byte> expected) {
    Bytes out(want, std::byte{0xEE});
    const auto n = file.read_at(context_, offset, out);
    ASSERT_OK(n);
    ASSERT_EQ(*n, expected.size()) << want << " bytes at " << offset << ": a read is short only at the end of file";
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), out.begin())) << want << " bytes at " << offset;
    EXPECT_TRUE(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(*n), out.end(), [](std::byte b) {
      return b == std::byte{0xEE};
    })) << "wrote past what it read";
  }
};

TEST_F(StorageContent, EmptyFileIsEmpty) {
  put(path_, "");
  EXPECT_EQ(stat(path_).size, 0u);
  EXPECT_EQ(get_text(path_), "");
}

TEST_F(StorageContent, IsReadBackAtAnyOffset) {
  const Bytes data = pattern(300'001);
  put(path_, data);
  EXPECT_EQ(stat(path_).size, data.size());
  const auto file = open(path_, OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  const std::uint64_t offsets[] = {0, 1, 4095, 4096, 65'535, 131'072, 299'999, 300'000, 300'001, 300'002, 1ull << 40};
  for (const std::uint64_t offset : offsets) {
    for (const std::size_t want :
         {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{70'000}, data.size()}) {
      const std::size_t start = static_cast<std::size_t>(std::min<std::uint64_t>(offset, data.size()));
      expect_read(*file, offset, want, std::span(data).subspan(start, std::min(want, data.size() - start)));
    }
  }
}

TEST_F(StorageContent, OffsetsBeyondAllFilesReadNothingAndAreNotWritten) {
  put(path_, "x");
  const auto file = open(path_, OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  for (const std::uint64_t offset : {std::uint64_t{1} << 62, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    expect_read(*file, offset, 100, {});
  }
  const auto writer = open(VPath("/other"), OpenOptions::replacing());
  ASSERT_NE(writer, nullptr);
  EXPECT_FALSE(writer->write_at(context_, ~std::uint64_t{0} - 10, pattern(100)).ok());
}

TEST_F(StorageContent, IsWrittenInPiecesOfAnySize) {
  const Bytes data = pattern(200'000, 7);
  const auto file = open(path_, OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  std::size_t offset = 0;
  for (std::size_t size = 1; offset < data.size(); size = size * 3 + 1) {
    const auto piece = std::span(data).subspan(offset, std::min(size, data.size() - offset));
    ASSERT_OK(file->write_at(context_, offset, piece));
    offset += piece.size();
    ASSERT_OK(file->write_at(context_, offset, {}));
  }
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(get(path_), data);
}

TEST_F(StorageContent, ReplacingLeavesNothingOfTheOld) {
  put(path_, pattern(100'000, 1));
  const Bytes shorter = pattern(10, 2);
  put(path_, shorter);
  EXPECT_EQ(get(path_), shorter);
}

TEST_F(StorageContent, WritesGoAnywhereOrAreRefused) {
  const Bytes data = pattern(50'000);
  const auto file = open(path_, OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  if (!can(Capability::RandomWrite)) {
    ASSERT_OK(file->write_at(context_, 0, std::span(data).first(100)));
    EXPECT_CODE(Errc::NotSupported, file->write_at(context_, 50, std::span(data).first(10)));
    EXPECT_CODE(Errc::NotSupported, file->write_at(context_, 200, std::span(data).first(10)));
    return;
  }
  // Back to front, then a piece over the middle.
  for (std::size_t end = data.size(); end > 0;) {
    const std::size_t start = end > 7'000 ? end - 7'000 : 0;
    ASSERT_OK(file->write_at(context_, start, std::span(data).subspan(start, end - start)));
    end = start;
  }
  Bytes expected = data;
  const Bytes piece = pattern(5'000, 9);
  std::copy(piece.begin(), piece.end(), expected.begin() + 4'000);
  ASSERT_OK(file->write_at(context_, 4'000, piece));
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(get(path_), expected);
}

TEST_F(StorageContent, GapsReadAsZeros) {
  const auto file = open(path_, OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  if (!can(Capability::RandomWrite)) {
    EXPECT_CODE(Errc::NotSupported, file->write_at(context_, 10'000, bytes_of("end")));
    return;
  }
  ASSERT_OK(file->write_at(context_, 10'000, bytes_of("end")));
  ASSERT_OK(file->write_at(context_, 0, bytes_of("start")));
  ASSERT_OK(file->finish(context_));
  Bytes expected(10'003);
  std::ranges::copy(bytes_of("start"), expected.begin());
  std::ranges::copy(bytes_of("end"), expected.begin() + 10'000);
  EXPECT_EQ(get(path_), expected);
}

TEST_F(StorageContent, OffsetsDoNotEndAtFourGigabytes) {
  constexpr std::uint64_t kFar = (std::uint64_t{5} << 30) + 12'345;
  const auto file = open(path_, {.read = can(Capability::ReadWrite), .write = true, .create = true});
  ASSERT_NE(file, nullptr);
  if (!can(Capability::RandomWrite)) {
    EXPECT_CODE(Errc::NotSupported, file->write_at(context_, kFar, bytes_of("far")));
    return;
  }
  ASSERT_OK(file->write_at(context_, kFar, bytes_of("far")));
  ASSERT_OK(file->write_at(context_, kFar % (std::uint64_t{1} << 32), bytes_of("near")));
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(stat(path_).size, kFar + 3);
  const auto reader = open(path_, OpenOptions::reading());
  ASSERT_NE(reader, nullptr);
  expect_read(*reader, kFar, 100, bytes_of("far"));
  expect_read(*reader, kFar % (std::uint64_t{1} << 32), 4, bytes_of("near"));
  expect_read(*reader, kFar - 4'096, 4'096, Bytes(4'096));
}

TEST_F(StorageContent, ExistingFileIsContinuedWhereItEnds) {
  put(path_, "first");
  auto file = fs_->open(context_, path_, {.write = true});
  if (!can(Capability::Resume)) {
    EXPECT_CODE(Errc::NotSupported, file);
    EXPECT_EQ(get_text(path_), "first");
    return;
  }
  ASSERT_OK(file);
  ASSERT_OK((*file)->write_at(context_, 5, bytes_of(" second")));
  ASSERT_OK((*file)->finish(context_));
  EXPECT_EQ(get_text(path_), "first second");
}

TEST_F(StorageContent, OneHandleReadsWhatItWroteOrSaysItCannot) {
  auto file = fs_->open(context_, path_, {.read = true, .write = true, .create = true});
  if (!can(Capability::ReadWrite)) {
    EXPECT_CODE(Errc::NotSupported, file);
    EXPECT_FALSE(exists(path_));
    return;
  }
  ASSERT_OK(file);
  ASSERT_OK((*file)->write_at(context_, 0, bytes_of("hello")));
  expect_read(**file, 0, 100, bytes_of("hello"));
  ASSERT_OK((*file)->write_at(context_, 5, bytes_of(" world")));
  expect_read(**file, 3, 100, bytes_of("lo world"));
  ASSERT_OK((*file)->finish(context_));
  EXPECT_EQ(get_text(path_), "hello world");
}

TEST_F(StorageContent, ReaderSeesTheEndMoveWhileAnotherAppends) {
  if (!can(Capability::RandomWrite) || has(fs_->capabilities(), Capability::CommitOnFinish)) {
    // There is nothing to see before finish(); then a new reader must see it.
    const auto file = open(path_, OpenOptions::replacing());
    ASSERT_NE(file, nullptr);
    ASSERT_OK(file->write_at(context_, 0, bytes_of("all")));
    ASSERT_OK(file->finish(context_));
    EXPECT_EQ(get_text(path_), "all");
    return;
  }
  put(path_, "one");
  const auto reader = open(path_, OpenOptions::reading());
  ASSERT_NE(reader, nullptr);
  expect_read(*reader, 0, 100, bytes_of("one"));
  const auto writer = open(path_, {.write = true});
  ASSERT_NE(writer, nullptr);
  ASSERT_OK(writer->write_at(context_, 3, bytes_of(" two")));
  expect_read(*reader, 0, 100, bytes_of("one two"));
  expect_read(*reader, 3, 4, bytes_of(" two"));
}

TEST_F(StorageContent, TruncateCutsAndExtendsWithZeros) {
  put(path_, "0123456789");
  auto opened = fs_->open(context_, path_, {.write = true});
  if (!can(Capability::Truncate)) {
    if (opened) {
      EXPECT_CODE(Errc::NotSupported, (*opened)->truncate(context_, 4));
    }
    EXPECT_EQ(get_text(path_), "0123456789");
    return;
  }
  ASSERT_OK(opened);
  ASSERT_OK((*opened)->truncate(context_, 4));
  EXPECT_EQ(get_text(path_), "0123");
  ASSERT_OK((*opened)->truncate(context_, 6));
  EXPECT_EQ(get_text(path_), std::string("0123\0\0", 6)) << "what was cut off came back";
  ASSERT_OK((*opened)->truncate(context_, 0));
  ASSERT_OK((*opened)->finish(context_));
  EXPECT_EQ(stat(path_).size, 0u);
}

TEST_F(StorageContent, DirectionsThatWereNotAskedForAreRefused) {
  put(path_, "content");
  const auto reader = open(path_, OpenOptions::reading());
  ASSERT_NE(reader, nullptr);
  EXPECT_CODE(Errc::PermissionDenied, reader->write_at(context_, 0, bytes_of("x")));
  if (can(Capability::Truncate)) {
    EXPECT_CODE(Errc::PermissionDenied, reader->truncate(context_, 0));
  }
  EXPECT_EQ(get_text(path_), "content");
  const auto writer = open(VPath("/other"), OpenOptions::replacing());
  ASSERT_NE(writer, nullptr);
  Bytes out(10);
  EXPECT_CODE(Errc::PermissionDenied, writer->read_at(context_, 0, out));
}

TEST_F(StorageContent, SyncWorksOrSaysThatItCannot) {
  const auto file = open(path_, OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  ASSERT_OK(file->write_at(context_, 0, bytes_of("kept")));
  EXPECT_ONE_OF(file->sync(context_), Errc::Ok, Errc::NotSupported);
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(get_text(path_), "kept");
}

TEST_F(StorageContent, NativeDescriptorIsThereAsClaimed) {
  put(path_, "content");
  const auto file = open(path_, OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  if (!can(Capability::NativeFd)) {
    EXPECT_EQ(file->native_fd(), -1);
    return;
  }
  char out[16];
  ASSERT_EQ(::pread(file->native_fd(), out, sizeof out, 3), 4);
  EXPECT_EQ(std::string(out, 4), "tent");
}

TEST_F(StorageContent, OpenFileOutlivesItsRemovalOrRefusesIt) {
  put(path_, "content");
  const auto file = open(path_, OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  if (fs_->remove(context_, path_)) {
    EXPECT_FALSE(exists(path_));
    Bytes out(7);
    const auto n = file->read_at(context_, 0, out);
    if (n) {
      EXPECT_EQ(out, bytes_of("content")) << "neither the content nor an error";
    }
  } else {
    EXPECT_TRUE(exists(path_));
  }
}

}  // namespace
}  // namespace slipway::kit
