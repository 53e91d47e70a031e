// What other threads, other processes, a kill and a full disk do to the store.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/accounts/store/test_database.h"
#include "core/base/unique_fd.h"

namespace slipway::accounts {
namespace {

std::string check_integrity(const std::string& file) {
  auto connected = sql::make_sqlite_engine({.path = file})->connect(sql::Access::ReadWrite);
  if (!connected) return connected.error().message();
  const auto integrity = (*connected)->text("PRAGMA integrity_check");
  const auto foreign_keys = (*connected)->texts("PRAGMA foreign_key_check");
  if (!integrity || !foreign_keys) return "check failed";
  return foreign_keys->empty() ? **integrity : "dangling reference in " + foreign_keys->front();
}

class SqlThreads : public StoreTest {};

TEST_F(SqlThreads, CallsFromManyThreadsLoseNothing) {
  constexpr int kThreads = 6, kRounds = 25;
  ASSERT_OK(store().add_group(a_group("staff")));
  ASSERT_OK(store().add_user(a_user("shared")));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] {
      const std::string own = "own" + std::to_string(i);
      User user = a_user(own);
      user.groups = {{"staff", GroupType::Primary}};
      EXPECT_OK(store().add_user(user));
      for (int round = 0; round < kRounds; ++round) {
        EXPECT_OK(store().add_user_quota("shared", {10, 1}, round));
        EXPECT_OK(store().user(own));
        EXPECT_OK(store().users({.limit = 5}));
        EXPECT_OK(store().definitions_version());
        EXPECT_OK(store().in_transaction([&]() -> Status {
          SLIPWAY_TRY(store().add_user_quota(own, {1, 1}, round));
          return store().add_user_transfer(own, {1, 1}, round);
        }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(*store().user_quota("shared"), (QuotaCounters{kThreads * kRounds * 10, kThreads * kRounds}));
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(*store().user_quota("own" + std::to_string(i)), (QuotaCounters{kRounds, kRounds}));
  }
  EXPECT_EQ(store().group_uses("staff")->users.size(), static_cast<std::size_t>(kThreads));
}

TEST_F(SqlThreads, AnotherProcessThatWritesIsWaitedFor) {
  auto other = sql::make_sqlite_engine({.path = database_file()})->connect(sql::Access::ReadWrite);
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->begin_write());
  std::atomic<bool> released{false};
  std::thread writer([&] {
    EXPECT_OK(store().add_user(a_user("bob")));
    EXPECT_TRUE(released);
  });
  EXPECT_EQ(store().users({})->size(), 0U);  // readers do not wait
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  released = true;
  EXPECT_TRUE((*other)->commit());
  writer.join();
  EXPECT_OK(store().user("bob"));
}

class SqlCrash : public StoreTest {
 protected:
  void SetUp() override {}
};

// The child adds users with their relations and reports each; what it has reported must be there after it was killed.
TEST_F(SqlCrash, AKilledServerLosesNothingAndLeavesNothingHalf) {
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    UniqueFd reader(ends[0]), writer(ends[1]);
    close();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto opened = open_sqlite_store({database_file(), "", "", {}});
      if (!opened) ::_exit(1);
      SqlStore& store = **opened;
      (void)store.add_group(a_group("staff"));
      (void)store.add_folder(a_folder("photos"));
      for (int i = round * 100000;; ++i) {
        User user = a_user("user" + std::to_string(i));
        user.description = std::string(3000, 'd');
        user.groups = {{"staff", GroupType::Primary}};
        user.virtual_folders = {{"photos", "/p", 0, 0, ""}};
        if (!store.add_user(user) || ::write(writer.get(), &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    writer.reset();
    int last = -1;
    const int enough = round * 100000 + 40 + 15 * round;
    while (last < enough) ASSERT_EQ(::read(reader.get(), &last, sizeof last), static_cast<ssize_t>(sizeof last));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(reader.get(), &last, sizeof last) == sizeof last) {
    }

    EXPECT_EQ(check_integrity(database_file()), "ok");
    reopen();
    for (int i = round * 100000; i <= last; ++i) EXPECT_OK(store().user("user" + std::to_string(i)));
    const auto users = store().users({.limit = 100000});
    ASSERT_OK(users);
    for (const User& user : *users) {
      EXPECT_EQ(user.groups.size(), 1U) << user.username;
      EXPECT_EQ(user.virtual_folders.size(), 1U) << user.username;
    }
  }
}

// A limit on the size of files stands for the full disk; in a child, because it cannot be taken back.
TEST_F(SqlCrash, AFullDiskFailsTheWriteAndNothingElse) {
  reopen();
  ASSERT_OK(store().add_user(a_user("before")));
  close();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto opened = open_sqlite_store({database_file(), "", "", {}});
    if (!opened) ::_exit(1);
    ::signal(SIGXFSZ, SIG_IGN);
    constexpr rlim_t kBytes = 500000;  // a new store takes a third of it
    const rlimit limit{kBytes, kBytes};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    User user = a_user("x");
    user.description = std::string(50000, 'd');
    Status added = ok();
    for (int i = 0; added && i < 100; ++i) {
      user.username = "user" + std::to_string(i);
      added = (*opened)->add_user(user);
    }
    if (added.code() != Errc::NoSpace && added.code() != Errc::IoError) ::_exit(3);
    if (!(*opened)->user("before")) ::_exit(4);
    if ((*opened)->user(user.username).code() != Errc::NotFound) ::_exit(5);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(check_integrity(database_file()), "ok");
  reopen();
  EXPECT_OK(store().user("before"));
  EXPECT_OK(store().add_user(a_user("after")));
}

}  // namespace
}  // namespace slipway::accounts
