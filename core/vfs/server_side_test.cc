// What the guard does inside the server for protocols: hashes, ranges, trees, notices of commands.
#include "slipway/server_side.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "core/vfs/range_copy.h"
#include "core/vfs/testing/guard_fixture.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;
using testing::FakeStorage;

class ServerSide : public testing::GuardTest {
 protected:
  template <class Interface>
  Interface& ability() {
    auto* found = static_cast<Interface*>(guard().query(Interface::kInterfaceId));
    EXPECT_NE(found, nullptr);
    return *found;
  }
  static RangeCopy& range_copy(File& file) {
    auto* found = static_cast<RangeCopy*>(file.query(RangeCopy::kInterfaceId));
    EXPECT_NE(found, nullptr);
    return *found;
  }
};

TEST_F(ServerSide, ADigestIsNoTransfer) {
  policy.transferred = std::make_shared<TransferAccount>(0, 0, nullptr);
  policy.transfer_limits.download = 3;
  home->put("/f", "content");
  auto file = ability<DigestReads>().open_for_digest(ctx, VPath("/f"));
  ASSERT_TRUE(file);
  std::string out(100, '\0');
  EXPECT_EQ(*(*file)->read_at(ctx, 2, std::as_writable_bytes(std::span(out))), 5u);
  EXPECT_EQ((*file)->stat(ctx)->name, "f");
  file->reset();
  EXPECT_TRUE(actions().empty());
}

TEST_F(ServerSide, ADigestNeedsDownloadAndAVisibleFile) {
  permit("/names", {"list", "upload"});
  policy.patterns.add({VPath("/hidden"), {}, {"*.x"}, true});
  home->mkdir("/names");
  home->put("/names/f", "secret");
  home->mkdir("/hidden");
  home->put("/hidden/f.x", "secret");
  auto& reads = ability<DigestReads>();
  EXPECT_EQ(reads.open_for_digest(ctx, VPath("/names/f")).code(), Errc::PermissionDenied);
  EXPECT_EQ(reads.open_for_digest(ctx, VPath("/hidden/f.x")).code(), Errc::NotFound);
  EXPECT_EQ(reads.open_for_digest(ctx, VPath("/names")).code(), Errc::IsDirectory);
  EXPECT_EQ(reads.open_for_digest(ctx, VPath()).code(), Errc::IsDirectory);
}

TEST_F(ServerSide, ARangeIsCopiedAndCounted) {
  home->put("/from", "0123456789");
  account->reset({10, 1});
  auto from = open("/from", OpenOptions::reading()), to = open("/to");
  auto& copy = range_copy(*to);
  EXPECT_EQ(*copy.copy_range(ctx, *from, {.source_offset = 2, .target_offset = 0, .length = 4}), 4u);
  EXPECT_EQ(*copy.copy_range(ctx, *from, {.source_offset = 8, .target_offset = 4, .length = 100}), 2u);
  EXPECT_EQ(*copy.copy_range(ctx, *from, {.source_offset = 10, .target_offset = 6, .length = 100}), 0u);
  EXPECT_EQ(*copy.copy_range(ctx, *from, {.source_offset = 0, .target_offset = 0, .length = 0}), 0u);
  EXPECT_TRUE(to->finish(ctx));
  EXPECT_TRUE(from->finish(ctx));
  EXPECT_EQ(home->content("/to"), "234589");
  EXPECT_EQ(account->used(), (QuotaUsage{16, 2}));
}

TEST_F(ServerSide, ARangeCopyKeepsToTheQuotaButIsNoTraffic) {
  policy.mounts[0].limits.size = 25;
  policy.transferred = std::make_shared<TransferAccount>(0, 0, nullptr);
  policy.transfer_limits.total = 1;
  home->put("/from", "0123456789");
  account->reset({10, 1});
  auto from = open("/from", OpenOptions::reading()), to = open("/to");
  auto& copy = range_copy(*to);
  EXPECT_TRUE(copy.copy_range(ctx, *from, {.length = 10}));
  EXPECT_EQ(copy.copy_range(ctx, *from, {.target_offset = 10, .length = 10}).code(), Errc::QuotaExceeded);
  EXPECT_EQ(to->finish(ctx).code(), Errc::QuotaExceeded);
}

TEST_F(ServerSide, OnlyWhatMayBeReadIsCopied) {
  permit("/blind", {"upload", "overwrite", "list"});
  home->mkdir("/blind");
  home->put("/blind/f", "secret");
  auto from = open("/blind/f", {.read = true, .write = true}), to = open("/to");
  EXPECT_EQ(range_copy(*to).copy_range(ctx, *from, {.length = 6}).code(), Errc::PermissionDenied);
  auto written = open("/w");
  EXPECT_EQ(range_copy(*to).copy_range(ctx, *written, {.length = 6}).code(), Errc::NotSupported);
  FakeStorage foreign;
  foreign.put("/f", "x");
  auto stranger = *foreign.open(ctx, VPath("/f"), OpenOptions::reading());
  EXPECT_EQ(range_copy(*to).copy_range(ctx, *stranger, {.length = 6}).code(), Errc::InvalidArgument);
}

TEST_F(ServerSide, ACommandIsAnEvent) {
  auto& notices = ability<CommandNotices>();
  notices.command_ended(ctx, {.name = "md5sum", .line = "md5sum a", .path = VPath("/a"), .target = {}});
  notices.command_ended(ctx, {.name = "slipway-copy",
                              .line = "slipway-copy a b",
                              .path = VPath("/a"),
                              .target = VPath("/b"),
                              .failure = Error(Errc::NotFound, "/a")});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].action, "ssh_cmd");
  EXPECT_EQ(events[0].ssh_command, "md5sum");
  EXPECT_EQ(events[0].virtual_path, "/a");
  EXPECT_EQ(events[0].status, EventStatus::Ok);
  EXPECT_EQ(events[1].virtual_target_path, "/b");
  EXPECT_EQ(events[1].target_path, "/fake/b");
  EXPECT_EQ(events[1].status, EventStatus::Error);
}

TEST_F(ServerSide, TreesAreCopiedAndRemoved) {
  home->mkdir("/src");
  home->put("/src/a", "a");
  home->mkdir("/there");
  auto& trees = ability<TreeOperations>();
  ASSERT_TRUE(trees.copy_tree(ctx, {VPath("/src"), VPath("/there"), false, false}));
  EXPECT_EQ(home->content("/there/src/a"), "a");
  ASSERT_TRUE(trees.remove_tree(ctx, VPath("/there")));
  EXPECT_FALSE(home->exists("/there/src/a"));
}

// A file that is nothing but a descriptor.
class DescriptorFile final : public File {
 public:
  explicit DescriptorFile(int fd) : fd_(fd) {}
  ~DescriptorFile() override { ::close(fd_); }
  Result<FileInfo> stat(const OpContext&) override { return FileInfo(); }
  Result<std::size_t> read_at(const OpContext&, std::uint64_t offset, std::span<std::byte> out) override {
    ++reads;
    const auto count = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  }
  Status write_at(const OpContext&, std::uint64_t offset, std::span<const std::byte> data) override {
    const auto count = ::pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset));
    return count == static_cast<ssize_t>(data.size()) ? ok() : Status(Error(Errc::IoError, "write"));
  }
  int native_fd() const noexcept override { return native ? fd_ : -1; }

  int reads = 0;
  bool native = true;

 private:
  const int fd_;
};

TEST(RangeCopyTest, TheKernelAndTheBufferCopyAlike) {
  const auto directory = std::filesystem::temp_directory_path() / ("range-copy-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  std::string content(1'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  const auto open_file = [&](const char* name) {
    return ::open((directory / name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  };
  OpContext ctx;
  for (const bool native : {true, false}) {
    DescriptorFile from(open_file("from")), to(open_file("to"));
    from.native = native;
    ASSERT_TRUE(from.write_at(ctx, 0, bytes_of(content)));
    const auto copied = copy_content(ctx, from, 1000, to, 7, 10'000'000);
    ASSERT_TRUE(copied);
    EXPECT_EQ(*copied, content.size() - 1000);
    std::string back(content.size(), '\0');
    EXPECT_EQ(*to.read_at(ctx, 7, std::as_writable_bytes(std::span(back))), content.size() - 1000);
    EXPECT_EQ(back.substr(0, *copied), content.substr(1000));
    EXPECT_EQ(from.reads <= 1, native) << "the kernel leaves only the end to read";
  }
  std::filesystem::remove_all(directory);
}

TEST_F(ServerSide, AMoveWithinOneStorageIsARename) {
  home->mkdir("/d");
  home->put("/d/link", "x", FileType::Symlink);
  ASSERT_TRUE(ability<TreeOperations>().move_tree(ctx, VPath("/d"), VPath("/e")));
  EXPECT_TRUE(home->exists("/e/link"));
  EXPECT_EQ(actions(), std::vector<std::string>{"rename"});
}

TEST_F(ServerSide, AMoveToAnotherStorageIsACopyAndItsRemoval) {
  auto other = std::make_shared<FakeStorage>();
  add_mount("/other", other, "other");
  home->mkdir("/d");
  home->mkdir("/d/sub");
  home->put("/d/sub/f", "content");
  ASSERT_TRUE(ability<TreeOperations>().move_tree(ctx, VPath("/d"), VPath("/other/d")));
  EXPECT_EQ(other->content("/d/sub/f"), "content");
  EXPECT_FALSE(home->exists("/d"));
}

TEST_F(ServerSide, WhatAMoveToAnotherStorageWouldLoseStops) {
  auto other = std::make_shared<FakeStorage>();
  add_mount("/other", other, "other");
  home->mkdir("/d");
  home->put("/d/link", "x", FileType::Symlink);
  auto& trees = ability<TreeOperations>();
  EXPECT_EQ(trees.move_tree(ctx, VPath("/d"), VPath("/other/d")).code(), Errc::NotSupported);
  EXPECT_TRUE(home->exists("/d/link"));
  EXPECT_FALSE(other->exists("/d"));
  other->mkdir("/e");
  home->mkdir("/f");
  EXPECT_EQ(trees.move_tree(ctx, VPath("/f"), VPath("/other/e")).code(), Errc::Exists);
  EXPECT_EQ(trees.move_tree(ctx, VPath("/other"), VPath("/g")).code(), Errc::PermissionDenied);
}

}  // namespace
}  // namespace slipway::vfs
