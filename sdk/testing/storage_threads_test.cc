// Many threads on one filesystem. Run it under ThreadSanitizer too.
#include <atomic>
#include <thread>

#include "storage_fixture.h"

namespace slipway::kit {
namespace {

constexpr int kThreads = 8;

class StorageThreads : public StorageFixture {
 protected:
  template <class F>
  static void in_parallel(F work) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back([&work, t] { work(t); });
  }
};

TEST_F(StorageThreads, CreateReadRenameListAndRemoveSideBySide) {
  const VPath shared(folders() ? "/shared" : "/");
  if (!shared.is_root()) {
    make_dir(shared);
  }
  in_parallel([&](int t) {
    for (int i = 0; i < 60; ++i) {
      const std::string name = std::to_string(t) + "-" + std::to_string(i);
      const VPath path = shared.child(name);
      const Bytes content = pattern(1'000 + static_cast<std::size_t>(i), static_cast<unsigned>(t));
      put(path, content);
      EXPECT_EQ(get(path), content);
      VPath place = path;
      if (const Status renamed = fs_->rename(context_, path, path.parent().child(name + "-renamed"))) {
        place = path.parent().child(name + "-renamed");
        EXPECT_FALSE(exists(path));
      }
      if (i % 10 == 0) {
        bool found = false;
        for (const FileInfo& entry : list(shared, 50)) found = found || entry.name == place.name();
        EXPECT_TRUE(found) << "a file that is there for the whole listing is listed";
      }
      EXPECT_EQ(get(place), content);
      EXPECT_OK(fs_->remove(context_, place));
    }
  });
  EXPECT_TRUE(list(shared).empty());
}

TEST_F(StorageThreads, DisjointRangesOfOneFileAreWrittenSideBySide) {
  constexpr std::size_t kPiece = 50'000;  // no multiple of any block
  constexpr int kPieces = 5;
  const Bytes content = pattern(kPiece * kThreads * kPieces);
  const auto file = open(VPath("/file"), OpenOptions::replacing());
  ASSERT_NE(file, nullptr);
  if (!can(Capability::RandomWrite)) {
    ASSERT_OK(file->write_at(context_, 0, content));
  } else {
    in_parallel([&](int t) {
      for (int i = kPieces - 1; i >= 0; --i) {
        const std::size_t offset = (static_cast<std::size_t>(i) * kThreads + static_cast<std::size_t>(t)) * kPiece;
        EXPECT_OK(file->write_at(context_, offset, std::span(content).subspan(offset, kPiece)));
      }
    });
  }
  ASSERT_OK(file->finish(context_));
  EXPECT_EQ(get(VPath("/file")), content);
}

TEST_F(StorageThreads, OneHandleIsReadFromEverywhere) {
  const Bytes content = pattern(1'000'000);
  put(VPath("/file"), content);
  const auto file = open(VPath("/file"), OpenOptions::reading());
  ASSERT_NE(file, nullptr);
  in_parallel([&](int t) {
    Bytes out(30'000);
    for (std::size_t offset = static_cast<std::size_t>(t) * 1'000; offset < content.size(); offset += 77'777) {
      const auto n = file->read_at(context_, offset, out);
      ASSERT_OK(n);
      ASSERT_EQ(*n, std::min(out.size(), content.size() - offset));
      EXPECT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*n),
                             content.begin() + static_cast<std::ptrdiff_t>(offset)));
    }
  });
}

TEST_F(StorageThreads, OneOfManyExclusiveCreatorsWins) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> winners{0};
    const VPath path("/exclusive" + std::to_string(round));
    in_parallel([&](int) {
      auto file = fs_->open(context_, path, {.write = true, .create = true, .exclusive = true});
      const bool won = file && (*file)->finish(context_).ok();
      if (won) ++winners;
      if (!file) {
        EXPECT_CODE(Errc::Exists, file);
      }
    });
    // A store that commits at finish() need not know of uploads that are still running.
    EXPECT_GE(winners, 1);
    if (!can(Capability::CommitOnFinish)) {
      EXPECT_EQ(winners, 1);
    }
  }
}

TEST_F(StorageThreads, OneOfManyDirectoryMakersWins) {
  if (!folders()) {
    return;
  }
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> winners{0};
    const VPath path("/made" + std::to_string(round));
    in_parallel([&](int) {
      const Status status = fs_->make_dir(context_, path);
      if (status) ++winners;
      EXPECT_ONE_OF(status, Errc::Ok, Errc::Exists);
    });
    if (can(Capability::RealDirectories)) {
      EXPECT_EQ(winners, 1);
    }
    EXPECT_EQ(stat(path).type, FileType::Directory);
  }
}

TEST_F(StorageThreads, EverythingAtOnceOnOneNameLeavesOneThingOrNone) {
  std::atomic<int> succeeded{0};
  in_parallel([&](int t) {
    const VPath path("/contended");
    for (int i = 0; i < 100; ++i) {
      bool done = false;
      switch ((t + i) % 6) {
        case 0:
          done = fs_->make_dir(context_, path).ok();
          break;
        case 1:
          done = fs_->remove_dir(context_, path).ok();
          break;
        case 2:
          done = fs_->remove(context_, path).ok();
          break;
        case 3:
          done = fs_->rename(context_, path, VPath("/elsewhere" + std::to_string(t))).ok();
          break;
        case 4: {
          auto file = fs_->open(context_, path, OpenOptions::replacing());
          done = file && (*file)->write_at(context_, 0, bytes_of("x")).ok() && (*file)->finish(context_).ok();
          break;
        }
        default:
          done = fs_->stat(context_, path, Follow::No).ok();
          break;
      }
      if (done) ++succeeded;
    }
  });
  EXPECT_GT(succeeded, 0);
  for (const FileInfo& entry : list(VPath())) {
    EXPECT_EQ(stat(VPath().child(entry.name)).type, entry.type) << entry.name;
  }
}

TEST_F(StorageThreads, ManyMountsOfOnePlace) {
  in_parallel([&](int t) {
    const auto fs = mount_again();
    const VPath path("/file" + std::to_string(t));
    auto file = fs->open(context_, path, OpenOptions::replacing());
    ASSERT_OK(file);
    ASSERT_OK((*file)->write_at(context_, 0, bytes_of("x")));
    ASSERT_OK((*file)->finish(context_));
  });
  EXPECT_EQ(list(VPath()).size(), static_cast<std::size_t>(kThreads));
}

}  // namespace
}  // namespace slipway::kit
