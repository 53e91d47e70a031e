#include "core/accounts/store/sql/sqlite_engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <limits>

#include "core/accounts/store/test_database.h"

namespace slipway::sql {
namespace {

using accounts::TemporaryFolder;

class SqliteTest : public testing::Test {
 protected:
  SqliteSettings settings() const {
    SqliteSettings settings;
    settings.path = folder_.file("test.db");
    settings.busy_timeout = std::chrono::milliseconds(20);
    return settings;
  }
  std::unique_ptr<Connection> connect(Access access = Access::ReadWrite) {
    auto connected = make_sqlite_engine(settings())->connect(access);
    EXPECT_TRUE(connected) << connected.error().message();
    return *std::move(connected);
  }

  TemporaryFolder folder_;
};

TEST_F(SqliteTest, ValuesOfEveryTypeComeBack) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (i INTEGER, r REAL, s TEXT, b BLOB) STRICT"));
  const std::string bytes("\0\xff\0x", 4), text("a\0b 'ü'", 9);
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (?, ?, ?, ?)", {least, 2.5, text, Blob{bytes}}));
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (?, ?, ?, ?)", {true, 0.0, std::string_view(), Blob{}}));
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (?, ?, ?, ?)",
                        {Null{}, Null{}, std::optional<std::string>(), std::optional<std::int64_t>()}));
  int rows = 0;
  ASSERT_OK(db->query("SELECT i, r, s, b FROM {t} ORDER BY rowid", {}, [&](const Row& row) {
    if (rows == 0) {
      EXPECT_EQ(row.integer(0), least);
      EXPECT_EQ(row.real(1), 2.5);
      EXPECT_EQ(row.text(2), text);
      EXPECT_EQ(row.blob(3), bytes);
    } else if (rows == 1) {
      EXPECT_EQ(row.integer(0), 1);
      EXPECT_FALSE(row.is_null(2));  // an empty text is a text
      EXPECT_FALSE(row.is_null(3));
      EXPECT_EQ(row.text(2), "");
    } else {
      for (int column = 0; column < 4; ++column) EXPECT_TRUE(row.is_null(column));
      EXPECT_EQ(row.integer(0), 0);
      EXPECT_EQ(row.text(2), "");
      EXPECT_EQ(row.blob(3), "");
    }
    ++rows;
  }));
  EXPECT_EQ(rows, 3);
}

TEST_F(SqliteTest, ExecuteCountsChangesAndInsertGivesTheId) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER)"));
  EXPECT_EQ(*db->insert("INSERT INTO {t} (n) VALUES (?)", {7}), 1);
  EXPECT_EQ(*db->insert("INSERT INTO {t} (n) VALUES (?)", {7}), 2);
  EXPECT_EQ(*db->execute("UPDATE {t} SET n = n + ?", {1}), 2);
  EXPECT_EQ(*db->execute("DELETE FROM {t} WHERE n = ?", {99}), 0);
  EXPECT_EQ(**db->integer("SELECT SUM(n) FROM {t}"), 16);
  EXPECT_FALSE(db->integer("SELECT n FROM {t} WHERE n = 99")->has_value());
}

TEST_F(SqliteTest, ConstraintsAreToldApart) {
  auto db = connect();
  ASSERT_OK(db->execute_script(
      "CREATE TABLE {a} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER NOT NULL CHECK (n < 10)) STRICT;"
      "CREATE TABLE {b} (a INTEGER REFERENCES {a} (id)) STRICT"));
  ASSERT_OK(db->execute("INSERT INTO {a} VALUES (1, 'x', 1)"));
  ASSERT_OK(db->execute("INSERT INTO {b} VALUES (1)"));
  EXPECT_TRUE(db->execute("INSERT INTO {a} VALUES (2, 'x', 1)").failed_with(FailureKind::Unique));
  EXPECT_TRUE(db->execute("INSERT INTO {a} VALUES (1, 'y', 1)").failed_with(FailureKind::Unique));
  EXPECT_TRUE(db->execute("INSERT INTO {a} VALUES (2, 'y', NULL)").failed_with(FailureKind::NotNull));
  EXPECT_TRUE(db->execute("INSERT INTO {a} VALUES (2, 'y', 10)").failed_with(FailureKind::Check));
  EXPECT_TRUE(db->execute("INSERT INTO {b} VALUES (5)").failed_with(FailureKind::ForeignKey));
  EXPECT_TRUE(db->execute("DELETE FROM {a} WHERE id = 1").failed_with(FailureKind::ForeignKey));
  EXPECT_TRUE(db->execute("SELEKT").failed_with(FailureKind::Other));
  EXPECT_TRUE(db->execute("SELECT ?", {}).failed_with(FailureKind::Other));
}

TEST_F(SqliteTest, ParametersAreNeverPartOfTheStatement) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (s TEXT)"));
  const std::string hostile = "'); DROP TABLE t; --{t}?";
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (?)", {hostile}));
  EXPECT_EQ(**db->text("SELECT s FROM {t} WHERE s = ?", {hostile}), hostile);
}

TEST_F(SqliteTest, AStatementWorksAgainAfterItFailed) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (id INTEGER PRIMARY KEY)"));
  constexpr std::string_view sql = "INSERT INTO {t} VALUES (?)";
  ASSERT_OK(db->execute(sql, {1}));
  EXPECT_FALSE(db->execute(sql, {1}));
  EXPECT_OK(db->execute(sql, {2}));
}

TEST_F(SqliteTest, FileIsPrivateAndPragmasAreSet) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (id INTEGER)"));
  struct stat info {};
  for (const char* name : {"test.db", "test.db-wal", "test.db-shm"}) {
    ASSERT_EQ(::stat(folder_.file(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 07777, 0600U) << name;
  }
  EXPECT_EQ(**db->text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(**db->integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(**db->integer("PRAGMA synchronous"), 1);
}

TEST_F(SqliteTest, ReadersCannotWrite) {
  auto writer = connect();
  ASSERT_OK(writer->execute_script("CREATE TABLE {t} (id INTEGER)"));
  auto reader = connect(Access::ReadOnly);
  EXPECT_TRUE(reader->execute("INSERT INTO {t} VALUES (1)").failed_with(FailureKind::ReadOnly));
  EXPECT_OK(reader->integer("SELECT COUNT(*) FROM {t}"));
}

TEST_F(SqliteTest, ASecondWriterIsBusyAfterTheTimeout) {
  auto first = connect(), second = connect();
  ASSERT_OK(first->execute_script("CREATE TABLE {t} (id INTEGER)"));
  ASSERT_OK(first->begin_write());
  const auto begun = second->begin_write();
  ASSERT_TRUE(begun.failed_with(FailureKind::Busy));
  EXPECT_EQ(begun.error().code(), Errc::Unavailable);
  EXPECT_TRUE(begun.error().retryable());
  EXPECT_NE(begun.error().message().find("another process"), std::string::npos);
  ASSERT_OK(first->commit());
  EXPECT_OK(second->begin_write());
  EXPECT_OK(second->rollback());
}

TEST_F(SqliteTest, RollbackTakesEverythingBackAndSavepointsTheirPart) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (id INTEGER)"));
  ASSERT_OK(db->begin_write());
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (1)"));
  ASSERT_OK(db->savepoint("part"));
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES (2)"));
  ASSERT_OK(db->rollback_to_savepoint("part"));
  ASSERT_OK(db->commit());
  EXPECT_EQ(**db->integer("SELECT SUM(id) FROM {t}"), 1);
  ASSERT_OK(db->begin_write());
  ASSERT_OK(db->execute("DELETE FROM {t}"));
  ASSERT_OK(db->rollback());
  EXPECT_OK(db->rollback());  // nothing is open: nothing to do
  EXPECT_EQ(**db->integer("SELECT COUNT(*) FROM {t}"), 1);
}

TEST_F(SqliteTest, AFullDatabaseSaysSoAndStaysUsable) {
  auto db = connect();
  ASSERT_OK(db->execute_script("CREATE TABLE {t} (s TEXT); PRAGMA max_page_count = 12"));
  ASSERT_OK(db->begin_write());
  ASSERT_OK(db->execute("INSERT INTO {t} VALUES ('small')"));
  const auto full = db->execute("INSERT INTO {t} VALUES (?)", {std::string(200000, 'x')});
  ASSERT_TRUE(full.failed_with(FailureKind::Full));
  EXPECT_EQ(full.error().code(), Errc::NoSpace);
  EXPECT_OK(db->rollback());
  EXPECT_EQ(**db->integer("SELECT COUNT(*) FROM {t}"), 0);
  EXPECT_OK(db->execute("INSERT INTO {t} VALUES ('small')"));
}

TEST_F(SqliteTest, MissingDirectoryIsNamed) {
  SqliteSettings missing = settings();
  missing.path = folder_.file("nowhere/test.db");
  const auto connected = make_sqlite_engine(missing)->connect(Access::ReadWrite);
  ASSERT_TRUE(connected.failed_with(FailureKind::Connection));
  EXPECT_EQ(connected.error().message(), "database " + missing.path + ": the directory " + folder_.file("nowhere") +
                                             " does not exist; create it or change data_provider.name");
}

TEST_F(SqliteTest, ADirectoryInPlaceOfTheFileIsRefused) {
  std::filesystem::create_directory(folder_.file("test.db"));
  const auto connected = make_sqlite_engine(settings())->connect(Access::ReadWrite);
  EXPECT_FALSE(connected);
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsLeftAlone) {
  const std::string content = "This is a letter, and not a database at all. " + std::string(4096, '.');
  std::ofstream(folder_.file("test.db")) << content;
  const auto connected = make_sqlite_engine(settings())->connect(Access::ReadWrite);
  ASSERT_TRUE(connected.failed_with(FailureKind::Corrupt));
  EXPECT_NE(connected.error().message().find("restore the file from a backup"), std::string::npos);
  std::ifstream file(folder_.file("test.db"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content);
}

TEST_F(SqliteTest, UriConnectionsKeepForeignKeys) {
  SqliteSettings by_uri = settings();
  by_uri.uri = "file:" + folder_.file("by-uri.db");
  auto connected = make_sqlite_engine(by_uri)->connect(Access::ReadWrite);
  ASSERT_TRUE(connected) << connected.error().message();
  EXPECT_EQ(**(*connected)->integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(**(*connected)->text("PRAGMA journal_mode"), "delete");
}

// File modes do not stop root: the check runs in a child process that has given root up.
TEST_F(SqliteTest, AFileWithoutWritePermissionIsReadOnly) {
  connect();
  const std::string file = folder_.file("test.db");
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::getuid() == 0 && ::setuid(kNobody) != 0) ::_exit(2);
    const auto connected = make_sqlite_engine(settings())->connect(Access::ReadWrite);
    ::_exit(connected.failed_with(FailureKind::ReadOnly) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
}

}  // namespace
}  // namespace slipway::sql
