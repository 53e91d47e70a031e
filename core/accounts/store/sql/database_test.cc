#include "core/accounts/store/sql/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/accounts/store/sql/sqlite_engine.h"
#include "core/accounts/store/test_database.h"

namespace slipway::sql {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() : database_(make_sqlite_engine({.path = folder_.file("test.db")}), 2) {
    const Done made = database_.write([](Connection& db) {
      return db.execute_script("CREATE TABLE {t} (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT");
    });
    EXPECT_TRUE(made);
  }

  Status add(int id) {
    return database_.write([&](Connection& db) -> Status {
      SLIPWAY_TRY(db.execute("INSERT INTO {t} VALUES (?, 0)", {id}));
      return ok();
    });
  }
  std::int64_t count() {
    return *database_.read([](Connection& db) -> Result<std::int64_t> {
      SLIPWAY_ASSIGN(const auto value, db.integer("SELECT COUNT(*) FROM {t}"));
      return value.value_or(-1);
    });
  }
  static Error failure() { return {Errc::Cancelled, "test"}; }

  accounts::TemporaryFolder folder_;
  Database database_;
};

TEST_F(DatabaseTest, WhatFailsLeavesNothing) {
  const Status failed = database_.write([&](Connection& db) -> Status {
    EXPECT_TRUE(db.execute("INSERT INTO {t} VALUES (1, 0)"));
    return failure();
  });
  EXPECT_EQ(failed.code(), Errc::Cancelled);
  EXPECT_EQ(count(), 0);
}

TEST_F(DatabaseTest, WritesInsideAWriteCommitTogether) {
  EXPECT_OK(database_.write([&](Connection&) -> Status {
    SLIPWAY_TRY(add(1));
    SLIPWAY_TRY(add(2));
    EXPECT_EQ(count(), 2);  // what this thread has written, it reads
    return ok();
  }));
  EXPECT_EQ(count(), 2);
  const Status failed = database_.write([&](Connection&) -> Status {
    SLIPWAY_TRY(add(3));
    return failure();
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(count(), 2);
}

TEST_F(DatabaseTest, AnInnerWriteCanFailAlone) {
  EXPECT_OK(database_.write([&](Connection&) -> Status {
    SLIPWAY_TRY(add(1));
    EXPECT_EQ(database_
                  .write([&](Connection& db) -> Status {
                    EXPECT_TRUE(db.execute("INSERT INTO {t} VALUES (2, 0)"));
                    return failure();
                  })
                  .code(),
              Errc::Cancelled);
    EXPECT_EQ(add(1).code(), Errc::Exists);
    return add(3);
  }));
  EXPECT_EQ(count(), 2);
}

TEST_F(DatabaseTest, ExceptionsRollBackAndTheConnectionComesBack) {
  EXPECT_THROW((void)database_.write([&](Connection& db) -> Status {
    EXPECT_TRUE(db.execute("INSERT INTO {t} VALUES (1, 0)"));
    throw std::bad_alloc();
  }),
               std::bad_alloc);
  EXPECT_EQ(count(), 0);
  EXPECT_OK(add(1));
}

TEST_F(DatabaseTest, ReadsInsideOneAnotherShareASnapshot) {
  ASSERT_OK(add(1));
  EXPECT_OK(database_.read([&](Connection&) -> Status {
    EXPECT_EQ(count(), 1);
    std::thread([&] { EXPECT_OK(add(2)); }).join();
    EXPECT_EQ(count(), 1);  // the snapshot of the first read
    return ok();
  }));
  EXPECT_EQ(count(), 2);
}

TEST_F(DatabaseTest, MoreReadersThanConnectionsWaitForEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> read{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) read += count() == 0 ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read, 400);
}

TEST_F(DatabaseTest, WritersAndReadersOnManyThreadsLoseNothing) {
  ASSERT_OK(add(1));
  constexpr int kThreads = 6, kRounds = 40;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kRounds; ++n) {
        EXPECT_OK(database_.write([](Connection& db) { return db.execute("UPDATE {t} SET n = n + 1 WHERE id = 1"); }));
        EXPECT_EQ(count(), 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto sum = database_.read([](Connection& db) { return db.integer("SELECT n FROM {t}"); });
  EXPECT_EQ(**sum, kThreads * kRounds);
}

TEST(DatabaseThatCannotOpen, EveryAccessSaysWhy) {
  accounts::TemporaryFolder folder;
  Database database(make_sqlite_engine({.path = folder.file("missing/test.db")}), 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(database.read([](Connection& db) { return db.integer("SELECT 1"); }).error().code(), Errc::Unavailable);
    EXPECT_EQ(database.write([](Connection& db) { return db.integer("SELECT 1"); }).error().code(), Errc::Unavailable);
  }
}

}  // namespace
}  // namespace slipway::sql
