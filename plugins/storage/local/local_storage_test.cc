// storage-local against what only a real disk has: pipes, devices, owners, limits, and somebody else on the same disk.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "local_test_fixture.h"

namespace slipway::local {
namespace {

class LocalStorage : public LocalFixture {};

constexpr std::uint32_t kUid = 23'456, kGid = 34'567;

// Acts as an ordinary user on this thread's files, when the test runs as root: root is refused nothing.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    if (::geteuid() == 0) {
      ::setfsgid(kGid);
      ::setfsuid(kUid);
    }
  }
  ~WithoutPrivileges() {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }
};

// Whoever lists the directory meanwhile, or after a crash, must not see half a copy as a file.
TEST_F(LocalStorage, ACopyIsWrittenUnderANameThatNoClientSees) {
  ASSERT_TRUE(put(VPath("/source"), "content").ok());
  const int watch = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ASSERT_GE(::inotify_add_watch(watch, root().c_str(), IN_CREATE), 0);
  EXPECT_FINE(fs_->copy(context_, VPath("/source"), VPath("/target")));
  alignas(inotify_event) char buffer[4096];
  const ssize_t size = ::read(watch, buffer, sizeof buffer);
  ::close(watch);
  ASSERT_GT(size, 0);
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    EXPECT_TRUE(std::string_view(event->name).starts_with(".sftpgo-upload.")) << event->name;
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
}

TEST_F(LocalStorage, RootMustBeAnAbsoluteDirectory) {
  EXPECT_ERRC(InvalidArgument, mount(""));
  EXPECT_ERRC(InvalidArgument, mount("relative/path"));
  EXPECT_ERRC(InvalidArgument, mount(std::string("/tmp\0/x", 7)));
  write_file(base() / "file", "x");
  EXPECT_ERRC(NotDirectory, mount((base() / "file").string()));
  EXPECT_ERRC(NotDirectory, mount((base() / "file/below").string()));
}

TEST_F(LocalStorage, RootIsMadeWithItsParentsWhenAsked) {
  const auto made = base() / "a/b/c";
  ASSERT_TRUE(mount(made.string()).ok());
  EXPECT_TRUE(std::filesystem::is_directory(made));
  EXPECT_TRUE(mount((base() / "d/").string() + "//").ok());
  EXPECT_TRUE(std::filesystem::is_directory(base() / "d"));
}

TEST_F(LocalStorage, AbsentRootIsWaitedForWhenItMustNotBeMade) {
  const auto later = base() / "later";
  auto mounted = mount(later.string(), false);
  ASSERT_TRUE(mounted.ok());
  EXPECT_ERRC(NotFound, (*mounted)->stat(context_, VPath(), Follow::No));
  EXPECT_ERRC(NotFound, (*mounted)->open(context_, VPath("/file"), OpenOptions::replacing()));
  EXPECT_FALSE(std::filesystem::exists(later));
  std::filesystem::create_directory(later);
  write_file(later / "file", "content");
  EXPECT_FINE((*mounted)->stat(context_, VPath("/file"), Follow::No));
  EXPECT_FINE((*mounted)->list(context_, VPath()));
}

TEST_F(LocalStorage, RootMayBeALink) {
  std::filesystem::create_directory_symlink(root(), base() / "link");
  write_file(root() / "file", "content");
  EXPECT_FINE(must_mount((base() / "link").string())->stat(context_, VPath("/file"), Follow::No));
}

TEST_F(LocalStorage, LocationIsThePathOnTheDisk) {
  EXPECT_EQ(fs_->location(VPath()), root().string());
  EXPECT_EQ(fs_->location(VPath("/a/b")), (root() / "a/b").string());
  EXPECT_EQ(must_mount("/")->location(VPath("/a")), "/a");
}

TEST_F(LocalStorage, CompatibleOptionsAreAcceptedWithinTheirRange) {
  const ModuleDescriptor& descriptor = library().descriptor();
  const std::span<const OptionSpec> table(descriptor.use_options, descriptor.use_option_count);
  EXPECT_NO_THROW(kit::OptionTexts(table, {{"read_buffer_size", "10"}, {"write_buffer_size", "1"}}));
  EXPECT_THROW(kit::OptionTexts(table, {{"read_buffer_size", "11"}}), std::invalid_argument);
  EXPECT_THROW(kit::OptionTexts(table, {{"write_buffer_size", "-1"}}), std::invalid_argument);
}

// The core never makes such paths. If it did, they would still not leave the root.
TEST_F(LocalStorage, PathsThatAreNotCleanDoNotLeaveTheRoot) {
  write_file(base() / "secret", "SECRET");
  std::filesystem::create_directory(root() / "dir");
  const std::string forms[] = {"/..",
                               "/../secret",
                               "/dir/../../secret",
                               "/dir/..",
                               "/.",
                               "/dir/",
                               "secret",
                               "..",
                               "../secret",
                               "//secret",
                               "/dir/../..",
                               "",
                               "/../root",
                               "/dir/.",
                               std::string("/dir\0/../../secret", 18),
                               std::string("/..\0", 4)};
  for (const std::string& form : forms) {
    const VPath path(form);
    const auto info = fs_->stat(context_, path, Follow::No);
    EXPECT_TRUE(!info || info->type == FileType::Directory) << form;
    EXPECT_FALSE(fs_->open(context_, path, OpenOptions::reading()).ok()) << form;
    EXPECT_FALSE(fs_->open(context_, path, OpenOptions::replacing()).ok()) << form;
    EXPECT_FALSE(fs_->remove(context_, path).ok()) << form;
    EXPECT_FALSE(fs_->make_dir(context_, path, 0777).ok()) << form;
    EXPECT_FALSE(fs_->rename(context_, path, VPath("/stolen")).ok()) << form;
    EXPECT_FALSE(fs_->rename(context_, VPath("/dir"), path).ok()) << form;
    EXPECT_FALSE(fs_->symlink(context_, "x", path).ok()) << form;
    EXPECT_FALSE(fs_->read_link(context_, path).ok()) << form;
    EXPECT_FALSE(fs_->copy(context_, path, VPath("/stolen")).ok()) << form;
  }
  for (const char* const form : {"/..", "/../secret", "/dir/../../secret", "/dir/../.."}) {
    EXPECT_FALSE(fs_->stat(context_, VPath(form), Follow::Yes).ok()) << form;
    EXPECT_FALSE(fs_->stat(context_, VPath(form), Follow::No).ok()) << form;
    EXPECT_FALSE(fs_->list(context_, VPath(form)).ok()) << form;
    EXPECT_FALSE(fs_->remove_dir(context_, VPath(form)).ok()) << form;
    EXPECT_FALSE(fs_->set_attributes(context_, VPath(form), {.mode = 0}, Follow::No).ok()) << form;
    EXPECT_FALSE(fs_->space(context_, VPath(form)).ok()) << form;
  }
  EXPECT_EQ(read_file(base() / "secret"), "SECRET");
  EXPECT_EQ(entries(base()), (std::vector<std::string>{"root", "secret"}));
}

TEST_F(LocalStorage, PipesSocketsAndDevicesAreNeitherOpenedNorWaitedFor) {
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0666), 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string socket_path = (root() / "socket").string();
  ASSERT_LT(socket_path.size(), sizeof address.sun_path);
  socket_path.copy(address.sun_path, socket_path.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  std::vector<std::string> names{"/pipe", "/socket"};
  if (::mknod((root() / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) names.emplace_back("/null");

  for (const std::string& name : names) {
    const VPath path(name);
    for (const OpenOptions& options :
         {OpenOptions::reading(), OpenOptions::replacing(), OpenOptions{.write = true},
          OpenOptions{.read = true, .write = true}, OpenOptions{.write = true, .create = true, .exclusive = true}}) {
      EXPECT_FALSE(fs_->open(context_, path, options).ok()) << name;
    }
    EXPECT_FALSE(fs_->copy(context_, path, VPath("/copy")).ok()) << name;
    EXPECT_FALSE(fs_->set_attributes(context_, path, {.size = 0}, Follow::Yes).ok()) << name;
    const auto info = fs_->stat(context_, path, Follow::Yes);
    ASSERT_TRUE(info.ok()) << name;
    EXPECT_EQ(info->type, FileType::Other) << name;
  }
  auto cursor = fs_->list(context_, VPath());
  ASSERT_TRUE(cursor.ok());
  std::vector<FileInfo> listed;
  EXPECT_FINE((*cursor)->next(context_, 100, listed));
  EXPECT_EQ(listed.size(), names.size());
  // They can be moved and removed as any name.
  EXPECT_FINE(fs_->rename(context_, VPath("/pipe"), VPath("/pipe2")));
  EXPECT_FINE(fs_->remove(context_, VPath("/pipe2")));
  ::close(listener);
}

TEST_F(LocalStorage, WhatIsCreatedBelongsToTheOwnerOfTheMount) {
  const bool may = ::geteuid() == 0;
  const uid_t uid = may ? kUid : ::geteuid();
  const gid_t gid = may ? kGid : ::getegid();
  const auto home = base() / "home";
  fs_ = must_mount(home.string(), kUid, kGid);
  EXPECT_FINE(put(VPath("/replaced"), "x"));
  EXPECT_FINE(fs_->make_dir(context_, VPath("/dir"), 0777));
  EXPECT_FINE(fs_->symlink(context_, "absent", VPath("/link")));
  EXPECT_FINE(fs_->copy(context_, VPath("/replaced"), VPath("/copied")));
  EXPECT_FINE(fs_->open(context_, VPath("/exclusive"), {.write = true, .create = true, .exclusive = true}));
  // Through a link whose target is not there yet.
  EXPECT_FINE(fs_->open(context_, VPath("/link"), {.write = true, .create = true}));
  for (const auto& path :
       {home, home / "replaced", home / "dir", home / "link", home / "copied", home / "exclusive", home / "absent"}) {
    EXPECT_EQ(status_of(path).st_uid, uid) << path;
    EXPECT_EQ(status_of(path).st_gid, gid) << path;
  }
  EXPECT_TRUE(host_.log_lines().empty());
}

TEST_F(LocalStorage, WhatExistsKeepsItsOwner) {
  write_file(root() / "file", "old");
  const uid_t uid = status_of(root() / "file").st_uid;
  fs_ = must_mount(root().string(), kUid, kGid);
  EXPECT_FINE(put(VPath("/file"), "new"));
  EXPECT_EQ(read_file(root() / "file"), "new");
  EXPECT_EQ(status_of(root() / "file").st_uid, uid);
  EXPECT_EQ(status_of(root()).st_uid, uid);
}

TEST_F(LocalStorage, FileBeyondTheProcessLimitIsTooLargeAndNotFatal) {
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
  const auto file = fs_->open(context_, VPath("/file"), OpenOptions::replacing());
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Status written = (*file)->write_at(context_, 0, bytes(std::string(150'000, 'x')));
  const Status truncated = (*file)->truncate(context_, 200'000);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_ERRC(TooLarge, written);
  EXPECT_ERRC(TooLarge, truncated);
  EXPECT_EQ(status_of(root() / "file").st_size, 100'000) << "what fitted was written";
  EXPECT_FINE((*file)->write_at(context_, 100'000, bytes("more")));
}

TEST_F(LocalStorage, DirectoryWithoutWritePermissionIsPermissionDenied) {
  std::filesystem::create_directory(root() / "dir");
  write_file(root() / "dir/file", "content");
  std::filesystem::permissions(root() / "dir", std::filesystem::perms(0555));
  std::filesystem::permissions(root() / "dir/file", std::filesystem::perms(0444));
  {
    const WithoutPrivileges user;
    EXPECT_ERRC(PermissionDenied, fs_->open(context_, VPath("/dir/new"), OpenOptions::replacing()));
    EXPECT_ERRC(PermissionDenied, fs_->open(context_, VPath("/dir/file"), OpenOptions::replacing()));
    EXPECT_ERRC(PermissionDenied, fs_->make_dir(context_, VPath("/dir/new"), 0777));
    EXPECT_ERRC(PermissionDenied, fs_->remove(context_, VPath("/dir/file")));
    EXPECT_ERRC(PermissionDenied, fs_->rename(context_, VPath("/dir/file"), VPath("/dir/moved")));
    EXPECT_ERRC(PermissionDenied, fs_->copy(context_, VPath("/dir/file"), VPath("/dir/copy")));
    EXPECT_ERRC(PermissionDenied, fs_->symlink(context_, "x", VPath("/dir/link")));
    EXPECT_FINE(fs_->open(context_, VPath("/dir/file"), OpenOptions::reading()));
    EXPECT_FINE(fs_->list(context_, VPath("/dir")));
  }
  EXPECT_EQ(read_file(root() / "dir/file"), "content");
  EXPECT_EQ(entries(root() / "dir"), std::vector<std::string>{"file"});
  std::filesystem::permissions(root() / "dir", std::filesystem::perms(0755));
}

TEST_F(LocalStorage, EntriesThatMayNotBeExaminedAreStillListed) {
  std::filesystem::create_directory(root() / "dir");
  write_file(root() / "dir/file", "content");
  std::filesystem::create_directory(root() / "dir/sub");
  std::filesystem::permissions(root() / "dir", std::filesystem::perms(0444));  // names may be read, nothing else
  std::vector<FileInfo> listed;
  {
    const WithoutPrivileges user;
    auto cursor = fs_->list(context_, VPath("/dir"));
    ASSERT_TRUE(cursor.ok());
    EXPECT_FINE((*cursor)->next(context_, 100, listed));
  }
  std::filesystem::permissions(root() / "dir", std::filesystem::perms(0755));
  std::ranges::sort(listed, {}, &FileInfo::name);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].name, "file");
  EXPECT_EQ(listed[0].mode, 0u);
  EXPECT_EQ(listed[1].name, "sub");
  EXPECT_EQ(listed[1].type, FileType::Directory);
}

TEST_F(LocalStorage, PathsBeyondTheSystemsLimitAreTooLarge) {
  std::string deep;
  while (deep.size() < 5'000) deep += "/directory";
  EXPECT_ERRC(TooLarge, fs_->stat(context_, VPath(deep), Follow::No));
  EXPECT_ERRC(TooLarge, fs_->open(context_, VPath(deep), OpenOptions::reading()));
  EXPECT_ERRC(TooLarge, fs_->remove(context_, VPath(deep)));
  EXPECT_ERRC(TooLarge, fs_->symlink(context_, std::string(5'000, 'x'), VPath("/link")));
}

TEST_F(LocalStorage, DescriptorHandedOutIsPlain) {
  write_file(root() / "file", "content");
  const OpenOptions fresh{.write = true, .create = true, .exclusive = true};
  for (const auto& [path, options] : {std::pair("/file", OpenOptions::reading()), {"/new", fresh}}) {
    SCOPED_TRACE(path);
    const auto file = fs_->open(context_, VPath(path), options);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(::fcntl((*file)->native_fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl((*file)->native_fd(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST_F(LocalStorage, NothingIsLeftOpen) {
  const auto descriptors = [] { return entries("/proc/self/fd").size(); };
  std::filesystem::create_directory(root() / "dir");
  const auto before = descriptors();
  for (int i = 0; i < 50; ++i) {
    EXPECT_FINE(put(VPath("/dir/file"), "content"));
    EXPECT_FINE(fs_->stat(context_, VPath("/dir/file"), Follow::Yes));
    EXPECT_FINE(fs_->list(context_, VPath("/dir")));
    EXPECT_FINE(fs_->rename(context_, VPath("/dir/file"), VPath("/dir/file2")));
    EXPECT_FINE(fs_->copy(context_, VPath("/dir/file2"), VPath("/dir/file3")));
    EXPECT_FINE(fs_->set_attributes(context_, VPath("/dir/file3"), {.size = 1, .mode = 0600}, Follow::Yes));
    EXPECT_FALSE(fs_->open(context_, VPath("/dir"), OpenOptions::reading()).ok());
    EXPECT_FALSE(fs_->open(context_, VPath("/dir/absent/x"), OpenOptions::reading()).ok());
    EXPECT_FINE(must_mount(root().string())->space(context_, VPath()));
  }
  EXPECT_EQ(descriptors(), before);
}

// Somebody with a shell exchanges a directory and a link in one atomic step, without a pause; the module must not be
// outside for a single call. What the kit does through the contract, done with the sharpest tool there is.
TEST_F(LocalStorage, ExchangedDirectoryAndLinkNeverLeadOutside) {
  const auto outside = base() / "outside";
  std::filesystem::create_directory(outside);
  write_file(outside / "victim", "SECRET");
  std::filesystem::create_directory(outside / "sub");
  std::filesystem::create_directories(root() / "way/sub");
  write_file(root() / "way/victim", "inside");
  std::filesystem::create_symlink("../outside", root() / "link");
  const struct stat before = status_of(outside / "victim");

  std::atomic<bool> done{false};
  std::thread swapper([&] {
    const std::string a = (root() / "way").string(), b = (root() / "link").string();
    while (!done) ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  });
  std::atomic<unsigned> reads{0}, refusals{0};
  const auto attack = [&] {
    for (int i = 0; i < 2'000 || (i < 200'000 && (reads == 0 || refusals == 0)); ++i) {
      const VPath victim("/way/victim");
      if (const auto file = fs_->open(context_, victim, OpenOptions::reading())) {
        std::byte out[6];
        const auto n = (*file)->read_at(context_, 0, out);
        ASSERT_TRUE(n.ok());
        ASSERT_EQ(std::string_view(reinterpret_cast<const char*>(out), *n), "inside");
        ++reads;
      } else if (file.code() == Errc::PermissionDenied) {
        ++refusals;
      }
      if (const auto file = fs_->open(context_, victim, {.write = true})) {
        static_cast<void>((*file)->write_at(context_, 0, bytes("inside")).ok());
      }
      static_cast<void>(fs_->make_dir(context_, VPath("/way/made"), 0777).ok());
      static_cast<void>(fs_->remove_dir(context_, VPath("/way/made")).ok());
      static_cast<void>(fs_->remove_dir(context_, VPath("/way/sub")).ok());
      static_cast<void>(fs_->make_dir(context_, VPath("/way/sub"), 0777).ok());
      static_cast<void>(fs_->symlink(context_, "x", VPath("/way/made_link")).ok());
      static_cast<void>(fs_->remove(context_, VPath("/way/made_link")).ok());
      static_cast<void>(fs_->set_attributes(context_, victim, {.mode = 0600}, Follow::Yes).ok());
      static_cast<void>(fs_->rename(context_, VPath("/way/victim"), VPath("/way/victim2")).ok());
      static_cast<void>(fs_->rename(context_, VPath("/way/victim2"), VPath("/way/victim")).ok());
      static_cast<void>(fs_->copy(context_, victim, VPath("/way/victim")).ok());
      if (auto cursor = fs_->list(context_, VPath("/way"))) {
        std::vector<FileInfo> listed;
        static_cast<void>((*cursor)->next(context_, 100, listed).ok());
        for (const FileInfo& entry : listed) ASSERT_NE(entry.name, "only_outside");
      }
    }
  };
  write_file(outside / "only_outside", "x");
  { const std::jthread first(attack), second(attack); }
  done = true;
  swapper.join();
  EXPECT_GT(reads, 0u) << "the race was never run";
  EXPECT_GT(refusals, 0u) << "the race was never run";
  EXPECT_EQ(read_file(outside / "victim"), "SECRET");
  EXPECT_EQ(entries(outside), (std::vector<std::string>{"only_outside", "sub", "victim"}));
  const struct stat after = status_of(outside / "victim");
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_mode, before.st_mode);
}

// A walk over ".." is answered with EAGAIN while anything is renamed anywhere: it must be tried again.
TEST_F(LocalStorage, LinksWithDotsWorkWhileOthersRename) {
  std::filesystem::create_directories(root() / "a/b");
  write_file(root() / "file", "content");
  std::filesystem::create_symlink("../../file", root() / "a/b/up");
  write_file(base() / "other", "x");
  std::atomic<bool> done{false};
  std::thread renamer([&] {
    const std::string a = (base() / "other").string(), b = (base() / "other2").string();
    while (!done) {
      ::rename(a.c_str(), b.c_str());
      ::rename(b.c_str(), a.c_str());
    }
  });
  unsigned failures = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto file = fs_->open(context_, VPath("/a/b/up"), OpenOptions::reading());
    if (!file) {
      ++failures;
      EXPECT_ERRC(Unavailable, file);
      EXPECT_TRUE(file.error().retryable());
    }
  }
  done = true;
  renamer.join();
  EXPECT_LT(failures, 50u);
}

}  // namespace
}  // namespace slipway::local

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
