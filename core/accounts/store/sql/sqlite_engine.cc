#include "core/accounts/store/sql/sqlite_engine.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace slipway::sql {
namespace {

constexpr Dialect kDialect = {
    .identifier_quote = '"',
    .id = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .reference = "INTEGER",
    .name = "TEXT",
    .text = "TEXT",
    .integer = "INTEGER",
    .blob = "BLOB",
    .table_options = "STRICT",
};

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Leaves a kept statement ready for its next use, whatever happened.
class StatementUse {
 public:
  explicit StatementUse(sqlite3_stmt* statement) : statement_(statement) {}
  ~StatementUse() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

 private:
  sqlite3_stmt* statement_;
};

FailureKind constraint_kind(int extended_code) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return FailureKind::Unique;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return FailureKind::ForeignKey;
    case SQLITE_CONSTRAINT_NOTNULL:
      return FailureKind::NotNull;
    case SQLITE_CONSTRAINT_CHECK:
      return FailureKind::Check;
    default:
      return FailureKind::Other;
  }
}

FailureKind kind_of(int extended_code) {
  switch (extended_code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return constraint_kind(extended_code);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FailureKind::Busy;
    case SQLITE_FULL:
      return FailureKind::Full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return FailureKind::ReadOnly;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return FailureKind::Corrupt;
    case SQLITE_CANTOPEN:
      return FailureKind::Connection;
    case SQLITE_IOERR:
      return FailureKind::Io;
    case SQLITE_TOOBIG:
      return FailureKind::TooLarge;
    default:
      return FailureKind::Other;
  }
}

std::string advice_for(FailureKind kind) {
  switch (kind) {
    case FailureKind::Corrupt:
      return "; restore the file from a backup, or remove it to start anew";
    case FailureKind::Busy:
      return "; another process holds the database";
    case FailureKind::ReadOnly:
      return "; the file and its directory must be writable for the server's user";
    default:
      return {};
  }
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    return view(reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)), column);
  }
  std::string_view blob(int column) const override {
    return view(static_cast<const char*>(sqlite3_column_blob(statement_, column)), column);
  }

 private:
  std::string_view view(const char* data, int column) const {
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

  sqlite3_stmt* statement_;
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(DatabaseHandle database, std::string subject, std::string table_prefix)
      : database_(std::move(database)), subject_(std::move(subject)), table_prefix_(std::move(table_prefix)) {}

  Outcome<std::int64_t> insert(std::string_view sql, Parameters parameters) override {
    SLIPWAY_TRY(run(sql, {parameters.begin(), parameters.size()}, nullptr, nullptr));
    return sqlite3_last_insert_rowid(database_.get());
  }

  Done execute_script(std::string_view sql) override {
    const std::string expanded = expand(sql, table_prefix_, kDialect);
    if (sqlite3_exec(database_.get(), expanded.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
    return done();
  }

  Done begin_write() override { return simple("BEGIN IMMEDIATE"); }
  Done begin_read() override { return simple("BEGIN"); }
  Done commit() override { return simple("COMMIT"); }
  Done rollback() override {
    // Some failures (a full disk) have ended the transaction already.
    if (sqlite3_get_autocommit(database_.get()) != 0) return done();
    return simple("ROLLBACK");
  }
  Done savepoint(std::string_view name) override { return simple("SAVEPOINT " + std::string(name)); }
  Done release_savepoint(std::string_view name) override { return simple("RELEASE " + std::string(name)); }
  Done rollback_to_savepoint(std::string_view name) override {
    if (sqlite3_get_autocommit(database_.get()) != 0) return done();
    SLIPWAY_TRY(simple("ROLLBACK TO " + std::string(name)));
    return release_savepoint(name);
  }

 protected:
  Outcome<std::int64_t> run(std::string_view sql, std::span<const Value> parameters, Visitor visitor,
                            void* target) override {
    SLIPWAY_ASSIGN(sqlite3_stmt* const statement, prepared(sql));
    const StatementUse use(statement);
    SLIPWAY_TRY(bind(statement, sql, parameters));
    const SqliteRow row(statement);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      if (visitor) visitor(target, row);
    }
    if (code != SQLITE_DONE) return failure();
    return sqlite3_changes64(database_.get());
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  Failure failure() const {
    const int code = sqlite3_extended_errcode(database_.get());
    const FailureKind kind = kind_of(code);
    return {kind, std::to_string(code), subject_, sqlite3_errmsg(database_.get()) + advice_for(kind)};
  }

  Done simple(std::string_view sql) {
    auto outcome = run(sql, {}, nullptr, nullptr);
    if (!outcome) return std::move(outcome).error();
    return done();
  }

  Outcome<sqlite3_stmt*> prepared(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
    const std::string expanded = expand(sql, table_prefix_, kDialect);
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(database_.get(), expanded.data(), static_cast<int>(expanded.size()),
                           SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
      return failure();
    }
    StatementHandle statement(raw);
    statements_.emplace(sql, std::move(statement));
    return raw;
  }

  Done bind(sqlite3_stmt* statement, std::string_view sql, std::span<const Value> parameters) {
    if (sqlite3_bind_parameter_count(statement) != static_cast<int>(parameters.size())) {
      return Failure(FailureKind::Other, "", subject_, "wrong number of parameters for: " + std::string(sql));
    }
    int index = 0;
    for (const Value& value : parameters) {
      ++index;
      const int code = std::visit([&](const auto& v) { return bind_one(statement, index, v); }, value.storage());
      if (code != SQLITE_OK) return failure();
    }
    return done();
  }

  static int bind_one(sqlite3_stmt* statement, int index, Null) { return sqlite3_bind_null(statement, index); }
  static int bind_one(sqlite3_stmt* statement, int index, std::int64_t number) {
    return sqlite3_bind_int64(statement, index, number);
  }
  static int bind_one(sqlite3_stmt* statement, int index, double number) {
    return sqlite3_bind_double(statement, index, number);
  }
  // A null pointer would be bound as NULL: an empty text needs an address.
  static int bind_one(sqlite3_stmt* statement, int index, std::string_view text) {
    return sqlite3_bind_text64(statement, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  static int bind_one(sqlite3_stmt* statement, int index, Blob blob) {
    return sqlite3_bind_blob64(statement, index, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                               SQLITE_STATIC);
  }

  DatabaseHandle database_;
  const std::string subject_;
  const std::string table_prefix_;
  std::unordered_map<std::string, StatementHandle, TextHash, std::equal_to<>> statements_;  // ends before database_
};

class SqliteEngine final : public Engine {
 public:
  explicit SqliteEngine(SqliteSettings settings) : settings_(std::move(settings)) {}

  std::string_view name() const noexcept override { return "sqlite"; }
  std::size_t max_writers() const noexcept override { return 1; }

  Outcome<std::unique_ptr<Connection>> connect(Access access) override {
    const bool by_uri = !settings_.uri.empty();
    const std::string subject = "database " + (by_uri ? settings_.uri : settings_.path);
    if (!by_uri) SLIPWAY_TRY(make_file(subject));

    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (by_uri ? SQLITE_OPEN_URI | SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2((by_uri ? settings_.uri : settings_.path).c_str(), &raw, flags, nullptr);
    DatabaseHandle database(raw);
    if (code != SQLITE_OK) {
      return Failure(kind_of(code), std::to_string(code), subject, raw ? sqlite3_errmsg(raw) : sqlite3_errstr(code));
    }
    if (sqlite3_db_readonly(raw, "main") == 1) {
      return Failure(FailureKind::ReadOnly, "", subject, "not writable" + advice_for(FailureKind::ReadOnly));
    }
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, static_cast<int>(settings_.busy_timeout.count()));
    auto connection = std::make_unique<SqliteConnection>(std::move(database), subject, settings_.table_prefix);
    SLIPWAY_TRY(connection->execute_script("PRAGMA foreign_keys = ON"));
    if (!by_uri) SLIPWAY_TRY(set_journal(*connection));
    if (access == Access::ReadOnly) SLIPWAY_TRY(connection->execute_script("PRAGMA query_only = ON"));
    return std::unique_ptr<Connection>(std::move(connection));
  }

 private:
  // SQLite would make it with the umask's mode; its -wal and -shm files take over the mode of this one.
  Done make_file(const std::string& subject) const {
    const UniqueFd file(::open(settings_.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file || errno == EEXIST) return done();
    const int error = errno;
    if (error == ENOENT) {
      const auto directory = std::filesystem::path(settings_.path).parent_path();
      return Failure(FailureKind::Connection, "", subject,
                     "the directory " + directory.string() + " does not exist; create it or change data_provider.name");
    }
    const FailureKind kind = error == EACCES || error == EROFS || error == EPERM ? FailureKind::ReadOnly
                             : error == ENOSPC || error == EDQUOT                ? FailureKind::Full
                                                                                 : FailureKind::Connection;
    return Failure(kind, std::to_string(error), subject,
                   "cannot be created: " + error_from_errno(error, "").cause() + advice_for(kind));
  }

  // The change to WAL does not wait for locks as other statements do: two servers that open a new file together meet
  // here.
  Done set_journal(Connection& connection) const {
    const auto deadline = std::chrono::steady_clock::now() + settings_.busy_timeout;
    for (;;) {
      auto set = connection.execute_script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      if (!set.failed_with(FailureKind::Busy) || std::chrono::steady_clock::now() >= deadline) return set;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const SqliteSettings settings_;
};

}  // namespace

std::unique_ptr<Engine> make_sqlite_engine(SqliteSettings settings) {
  return std::make_unique<SqliteEngine>(std::move(settings));
}

}  // namespace slipway::sql
