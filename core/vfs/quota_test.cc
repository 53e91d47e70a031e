// Counters that several transfers share: what is counted is what is there, and no limit is ever passed.
#include <future>
#include <random>
#include <thread>

#include "core/vfs/quota_scan.h"
#include "core/vfs/testing/guard_fixture.h"

namespace slipway::vfs {
namespace {

using testing::bytes_of;
using testing::FakeStorage;

TEST(QuotaAccount, ReservationsCountUntilTheyAreSettled) {
  QuotaUsage stored;
  QuotaAccount account({10, 1}, [&](QuotaUsage delta) { stored += delta; });
  const QuotaLimits limits{100, 3};
  EXPECT_TRUE(account.reserve(90, 1, limits));
  EXPECT_FALSE(account.reserve(1, 0, limits));
  EXPECT_EQ(account.used(), (QuotaUsage{100, 2}));
  account.settle({90, 1}, {40, 1});
  EXPECT_EQ(account.used(), (QuotaUsage{50, 2}));
  EXPECT_EQ(stored, (QuotaUsage{40, 1}));
  EXPECT_TRUE(account.reserve(0, 1, limits));
  EXPECT_FALSE(account.reserve(0, 1, limits));
  account.reset({5, 0});
  EXPECT_EQ(account.used(), (QuotaUsage{5, 1}));
  EXPECT_TRUE(account.reserve(-5, 0, limits));
}

TEST(QuotaAccount, AZeroChangeIsNotStored) {
  int calls = 0;
  QuotaAccount account({}, [&](QuotaUsage) { ++calls; });
  account.settle({}, {});
  account.add({1, 0});
  EXPECT_EQ(calls, 1);
}

TEST(QuotaAccount, ReservesAheadOnlyWhereSpaceIsPlenty) {
  QuotaAccount account({}, nullptr);
  EXPECT_EQ(account.reserve_ahead(1, 1000, {.size = 0, .files = 0}), 1000);
  account.settle({1000, 0}, {});
  EXPECT_EQ(account.reserve_ahead(1, 1000, {.size = 100'000, .files = 0}), 1000);
  account.settle({1000, 0}, {});
  EXPECT_EQ(account.reserve_ahead(7, 1000, {.size = 1500, .files = 0}), 7);
  EXPECT_EQ(account.reserve_ahead(1494, 1494, {.size = 1500, .files = 0}), 0);
  EXPECT_EQ(account.reserve_ahead(1493, 1493, {.size = 1500, .files = 0}), 1493);
}

TEST(PathLedger, TwoUploadsOfOneNewNameAreOneFile) {
  PathLedger ledger;
  auto a = ledger.open("x"), b = ledger.open("x");
  EXPECT_FALSE(a.assume({}).exists);
  EXPECT_FALSE(b.assume({true, 3}).exists) << "the first look counts";
  EXPECT_FALSE(b.alone());
  const auto version = a.version();
  EXPECT_EQ(b.commit(b.version(), {true, 7}, Identity::Same), (QuotaUsage{7, 1}));
  EXPECT_EQ(a.commit(version, {true, 5}, Identity::Same), std::nullopt) << "somebody else has committed since";
  EXPECT_EQ(a.commit(a.version(), {true, 5}, Identity::Same), (QuotaUsage{-2, 0}));
}

TEST(PathLedger, ForgetsWhatNobodyChanges) {
  PathLedger ledger;
  { ledger.open("x").assume({true, 3}); }
  auto again = ledger.open("x");
  EXPECT_TRUE(again.alone());
  EXPECT_EQ(again.assume({true, 9}).size, 9);
  auto moved = std::move(again);
  EXPECT_EQ(moved.commit(moved.version(), {}, Identity::Same), (QuotaUsage{-9, -1}));
}

TEST(PathLedger, WhatIsSeenWhileSomebodyCreatesWaitsForHim) {
  PathLedger ledger;
  auto creator = ledger.open("x"), looker = ledger.open("x");
  creator.begin_creation();
  auto seen = std::async(std::launch::async, [&] { return looker.assume({true, 3}); });
  EXPECT_EQ(seen.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  EXPECT_FALSE(creator.assume({}).exists);
  EXPECT_FALSE(seen.get().exists) << "it was the creator's own file";
  EXPECT_EQ(creator.commit(creator.version(), {true, 7}, Identity::Same), (QuotaUsage{7, 1}));
}

TEST(PathLedger, WhoCreatesNothingLetsTheOthersLook) {
  PathLedger ledger;
  auto first = ledger.open("x"), second = ledger.open("x"), looker = ledger.open("x");
  first.begin_creation();
  second.begin_creation();
  first.abandon_creation();
  auto seen = std::async(std::launch::async, [&] { return looker.assume({true, 3}); });
  EXPECT_EQ(seen.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  { const auto gone = std::move(second); }
  EXPECT_EQ(seen.get().size, 3);
  EXPECT_EQ(first.assume({}).size, 3);
}

TEST(TransferAccount, TotalReplacesTheTwoDirections) {
  TransferAccount account(5, 5, nullptr);
  EXPECT_TRUE(account.has_room(true, {.upload = 6}));
  EXPECT_FALSE(account.has_room(true, {.upload = 5}));
  EXPECT_TRUE(account.has_room(false, {.upload = 5}));
  EXPECT_FALSE(account.has_room(false, {.upload = 100, .download = 100, .total = 10}));
  EXPECT_TRUE(account.count(1, 0, {.upload = 6}));
  EXPECT_FALSE(account.count(1, 0, {.upload = 6}));
  EXPECT_TRUE(account.count(0, 1, {.upload = 6}));
  EXPECT_FALSE(account.count(0, 1, {.total = 13}));
  account.reset(0, 0);
  EXPECT_TRUE(account.count(6, 0, {.upload = 6}));
}

TEST(Bandwidth, IsSharedAndGivesWayToAStop) {
  Bandwidth bucket(1'000'000);
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { bucket.consume(100'000, {}); });
  threads.clear();
  // 400 kB at 1 MB/s, 100 ms of them as a burst.
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(290));

  std::stop_source stop;
  std::jthread sleeper([&] { bucket.consume(UINT64_MAX, stop.get_token()); });
  stop.request_stop();
  sleeper.join();
  bucket.set_rate(0);
  bucket.consume(UINT64_MAX, {});
}

TEST(Bandwidth, BeingToldTheSameRateAgainForgivesNothing) {
  Bandwidth bucket(1'000'000);
  const auto started = std::chrono::steady_clock::now();
  std::atomic<int> running{4};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      bucket.consume(100'000, {});
      --running;
    });
  }
  while (running > 0) {  // sessions of the user that come and go
    bucket.set_rate(1'000'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  threads.clear();
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds(290));
}

class Counters : public testing::GuardTest {
 protected:
  void run_threads(int count, const std::function<void(unsigned seed)>& work) {
    (void)guard();
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&, i] { work(static_cast<unsigned>(i)); });
  }
  void expect_truth() {
    const auto [size, files] = home->total();
    EXPECT_EQ(account->used(), (QuotaUsage{size, files}));
    EXPECT_EQ(persisted, (QuotaUsage{size, files}));
    EXPECT_EQ(home->opened, 0);
  }
};

TEST_F(Counters, NeverPassTheLimitTogether) {
  constexpr std::int64_t kLimit = 300'000;
  policy.mounts[0].limits = {.size = kLimit, .files = 20};
  std::atomic<bool> passed{false};
  std::atomic<int> refused{0};
  run_threads(8, [&](unsigned seed) {
    std::mt19937 random(seed);
    const std::string block(4'000, 'x');
    for (int round = 0; round < 20; ++round) {
      const std::string path = "/" + std::to_string(seed) + "-" + std::to_string(round % 5);
      auto file = guard().open(ctx, VPath(path), OpenOptions::replacing());
      if (!file) {
        ++refused;
        continue;
      }
      const unsigned blocks = random() % 20;
      Status written = ok();
      for (unsigned i = 0; i < blocks && written; ++i)
        written = (*file)->write_at(ctx, std::uint64_t{i} * block.size(), bytes_of(block));
      if (!written) ++refused;
      const auto [size, files] = home->total();
      if (size > kLimit || files > 20 || account->used().size > kLimit) passed = true;
      if (random() % 4 != 0) (void)(*file)->finish(ctx);
    }
  });
  EXPECT_FALSE(passed);
  EXPECT_GT(refused, 0);
  expect_truth();
}

// Everything that changes a file, on few names, so that they meet.
void change_something(Filesystem& fs, std::mt19937& random) {
  const OpContext ctx;
  const auto name = [&] { return VPath("/" + std::to_string(random() % 4)); };
  const std::string data(random() % 5'000, 'x');
  switch (random() % 8) {
    case 0:
      (void)fs.remove(ctx, name());
      return;
    case 1:
      (void)fs.rename(ctx, name(), name());
      return;
    case 2:
      (void)fs.copy(ctx, name(), name());
      return;
    case 3:
      (void)fs.set_attributes(ctx, name(), {.size = random() % 5'000}, Follow::Yes);
      return;
    default:
      break;
  }
  OpenOptions options = OpenOptions::replacing();
  options.truncate = random() % 4 != 0;
  auto file = fs.open(ctx, name(), options);
  if (!file) return;
  for (unsigned i = 0; i < 3; ++i) (void)(*file)->write_at(ctx, std::uint64_t{i} * data.size(), bytes_of(data));
  if (random() % 5 != 0) (void)(*file)->finish(ctx);
}

class CountersByMode : public Counters, public ::testing::WithParamInterface<UploadMode> {};

TEST_P(CountersByMode, AgreeWithTheContentWhenOneUserChangesManyFiles) {
  policy.upload_mode = GetParam();
  (void)guard();
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    change_something(guard(), random);
    const auto [size, files] = home->total();
    ASSERT_EQ(account->used(), (QuotaUsage{size, files})) << "after step " << i;
  }
  expect_truth();
}

// Uploads of the same names at once: staged ones replace one another, direct ones write into one file.
TEST_P(CountersByMode, AgreeWithTheContentWhenUploadsOfOneNameMeet) {
  policy.upload_mode = GetParam();
  run_threads(6, [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 150; ++i) {
      const VPath path("/" + std::to_string(random() % 2));
      auto file = guard().open(ctx, path, OpenOptions::replacing());
      if (!file) continue;
      const std::string data(random() % 3'000, 'y');
      (void)(*file)->write_at(ctx, 0, bytes_of(data));
      if (random() % 2) std::this_thread::yield();
      (void)(*file)->write_at(ctx, data.size(), bytes_of(data));
      if (random() % 4 != 0) (void)(*file)->finish(ctx);
    }
  });
  expect_truth();
}

TEST_P(CountersByMode, AgreeWithTheContentWhenRemovalsAndUploadsMeet) {
  policy.upload_mode = GetParam();
  run_threads(6, [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 150; ++i) {
      const VPath path("/" + std::to_string(random() % 3));
      if (random() % 3 == 0)
        (void)guard().remove(ctx, path);
      else if (auto file = guard().open(ctx, path, OpenOptions::replacing())) {
        (void)(*file)->write_at(ctx, 0, bytes_of(std::string(random() % 3'000, 'y')));
        if (random() % 4 != 0) (void)(*file)->finish(ctx);
      }
    }
  });
  expect_truth();
}

INSTANTIATE_TEST_SUITE_P(Mode, CountersByMode,
                         ::testing::Values(UploadMode::Direct, UploadMode::Atomic, UploadMode::AtomicResume));

TEST_F(Counters, ManyThreadsWriteOneFile) {
  auto file = open("/a");
  const std::string block(1'000, 'z');
  run_threads(8, [&](unsigned seed) {
    for (unsigned i = 0; i < 50; ++i)
      EXPECT_TRUE(file->write_at(ctx, (std::uint64_t{i} * 8 + seed) * block.size(), bytes_of(block)));
    EXPECT_TRUE(guard().stat(ctx, VPath("/a"), Follow::Yes));
  });
  ASSERT_TRUE(file->finish(ctx));
  file.reset();
  EXPECT_EQ(home->total().first, 400'000);
  expect_truth();
}

TEST_F(Counters, LookingAtAnUploadWhileItEndsIsSafe) {
  policy.upload_mode = UploadMode::Atomic;
  std::atomic<bool> done{false};
  (void)guard();
  std::jthread looker([&] {
    while (!done) {
      (void)guard().stat(ctx, VPath("/a"), Follow::Yes);
      (void)guard().set_attributes(ctx, VPath("/a"), {.mode = 0600}, Follow::Yes);
    }
  });
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(upload("/a", "content"));
  done = true;
  looker.join();
  expect_truth();
}

// ---- scans

// A file that is renamed while it is written keeps its counters.
TEST_F(Counters, AnUploadGoesOnCountingUnderItsNewName) {
  policy.mounts[0].limits = {.size = 1000, .files = 10};
  auto file = open("/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("1")));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(file->write_at(ctx, 1, bytes_of(std::string(599, 'x'))));
  EXPECT_EQ(upload("/other", std::string(401, 'x')).code(), Errc::QuotaExceeded) << "400 are left";
  ASSERT_TRUE(file->finish(ctx));
  file.reset();
  expect_truth();
  ASSERT_TRUE(guard().remove(ctx, VPath("/g")));
  expect_truth();
}

TEST_F(Counters, AMovedUploadThatFailsTouchesNobodyElsesFile) {
  policy.mounts[0].limits = {.size = 1000, .files = 10};
  auto file = open("/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of(std::string(100, 'x'))));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(upload("/f", "another"));
  EXPECT_EQ(file->write_at(ctx, 100, bytes_of(std::string(1000, 'x'))).code(), Errc::QuotaExceeded);
  EXPECT_EQ(file->finish(ctx).code(), Errc::QuotaExceeded);
  file.reset();
  EXPECT_EQ(home->content("/f"), "another");
  expect_truth();
}

TEST_F(Counters, AMovedAndRemovedUploadDoesNotGiveBackMoreThanItTook) {
  policy.mounts[0].limits = {.size = 1000, .files = 10};
  auto file = open("/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("1")));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(file->write_at(ctx, 1, bytes_of(std::string(499, 'x'))));
  ASSERT_TRUE(guard().remove(ctx, VPath("/g")));
  ASSERT_TRUE(file->finish(ctx));
  file.reset();
  expect_truth();
}

TEST_F(Counters, AnUploadGoesOnCountingWhenItsDirectoryIsRenamed) {
  home->mkdir("/d");
  auto file = open("/d/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of("1")));
  ASSERT_TRUE(guard().rename(ctx, VPath("/d"), VPath("/e")));
  ASSERT_TRUE(upload("/other", "12"));
  ASSERT_TRUE(file->write_at(ctx, 1, bytes_of(std::string(499, 'x'))));
  ASSERT_TRUE(file->finish(ctx));
  file.reset();
  expect_truth();
  ASSERT_TRUE(guard().remove(ctx, VPath("/e/f")));
  expect_truth();
}

// Nothing that is done to a file with several names and several writers leaves more room than there is.
TEST_F(Counters, SeveralWritersOfAMovedFileAreOneFile) {
  auto first = open("/f"), second = open("/f");
  ASSERT_TRUE(first->write_at(ctx, 0, bytes_of(std::string(500, 'x'))));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(second->truncate(ctx, 0));
  ASSERT_TRUE(first->finish(ctx));
  ASSERT_TRUE(second->finish(ctx));
  first.reset(), second.reset();
  expect_truth();
  ASSERT_TRUE(guard().remove(ctx, VPath("/g")));

  auto removed = open("/f");
  ASSERT_TRUE(removed->write_at(ctx, 0, bytes_of(std::string(500, 'x'))));
  ASSERT_TRUE(guard().rename(ctx, VPath("/f"), VPath("/g")));
  ASSERT_TRUE(guard().remove(ctx, VPath("/g")));
  ASSERT_TRUE(upload("/g", "new"));
  ASSERT_TRUE(removed->truncate(ctx, 0));
  ASSERT_TRUE(removed->finish(ctx));
  removed.reset();
  expect_truth();
}

TEST_F(Counters, AnAbandonedStagedUploadChangesNothingForWhoWritesInPlace) {
  for (const UploadMode mode : {UploadMode::Atomic, UploadMode::AtomicResume}) {
    home->put("/f", "old");
    account->reset({3, 1});
    persisted = {3, 1};
    Policy own = policy;
    own.upload_mode = mode;
    own.permissions.add(VPath(), kAllPermissions);
    const auto fs = make_guard(std::move(own), bus);
    auto resumed = *fs->open(ctx, VPath("/f"), {.write = true});
    ASSERT_TRUE(fs->open(ctx, VPath("/f"), OpenOptions::replacing()));  // and dropped
    ASSERT_TRUE(resumed->write_at(ctx, 3, bytes_of(std::string(500, 'x'))));
    ASSERT_TRUE(resumed->finish(ctx));
    resumed.reset();
    expect_truth();
  }
}

TEST_F(Counters, AFailedUploadOfARemovedFileTouchesNobodyElsesFile) {
  policy.mounts[0].limits = {.size = 1000, .files = 10};
  auto file = open("/f");
  ASSERT_TRUE(file->write_at(ctx, 0, bytes_of(std::string(100, 'x'))));
  ASSERT_TRUE(guard().remove(ctx, VPath("/f")));
  ASSERT_TRUE(upload("/f", "another"));
  EXPECT_EQ(file->write_at(ctx, 100, bytes_of(std::string(1000, 'x'))).code(), Errc::QuotaExceeded);
  file.reset();
  EXPECT_EQ(home->content("/f"), "another");
  expect_truth();
}

// The room of the file that an upload replaces is the upload's only as long as it is there.
TEST_F(Counters, RemovingWhatAnUploadReplacesTakesItsRoomAway) {
  for (const UploadMode mode : {UploadMode::Direct, UploadMode::Atomic, UploadMode::AtomicResume}) {
    policy.upload_mode = mode;
    policy.mounts[0].limits = {.size = 1000, .files = 10};
    Policy own = policy;
    own.permissions.add(VPath(), kAllPermissions);
    const auto fs = make_guard(std::move(own), bus);
    const auto put = [&](const char* path) -> Status {
      SLIPWAY_ASSIGN(auto file, fs->open(ctx, VPath(path), OpenOptions::replacing()));
      SLIPWAY_TRY(file->write_at(ctx, 0, bytes_of(std::string(800, 'x'))));
      return file->finish(ctx);
    };
    ASSERT_TRUE(put("/f"));
    auto replacing = *fs->open(ctx, VPath("/f"), OpenOptions::replacing());
    ASSERT_TRUE(replacing->write_at(ctx, 0, bytes_of(std::string(700, 'y'))));
    ASSERT_TRUE(fs->remove(ctx, VPath("/f")));
    ASSERT_TRUE(put("/g"));
    const Status done = replacing->finish(ctx);
    if (mode != UploadMode::Direct) {
      EXPECT_EQ(done.code(), Errc::QuotaExceeded);
    }
    replacing.reset();
    expect_truth();
    EXPECT_LE(account->used().size, 1000);
    ASSERT_TRUE(fs->remove(ctx, VPath("/g")));
    expect_truth();
  }
}

TEST(QuotaScan, CountsRegularFilesAtAnyDepth) {
  FakeStorage storage;
  std::string path;
  for (int depth = 0; depth < 1'200; ++depth) storage.mkdir(path += "/d");
  storage.put(path + "/deep", "12345");
  storage.put("/a", "123");
  storage.put("/l", "a", FileType::Symlink);
  storage.put("/.sftpgo-upload.x.a", "in flight");
  storage.mkdir("/.sftpgo-upload.y");
  storage.put("/.sftpgo-upload.y/b", "a tree in flight");
  ScanProgress progress;
  const auto usage = scan({}, storage, VPath(), &progress);
  ASSERT_TRUE(usage);
  EXPECT_EQ(*usage, (QuotaUsage{8, 2}));
  EXPECT_EQ(progress.files, 2u);
  EXPECT_EQ(progress.bytes, 8u);
  EXPECT_EQ(progress.directories, 1'201u);
}

TEST(QuotaScan, VanishedDirectoriesAreSkippedAndOtherErrorsEndIt) {
  FakeStorage storage;
  storage.mkdir("/gone");
  storage.mkdir("/there");
  storage.put("/there/f", "x");
  storage.fault = [](std::string_view operation, const std::string& path) -> Status {
    if (operation == "list" && path == "/gone") return Error(Errc::NotFound, path);
    return ok();
  };
  EXPECT_EQ(*scan({}, storage, VPath(), nullptr), (QuotaUsage{1, 1}));
  storage.fault = [](std::string_view operation, const std::string& path) -> Status {
    if (operation == "list" && path == "/there") return Error(Errc::Unavailable, path);
    return ok();
  };
  EXPECT_EQ(scan({}, storage, VPath(), nullptr).code(), Errc::Unavailable);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(scan({.stop = stop.get_token()}, storage, VPath(), nullptr).code(), Errc::Cancelled);
}

}  // namespace
}  // namespace slipway::vfs
