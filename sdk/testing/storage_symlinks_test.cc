// Symbolic links: kept as they are, followed within the root, refused beyond it, even when somebody swaps them.
#include <atomic>
#include <fstream>
#include <thread>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

class StorageSymlinks : public StorageFixture {
 protected:
  void SetUp() override {
    secret_ = outside() / "secret";
    std::ofstream(secret_) << "SECRET";
    std::filesystem::create_directory(outside() / "dir");
    if (!folders()) {
      return;
    }
    make_dir(VPath("/dir"));
    put(VPath("/dir/file"), "inside");
  }
  void TearDown() override {
    // Whatever a test tried: nothing beyond the root has changed.
    std::string content;
    std::ifstream(secret_) >> content;
    EXPECT_EQ(content, "SECRET");
    std::size_t entries = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(outside())) {
      ++entries;
      EXPECT_TRUE(entry.path() == secret_ || entry.path() == outside() / "dir") << entry.path();
    }
    EXPECT_EQ(entries, 2u);
  }

  bool links() {
    const Status status = fs_->symlink(context_, "dir/file", VPath("/probe"));
    if (can(Capability::Symlinks)) {
      EXPECT_OK(status);
      EXPECT_OK(fs_->remove(context_, VPath("/probe")));
      return true;
    }
    EXPECT_CODE(Errc::NotSupported, status);
    EXPECT_CODE(Errc::NotSupported, fs_->read_link(context_, VPath("/probe")));
    EXPECT_FALSE(exists(VPath("/probe")));
    return false;
  }
  void link(std::string_view target, const VPath& path) { ASSERT_OK(fs_->symlink(context_, target, path)); }

  std::filesystem::path secret_;
};

TEST_F(StorageSymlinks, AreStoredAsGiven) {
  if (!links()) return;
  const std::string long_target(1'000, 'x');
  const std::string_view targets[] = {"dir/file", "../dir",      "/absolute/path", "no such file", "a//b/./c/",
                                      "..",       "line\nbreak", "\xff\xfe",       long_target};
  for (const std::string_view target : targets) {
    link(target, VPath("/link"));
    EXPECT_EQ(stat(VPath("/link")).type, FileType::Symlink) << target;
    const auto stored = fs_->read_link(context_, VPath("/link"));
    ASSERT_OK(stored);
    EXPECT_EQ(*stored, target);
    ASSERT_OK(fs_->remove(context_, VPath("/link")));
  }
  EXPECT_FALSE(fs_->symlink(context_, "", VPath("/link")).ok());
  EXPECT_CODE(Errc::InvalidArgument, fs_->symlink(context_, std::string_view("a\0b", 3), VPath("/link")));
}

TEST_F(StorageSymlinks, ReplaceNothingAndOnlyLinksAreRead) {
  if (!links()) return;
  EXPECT_CODE(Errc::Exists, fs_->symlink(context_, "dir", VPath("/dir")));
  EXPECT_CODE(Errc::Exists, fs_->symlink(context_, "dir", VPath("/dir/file")));
  EXPECT_CODE(Errc::NotFound, fs_->symlink(context_, "dir", VPath("/absent/link")));
  EXPECT_CODE(Errc::InvalidArgument, fs_->read_link(context_, VPath("/dir")));
  EXPECT_CODE(Errc::InvalidArgument, fs_->read_link(context_, VPath("/dir/file")));
  EXPECT_CODE(Errc::NotFound, fs_->read_link(context_, VPath("/absent")));
}

TEST_F(StorageSymlinks, AreFollowedWithinTheRoot) {
  if (!links()) return;
  link("dir/file", VPath("/to_file"));
  link("dir", VPath("/to_dir"));
  link("../dir/file", VPath("/dir/up_and_down"));
  link("to_file", VPath("/to_link"));
  for (const char* const path : {"/to_file", "/to_dir/file", "/dir/up_and_down", "/to_link", "/to_dir/up_and_down"}) {
    EXPECT_EQ(get_text(VPath(path)), "inside") << path;
    EXPECT_EQ(stat(VPath(path), Follow::Yes).type, FileType::Regular) << path;
    EXPECT_EQ(stat(VPath(path), Follow::Yes).size, 6u) << path;
  }
  EXPECT_EQ(stat(VPath("/to_file"), Follow::No).type, FileType::Symlink);
  EXPECT_EQ(stat(VPath("/to_dir/file"), Follow::No).type, FileType::Regular) << "only the last component counts";
  EXPECT_EQ(names(VPath("/to_dir")), names(VPath("/dir")));
  put(VPath("/to_link"), "changed");
  EXPECT_EQ(get_text(VPath("/dir/file")), "changed");
  EXPECT_EQ(stat(VPath("/to_link")).type, FileType::Symlink);
}

TEST_F(StorageSymlinks, AreListedAsLinks) {
  if (!links()) return;
  link("dir", VPath("/link"));
  link("nowhere", VPath("/dangling"));
  for (const FileInfo& entry : list(VPath())) {
    if (entry.name != "dir") {
      EXPECT_EQ(entry.type, FileType::Symlink) << entry.name;
    }
  }
  EXPECT_EQ(list(VPath()).size(), 3u);
}

TEST_F(StorageSymlinks, AreRemovedAndRenamedThemselves) {
  if (!links()) return;
  link("dir/file", VPath("/link"));
  ASSERT_OK(fs_->rename(context_, VPath("/link"), VPath("/moved")));
  EXPECT_EQ(stat(VPath("/moved")).type, FileType::Symlink);
  put(VPath("/other"), "other");
  ASSERT_OK(fs_->rename(context_, VPath("/other"), VPath("/moved")));
  EXPECT_EQ(stat(VPath("/moved")).type, FileType::Regular) << "the link is replaced, not what it points to";
  EXPECT_EQ(get_text(VPath("/dir/file")), "inside");
  link("dir", VPath("/to_dir"));
  EXPECT_CODE(Errc::NotDirectory, fs_->remove_dir(context_, VPath("/to_dir")));
  ASSERT_OK(fs_->remove(context_, VPath("/to_dir")));
  EXPECT_EQ(get_text(VPath("/dir/file")), "inside");
}

TEST_F(StorageSymlinks, AttributesAreThoseOfTheLinkOrOfItsTarget) {
  if (!links()) return;
  link("dir/file", VPath("/link"));
  const Timestamp then{std::chrono::seconds(1'000'000'000)};
  if (can(Capability::Times)) {
    ASSERT_OK(fs_->set_attributes(context_, VPath("/link"), {.mtime = then}, Follow::Yes));
    EXPECT_EQ(stat(VPath("/dir/file")).mtime, then);
    EXPECT_NE(stat(VPath("/link")).mtime, then);
    const Timestamp later = then + std::chrono::seconds(1);
    if (fs_->set_attributes(context_, VPath("/link"), {.mtime = later}, Follow::No)) {
      EXPECT_EQ(stat(VPath("/link")).mtime, later);
    }
    EXPECT_EQ(stat(VPath("/dir/file")).mtime, then);
  }
  if (can(Capability::Mode)) {
    ASSERT_OK(fs_->set_attributes(context_, VPath("/link"), {.mode = 0600}, Follow::Yes));
    EXPECT_EQ(stat(VPath("/dir/file")).mode, 0600u);
    EXPECT_ONE_OF(fs_->set_attributes(context_, VPath("/link"), {.mode = 0666}, Follow::No), Errc::Ok,
                  Errc::NotSupported);
    EXPECT_EQ(stat(VPath("/dir/file")).mode, 0600u);
  }
  if (can(Capability::Truncate)) {
    EXPECT_FALSE(fs_->set_attributes(context_, VPath("/link"), {.size = 0}, Follow::No).ok());
    EXPECT_EQ(get_text(VPath("/dir/file")), "inside");
  }
}

TEST_F(StorageSymlinks, LoopsEndInAnError) {
  if (!links()) return;
  link("b", VPath("/a"));
  link("a", VPath("/b"));
  link("self", VPath("/self"));
  link("dir/loop/x", VPath("/dir/loop"));
  for (const char* const path : {"/a", "/self", "/dir/loop", "/a/below"}) {
    EXPECT_FALSE(fs_->stat(context_, VPath(path), Follow::Yes).ok()) << path;
    EXPECT_FALSE(fs_->open(context_, VPath(path), OpenOptions::reading()).ok()) << path;
    EXPECT_FALSE(fs_->open(context_, VPath(path), OpenOptions::replacing()).ok()) << path;
    EXPECT_FALSE(fs_->list(context_, VPath(path)).ok()) << path;
  }
  EXPECT_OK(fs_->stat(context_, VPath("/a"), Follow::No));
}

TEST_F(StorageSymlinks, LongChainsEndInTheFileOrAnError) {
  if (!links()) return;
  link("dir/file", VPath("/l0"));
  for (int i = 1; i <= 60; ++i) link("l" + std::to_string(i - 1), VPath("/l" + std::to_string(i)));
  EXPECT_EQ(get_text(VPath("/l5")), "inside");
  const auto deep = fs_->open(context_, VPath("/l60"), OpenOptions::reading());
  if (deep) {
    EXPECT_EQ(get_text(VPath("/l60")), "inside");
  }
}

TEST_F(StorageSymlinks, NeverLeadOutside) {
  if (!links()) return;
  const std::string absolute = secret_.string();
  const std::string inside_absolute = (root() / "dir/file").string();
  struct Escape {
    std::string target;
    VPath link;
  };
  const Escape escapes[] = {
      {"../outside/secret", VPath("/to_secret")},
      {absolute, VPath("/absolute")},
      // Absolute targets are refused even when they come back: what they mean depends on where the root lies.
      {inside_absolute, VPath("/absolute_inside")},
      {"../root/dir/file", VPath("/out_and_in")},
      {"dir/../../outside/secret", VPath("/through_dir")},
      {"../../outside/secret", VPath("/dir/deeper")},
      {"./.././outside//secret", VPath("/dotted")},
      // Only files of this test: a storage that follows them must not cost the machine anything.
      {"../../../../../../../../../../../.." + absolute, VPath("/far_up")},
      {"to_secret", VPath("/chained")},
      {"/proc/self/root" + absolute, VPath("/magic")},
  };
  for (const auto& [target, path] : escapes) {
    link(target, path);
    EXPECT_EQ(stat(path, Follow::No).type, FileType::Symlink) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->stat(context_, path, Follow::Yes)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->open(context_, path, OpenOptions::reading())) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->open(context_, path, OpenOptions::replacing())) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->open(context_, path, {.write = true})) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->list(context_, path)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->set_attributes(context_, path, {.size = 0}, Follow::Yes)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->set_attributes(context_, path, {.mode = 0777}, Follow::Yes)) << target;
    if (can(Capability::ServerCopy)) {
      EXPECT_CODE(Errc::PermissionDenied, fs_->copy(context_, path, VPath("/copied"))) << target;
    }
    if (can(Capability::Space)) {
      EXPECT_CODE(Errc::PermissionDenied, fs_->space(context_, path)) << target;
    }
    EXPECT_FALSE(exists(VPath("/copied"))) << target;
  }
  // A copy onto a link replaces the link or is refused, but does not write through it.
  static_cast<void>(fs_->copy(context_, VPath("/dir/file"), VPath("/to_secret")).ok());
}

TEST_F(StorageSymlinks, LinkedDirectoriesNeverLeadOutside) {
  if (!links()) return;
  const std::string absolute = outside().string();
  for (const std::string& target :
       {std::string("../outside"), absolute, std::string("dir/../../outside"), std::string("../outside/dir/..")}) {
    link(target, VPath("/way"));
    const VPath secret("/way/secret");
    EXPECT_CODE(Errc::PermissionDenied, fs_->stat(context_, secret, Follow::No)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->stat(context_, secret, Follow::Yes)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->open(context_, secret, OpenOptions::reading())) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->open(context_, VPath("/way/new"), OpenOptions::replacing())) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->list(context_, VPath("/way"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->list(context_, VPath("/way/dir"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->remove(context_, secret)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->remove_dir(context_, VPath("/way/dir"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->make_dir(context_, VPath("/way/new"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->rename(context_, secret, VPath("/stolen"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->rename(context_, VPath("/dir/file"), VPath("/way/moved"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->symlink(context_, "x", VPath("/way/link"))) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->read_link(context_, secret)) << target;
    EXPECT_CODE(Errc::PermissionDenied, fs_->set_attributes(context_, secret, {.size = 0}, Follow::No)) << target;
    if (can(Capability::ServerCopy)) {
      EXPECT_CODE(Errc::PermissionDenied, fs_->copy(context_, secret, VPath("/stolen"))) << target;
      EXPECT_CODE(Errc::PermissionDenied, fs_->copy(context_, VPath("/dir/file"), VPath("/way/copied"))) << target;
    }
    EXPECT_EQ(get_text(VPath("/dir/file")), "inside");
    ASSERT_OK(fs_->remove(context_, VPath("/way")));
  }
}

// A second session of the same user puts a link in the place of a directory and back, as fast as it can, while others
// read and write below that name. A check made before the use lets something through sooner or later.
TEST_F(StorageSymlinks, SwappedDirectoryNeverLeadsOutside) {
  if (!links()) return;
  std::ofstream(outside() / "dir" / "victim") << "SECRET";
  make_dir(VPath("/d"));
  put(VPath("/d/victim"), "inside");
  link("../outside/dir", VPath("/link"));
  std::atomic<unsigned> inside{0}, refused{0}, escaped{0};
  {
    const std::jthread swapper([&](const std::stop_token& stop) {
      const auto other = mount_again();
      const VPath way("/d"), directory("/real"), symlink("/link");
      while (!stop.stop_requested()) {
        for (const auto& [from, to] :
             {std::pair(&way, &directory), {&symlink, &way}, {&way, &symlink}, {&directory, &way}}) {
          static_cast<void>(other->rename(context_, *from, *to).ok());
        }
      }
    });
    const auto more = [&](int round) {
      return escaped == 0 && (round < 10'000 || (round < 500'000 && (inside == 0 || refused == 0)));
    };
    const VPath victim("/d/victim");
    const std::jthread reader([&] {
      for (int round = 0; more(round); ++round) {
        const auto file = fs_->open(context_, victim, OpenOptions::reading());
        if (!file) {
          refused += file.code() == Errc::PermissionDenied ? 1 : 0;
          continue;
        }
        Bytes out(10);
        if (const auto n = (*file)->read_at(context_, 0, out)) {
          out.resize(*n);
          ++(out == bytes_of("inside") ? inside : escaped);
        }
      }
    });
    const std::jthread writer([&] {
      for (int round = 0; more(round); ++round) {
        if (const auto file = fs_->open(context_, victim, {.write = true})) {
          static_cast<void>((*file)->write_at(context_, 0, bytes_of("inside")).ok());
        }
      }
    });
    const std::jthread changer([&] {
      const VPath made("/d/made");
      for (int round = 0; escaped == 0 && round < 1'000; ++round) {
        static_cast<void>(fs_->make_dir(context_, made).ok());
        static_cast<void>(fs_->remove_dir(context_, made).ok());
        static_cast<void>(fs_->set_attributes(context_, victim, {.mode = 0640}, Follow::Yes).ok());
        static_cast<void>(fs_->rename(context_, victim, VPath("/d/victim2")).ok());
        static_cast<void>(fs_->rename(context_, VPath("/d/victim2"), victim).ok());
      }
      // The last rename back may have met the link; the reader still waits for the file under its name.
      for (int tries = 0; tries < 100'000 && !fs_->stat(context_, victim, Follow::No).ok(); ++tries) {
        static_cast<void>(fs_->rename(context_, VPath("/d/victim2"), victim).ok());
      }
    });
  }
  EXPECT_EQ(escaped, 0u) << "read outside of the root";
  EXPECT_GT(inside, 0u) << "the race was never run";
  std::string content;
  std::ifstream(outside() / "dir" / "victim") >> content;
  EXPECT_EQ(content, "SECRET") << "wrote outside of the root";
  // What was made beyond the root is found when the test ends.
  std::filesystem::remove(outside() / "dir" / "victim");
}

}  // namespace
}  // namespace slipway::kit
