#include "core/accounts/store/sql/migrations.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/accounts/store/sql/sqlite_engine.h"
#include "core/accounts/store/test_database.h"

namespace slipway::sql {
namespace {

constexpr Migration kThree[] = {
    {1, "people", "CREATE TABLE {people} (name TEXT) STRICT; INSERT INTO {people} VALUES ('ada')"},
    {2, "ages", "ALTER TABLE {people} ADD COLUMN age INTEGER NOT NULL DEFAULT 30"},
    {3, "pets", "CREATE TABLE {pets} (name TEXT) STRICT; UPDATE {people} SET age = age + 1"},
};
constexpr std::span<const Migration> kAll = kThree;

class MigrationsTest : public testing::Test {
 protected:
  Database open() { return Database(make_sqlite_engine({.path = folder_.file("test.db"), .table_prefix = "p_"}), 1); }
  static std::int64_t age(Database& database) {
    return database.read([](Connection& db) { return db.integer("SELECT age FROM {people}"); })->value_or(-1);
  }

  accounts::TemporaryFolder folder_;
};

TEST_F(MigrationsTest, AnEmptyDatabaseGetsThemAllOnce) {
  Database database = open();
  EXPECT_EQ(*migrate(database, kAll, MigrationMode::Apply), 0);
  EXPECT_EQ(age(database), 31);
  EXPECT_EQ(*migrate(database, kAll, MigrationMode::Apply), 3);
  EXPECT_EQ(age(database), 31);
}

TEST_F(MigrationsTest, AnOlderDatabaseGetsWhatIsMissing) {
  Database database = open();
  EXPECT_EQ(*migrate(database, kAll.first(1), MigrationMode::Apply), 0);
  EXPECT_EQ(*migrate(database, kAll, MigrationMode::Apply), 1);
  EXPECT_EQ(age(database), 31);
}

TEST_F(MigrationsTest, ANewerDatabaseIsRefusedUntouched) {
  Database database = open();
  ASSERT_OK(migrate(database, kAll, MigrationMode::Apply));
  for (const auto mode : {MigrationMode::Apply, MigrationMode::CheckOnly}) {
    EXPECT_ERROR(migrate(database, kAll.first(2), mode), Errc::NotSupported,
                 "database schema version 3: this server knows versions up to 2; start a newer server, restore a "
                 "backup, or change data_provider.name if the database is another program's");
  }
  EXPECT_EQ(age(database), 31);
}

TEST_F(MigrationsTest, CheckOnlyRefusesAnOlderDatabase) {
  Database database = open();
  EXPECT_ERROR(migrate(database, kAll, MigrationMode::CheckOnly), Errc::InvalidArgument,
               "database schema version 0: this server needs version 3; run \"slipway initprovider\" or set "
               "data_provider.update_mode to 0");
  ASSERT_OK(migrate(database, kAll, MigrationMode::Apply));
  EXPECT_EQ(*migrate(database, kAll, MigrationMode::CheckOnly), 3);
}

TEST_F(MigrationsTest, AMigrationThatFailsLeavesTheVersionBefore) {
  const Migration broken[] = {kThree[0], kThree[1], {3, "broken", "UPDATE {people} SET age = 99; SELEKT"}};
  Database database = open();
  const auto failed = migrate(database, broken, MigrationMode::Apply);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().subject(), "database migration 3");
  EXPECT_EQ(age(database), 30);
  EXPECT_EQ(*migrate(database, kAll, MigrationMode::Apply), 2);
  EXPECT_EQ(age(database), 31);
}

TEST_F(MigrationsTest, ServersThatStartTogetherMigrateOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> ready{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Database database = open();
      EXPECT_OK(migrate(database, kAll, MigrationMode::Apply));
      ready += age(database) == 31 ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ready, 4);
}

}  // namespace
}  // namespace slipway::sql
