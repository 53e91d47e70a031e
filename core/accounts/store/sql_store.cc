#include "core/accounts/store/sql_store.h"

#include "core/accounts/store/schema.h"
#include "core/accounts/store/sql/sqlite_engine.h"

namespace slipway::accounts {

SqlStore::SqlStore(std::unique_ptr<sql::Engine> engine, const Options& options)
    : database_(std::move(engine), options.max_readers) {}

Result<std::unique_ptr<SqlStore>> SqlStore::open(std::unique_ptr<sql::Engine> engine, const Options& options) {
  std::unique_ptr<SqlStore> store(new SqlStore(std::move(engine), options));
  SLIPWAY_ASSIGN(store->schema_version_found_, sql::migrate(store->database_, schema_migrations(), options.migration));
  return store;
}

int SqlStore::schema_version() noexcept { return schema_migrations().back().version; }

Result<std::unique_ptr<SqlStore>> open_sqlite_store(const SqliteStoreSettings& settings) {
  if (!sql::is_valid_table_prefix(settings.table_prefix)) {
    return Error(Errc::InvalidArgument, "data_provider.sql_tables_prefix",
                 "must be at most 32 letters, digits and underscores, and not begin with a digit");
  }
  sql::SqliteSettings sqlite;
  sqlite.path = settings.path;
  sqlite.uri = settings.connection_string;
  sqlite.table_prefix = settings.table_prefix;
  return SqlStore::open(sql::make_sqlite_engine(std::move(sqlite)), settings.options);
}

Status SqlStore::in_transaction(const std::function<Status()>& work) {
  return database_.write([&](sql::Connection&) { return work(); });
}

Result<std::uint64_t> SqlStore::definitions_version() {
  return database_.read([](sql::Connection& connection) -> Result<std::uint64_t> {
    SLIPWAY_ASSIGN(const auto version, connection.integer("SELECT version FROM {definitions}"));
    return static_cast<std::uint64_t>(version.value_or(0));
  });
}

Result<std::uint64_t> SqlStore::recent_definitions_version() {
  constexpr std::chrono::milliseconds kRecent{100};
  // Inside a transaction there may be changes that nobody else has.
  if (database_.is_in_write()) return definitions_version();
  const auto now = std::chrono::steady_clock::now();
  const std::uint64_t commits = database_.commits();  // before the look at the database
  const auto seen = seen_version_.with([](const SeenVersion& s) { return s; });
  if (seen.commits == commits && seen.at + kRecent > now) return seen.version;
  SLIPWAY_ASSIGN(const auto version, definitions_version());
  seen_version_.with([&](SeenVersion& s) { s = {version, commits, now}; });
  return version;
}

}  // namespace slipway::accounts
