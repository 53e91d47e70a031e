// storage-local on disks that are full, read-only, or several under one root. The program runs itself again in a mount
// namespace of its own, where it may mount small disks that nobody else sees.
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "local_test_fixture.h"

namespace slipway::local {
namespace {

class LocalMounts : public LocalFixture {
 protected:
  ~LocalMounts() override {
    fs_.reset();
    for (auto at = mounted_.rbegin(); at != mounted_.rend(); ++at) ::umount2(at->c_str(), MNT_DETACH);
  }
  std::filesystem::path mount_disk(const std::string& name, const char* options) {
    const auto at = root() / name;
    std::filesystem::create_directories(at);
    EXPECT_EQ(::mount("none", at.c_str(), "tmpfs", 0, options), 0) << std::strerror(errno);
    mounted_.push_back(at.string());
    return at;
  }
  static void set_times(const std::filesystem::path& path, time_t seconds) {
    const timespec times[2] = {{seconds, 111}, {seconds, 222}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }

 private:
  std::vector<std::string> mounted_;
};

TEST_F(LocalMounts, FullDiskIsNoSpaceAndWhatWasThereStays) {
  const auto disk = mount_disk("disk", "size=1m");
  EXPECT_FINE(put(VPath("/disk/kept"), std::string(300'000, 'k')));
  EXPECT_ERRC(NoSpace, put(VPath("/disk/big"), std::string(2'000'000, 'x')));
  EXPECT_EQ(read_file(disk / "kept"), std::string(300'000, 'k'));
  EXPECT_GT(status_of(disk / "big").st_size, 0) << "what fitted was written";
  const auto space = fs_->space(context_, VPath("/disk"));
  ASSERT_TRUE(space.ok());
  EXPECT_EQ(space->available_blocks, 0u);
  EXPECT_FINE(fs_->remove(context_, VPath("/disk/big")));
  EXPECT_FINE(put(VPath("/disk/small"), std::string(100'000, 's')));
}

TEST_F(LocalMounts, CopyThatDoesNotFitLeavesTheTargetAndNothingElse) {
  const auto disk = mount_disk("disk", "size=1m");
  EXPECT_FINE(put(VPath("/big"), std::string(2'000'000, 'x')));
  EXPECT_FINE(put(VPath("/disk/target"), "old"));
  EXPECT_ERRC(NoSpace, fs_->copy(context_, VPath("/big"), VPath("/disk/target")));
  EXPECT_EQ(read_file(disk / "target"), "old");
  EXPECT_EQ(entries(disk), std::vector<std::string>{"target"});
}

TEST_F(LocalMounts, DiskWithoutInodesIsNoSpace) {
  mount_disk("disk", "size=1m,nr_inodes=5");
  Status status = ok();
  int made = 0;
  for (; status && made < 100; ++made) status = put(VPath("/disk/f" + std::to_string(made)), "");
  EXPECT_ERRC(NoSpace, status);
  EXPECT_LT(made, 100);
  EXPECT_ERRC(NoSpace, fs_->make_dir(context_, VPath("/disk/dir"), 0777));
}

TEST_F(LocalMounts, ReadOnlyDiskRefusesEveryChangeAndServesReads) {
  const auto disk = mount_disk("disk", "size=1m");
  write_file(disk / "file", "content");
  std::filesystem::create_directory(disk / "dir");
  ASSERT_EQ(::mount("none", disk.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const VPath file("/disk/file"), created("/disk/new");
  EXPECT_ERRC(ReadOnly, put(created, "x"));
  EXPECT_ERRC(ReadOnly, put(file, "x"));
  EXPECT_ERRC(ReadOnly, fs_->open(context_, file, {.write = true}));
  EXPECT_ERRC(ReadOnly, fs_->remove(context_, file));
  EXPECT_ERRC(ReadOnly, fs_->make_dir(context_, created, 0777));
  EXPECT_ERRC(ReadOnly, fs_->remove_dir(context_, VPath("/disk/dir")));
  EXPECT_ERRC(ReadOnly, fs_->rename(context_, file, created));
  EXPECT_ERRC(ReadOnly, fs_->rename(context_, file, VPath("/elsewhere")));
  EXPECT_ERRC(ReadOnly, fs_->copy(context_, file, created));
  EXPECT_ERRC(ReadOnly, fs_->symlink(context_, "x", created));
  EXPECT_ERRC(ReadOnly, fs_->set_attributes(context_, file, {.mode = 0600}, Follow::Yes));
  EXPECT_ERRC(ReadOnly, fs_->set_attributes(context_, file, {.size = 0}, Follow::Yes));
  EXPECT_ERRC(ReadOnly, fs_->set_attributes(context_, file, {.mtime = Timestamp()}, Follow::Yes));
  const auto reader = fs_->open(context_, file, OpenOptions::reading());
  ASSERT_TRUE(reader.ok());
  std::byte out[7];
  EXPECT_FINE((*reader)->read_at(context_, 0, out));
  EXPECT_FINE(fs_->list(context_, VPath("/disk")));
  EXPECT_FINE(fs_->copy(context_, file, VPath("/copy")));
  EXPECT_EQ(entries(disk), (std::vector<std::string>{"dir", "file"}));
  EXPECT_EQ(entries(root()), (std::vector<std::string>{"copy", "disk"})) << "the failed move left a copy behind";
}

TEST_F(LocalMounts, FileMovesBetweenDisksWithModeAndTimes) {
  const auto disk = mount_disk("disk", "size=8m");
  const std::string content(3'000'001, 'c');
  write_file(root() / "file", content);
  ASSERT_EQ(::chmod((root() / "file").c_str(), 0751), 0);
  set_times(root() / "file", 1'000'000'000);
  write_file(disk / "target", "old");
  ASSERT_TRUE((fs_->rename(context_, VPath("/file"), VPath("/disk/target"))).ok());
  EXPECT_FALSE(std::filesystem::exists(root() / "file"));
  EXPECT_EQ(read_file(disk / "target"), content);
  const struct stat status = status_of(disk / "target");
  EXPECT_EQ(status.st_mode & 07777u, 0751u);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(status.st_mtim.tv_nsec, 222);
  EXPECT_EQ(entries(disk), std::vector<std::string>{"target"});
  // And back.
  ASSERT_TRUE((fs_->rename(context_, VPath("/disk/target"), VPath("/file"))).ok());
  EXPECT_EQ(read_file(root() / "file"), content);
  EXPECT_TRUE(entries(disk).empty());
}

TEST_F(LocalMounts, TreeMovesBetweenDisksWhole) {
  const auto disk = mount_disk("disk", "size=8m");
  const auto tree = root() / "tree";
  std::filesystem::create_directories(tree / "sub/empty");
  write_file(tree / "file", "one");
  write_file(tree / "sub/name with\nnewline \xff", "two");
  std::filesystem::create_symlink("../../outside", tree / "sub/link");
  {
    std::ofstream sparse(tree / "sparse", std::ios::binary);
    sparse.seekp(1 << 30) << "end";
  }
  ASSERT_EQ(::chmod((tree / "sub").c_str(), 0710), 0);
  set_times(tree / "sub/link", 900'000'000);
  set_times(tree / "sub", 800'000'000);
  set_times(tree, 700'000'000);
  ASSERT_TRUE((fs_->rename(context_, VPath("/tree"), VPath("/disk/moved"))).ok());
  EXPECT_FALSE(std::filesystem::exists(tree));
  const auto moved = disk / "moved";
  EXPECT_EQ(entries(disk), std::vector<std::string>{"moved"});
  EXPECT_EQ(entries(moved), (std::vector<std::string>{"file", "sparse", "sub"}));
  EXPECT_EQ(read_file(moved / "file"), "one");
  EXPECT_EQ(read_file(moved / "sub/name with\nnewline \xff"), "two");
  EXPECT_TRUE(std::filesystem::is_directory(moved / "sub/empty"));
  EXPECT_EQ(std::filesystem::read_symlink(moved / "sub/link"), "../../outside");
  EXPECT_EQ(status_of(moved / "sparse").st_size, (1 << 30) + 3) << "a hole took the space of the disk";
  EXPECT_EQ(status_of(moved / "sub").st_mode & 07777u, 0710u);
  EXPECT_EQ(status_of(moved / "sub").st_mtim.tv_sec, 800'000'000);
  EXPECT_EQ(status_of(moved / "sub/link").st_mtim.tv_sec, 900'000'000);
  EXPECT_EQ(status_of(moved).st_mtim.tv_sec, 700'000'000);
}

TEST_F(LocalMounts, LinkMovesBetweenDisksAsItIs) {
  const auto disk = mount_disk("disk", "size=1m");
  std::filesystem::create_symlink("/absolute/target", root() / "link");
  ASSERT_TRUE((fs_->rename(context_, VPath("/link"), VPath("/disk/link"))).ok());
  EXPECT_EQ(std::filesystem::read_symlink(disk / "link"), "/absolute/target");
  EXPECT_TRUE(entries(root()) == std::vector<std::string>{"disk"});
}

TEST_F(LocalMounts, MoveBetweenDisksReplacesNoDirectory) {
  const auto disk = mount_disk("disk", "size=1m");
  write_file(root() / "file", "content");
  std::filesystem::create_directory(root() / "dir");
  write_file(root() / "dir/inside", "x");
  std::filesystem::create_directory(disk / "empty");
  write_file(disk / "file", "old");
  EXPECT_ERRC(Exists, fs_->rename(context_, VPath("/file"), VPath("/disk/empty")));
  EXPECT_ERRC(Exists, fs_->rename(context_, VPath("/dir"), VPath("/disk/empty")));
  EXPECT_ERRC(NotDirectory, fs_->rename(context_, VPath("/dir"), VPath("/disk/file")));
  EXPECT_ERRC(NotFound, fs_->rename(context_, VPath("/absent"), VPath("/disk/new")));
  EXPECT_EQ(read_file(disk / "file"), "old");
  EXPECT_EQ(entries(disk), (std::vector<std::string>{"empty", "file"}));
  EXPECT_EQ(entries(root()), (std::vector<std::string>{"dir", "disk", "file"}));
}

TEST_F(LocalMounts, MoveThatDoesNotFitLeavesTheSourceWhole) {
  const auto disk = mount_disk("disk", "size=1m");
  std::filesystem::create_directory(root() / "tree");
  write_file(root() / "tree/a", std::string(400'000, 'a'));
  write_file(root() / "tree/b", std::string(900'000, 'b'));
  write_file(disk / "kept", "kept");
  EXPECT_ERRC(NoSpace, fs_->rename(context_, VPath("/tree"), VPath("/disk/tree")));
  EXPECT_EQ(entries(disk), std::vector<std::string>{"kept"});
  EXPECT_EQ(read_file(root() / "tree/a"), std::string(400'000, 'a'));
  EXPECT_EQ(read_file(root() / "tree/b"), std::string(900'000, 'b'));
}

TEST_F(LocalMounts, MoveWithAPipeInsideIsRefusedWhole) {
  const auto disk = mount_disk("disk", "size=1m");
  std::filesystem::create_directory(root() / "tree");
  write_file(root() / "tree/file", "content");
  ASSERT_EQ(::mkfifo((root() / "tree/pipe").c_str(), 0666), 0);
  EXPECT_ERRC(NotSupported, fs_->rename(context_, VPath("/tree"), VPath("/disk/tree")));
  EXPECT_TRUE(entries(disk).empty());
  EXPECT_EQ(entries(root() / "tree"), (std::vector<std::string>{"file", "pipe"}));
}

TEST_F(LocalMounts, StoppedMoveLeavesTheSourceWhole) {
  const auto disk = mount_disk("disk", "size=1m");
  std::filesystem::create_directory(root() / "tree");
  write_file(root() / "tree/file", "content");
  std::stop_source source;
  OpContext context;
  context.stop = source.get_token();
  source.request_stop();
  EXPECT_ERRC(Cancelled, fs_->rename(context, VPath("/tree"), VPath("/disk/tree")));
  EXPECT_TRUE(entries(disk).empty());
  EXPECT_EQ(read_file(root() / "tree/file"), "content");
}

TEST_F(LocalMounts, CopyCrossesDisks) {
  const auto disk = mount_disk("disk", "size=8m");
  const std::string content(2'500'000, 'c');
  write_file(root() / "file", content);
  EXPECT_FINE(fs_->copy(context_, VPath("/file"), VPath("/disk/copy")));
  EXPECT_EQ(read_file(disk / "copy"), content);
  EXPECT_EQ(entries(disk), std::vector<std::string>{"copy"});
}

TEST_F(LocalMounts, LinksCrossDisksWithinTheRootAndNoFurther) {
  const auto disk = mount_disk("disk", "size=1m");
  write_file(root() / "file", "inside");
  write_file(base() / "secret", "SECRET");
  std::filesystem::create_symlink("../file", disk / "up");
  std::filesystem::create_symlink("../../secret", disk / "out");
  EXPECT_FINE(fs_->open(context_, VPath("/disk/up"), OpenOptions::reading()));
  EXPECT_ERRC(PermissionDenied, fs_->open(context_, VPath("/disk/out"), OpenOptions::reading()));
  EXPECT_ERRC(PermissionDenied, fs_->open(context_, VPath("/disk/out"), OpenOptions::replacing()));
  EXPECT_EQ(read_file(base() / "secret"), "SECRET");
}

TEST_F(LocalMounts, MountPointIsBusy) {
  mount_disk("disk", "size=1m");
  EXPECT_ERRC(Conflict, fs_->remove_dir(context_, VPath("/disk")));
  EXPECT_ERRC(Conflict, fs_->rename(context_, VPath("/disk"), VPath("/disk2")));
}

}  // namespace
}  // namespace slipway::local

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv + 1, argv + argc);
  ::testing::InitGoogleTest(&argc, argv);
  constexpr const char* kInside = "SLIPWAY_TEST_NAMESPACE";
  if (GTEST_FLAG_GET(list_tests) || std::getenv(kInside) != nullptr) return RUN_ALL_TESTS();
  // Root needs a mount namespace only, anybody else a user namespace first.
  ::setenv(kInside, "1", 1);
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  char mount[] = "--mount", propagation[] = "--propagation", kind[] = "private", user[] = "--map-root-user",
       end[] = "--";
  char unshare[] = "unshare";
  std::vector<char*> command{unshare, mount, propagation, kind};
  if (::geteuid() != 0) command.push_back(user);
  command.push_back(end);
  command.push_back(self.data());
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.push_back(nullptr);
  ::execvp(unshare, command.data());
  std::perror("unshare");
  return 2;
}
