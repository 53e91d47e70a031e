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

// Both only grow, so that what one of two readers has seen last is the larger one.
Result<SqlStore::Versions> SqlStore::read_versions() {
  const std::uint64_t commits = database_.commits();  // before the look at the database
  const auto now = std::chrono::steady_clock::now();
  SLIPWAY_ASSIGN(const Versions read, database_.read([](sql::Connection& connection) -> Result<Versions> {
    Versions versions;
    SLIPWAY_TRY(connection.query("SELECT version, shares_version FROM {definitions}", sql::Parameters(),
                                 [&](const sql::Row& row) {
                                   versions.definitions = static_cast<std::uint64_t>(row.integer(0));
                                   versions.shares = versions.definitions + static_cast<std::uint64_t>(row.integer(1));
                                 }));
    return versions;
  }));
  // What a transaction has not committed, nobody else has seen.
  if (database_.is_in_write()) return read;
  seen_versions_.with([&](SeenVersions& seen) {
    if (read.shares >= seen.shares) seen = {read, commits, now};
  });
  return read;
}

std::optional<SqlStore::Versions> SqlStore::known_versions() {
  constexpr std::chrono::milliseconds kRecent{100};
  // Inside a transaction there may be changes that nobody else has.
  if (database_.is_in_write()) return std::nullopt;
  const auto seen = seen_versions_.with([](const SeenVersions& s) { return s; });
  if (seen.commits == database_.commits() && seen.at + kRecent > std::chrono::steady_clock::now()) return seen;
  return std::nullopt;
}

Result<SqlStore::Versions> SqlStore::recent_versions() {
  if (const auto known = known_versions()) return *known;
  return read_versions();
}

Result<std::uint64_t> SqlStore::definitions_version() {
  SLIPWAY_ASSIGN(const Versions versions, read_versions());
  return versions.definitions;
}

Result<std::uint64_t> SqlStore::recent_definitions_version() {
  SLIPWAY_ASSIGN(const Versions versions, recent_versions());
  return versions.definitions;
}

Result<std::uint64_t> SqlStore::shares_version() {
  SLIPWAY_ASSIGN(const Versions versions, read_versions());
  return versions.shares;
}

Result<std::uint64_t> SqlStore::recent_shares_version() {
  SLIPWAY_ASSIGN(const Versions versions, recent_versions());
  return versions.shares;
}

std::optional<std::uint64_t> SqlStore::known_definitions_version() {
  const auto known = known_versions();
  return known ? std::optional(known->definitions) : std::nullopt;
}

std::optional<std::uint64_t> SqlStore::known_shares_version() {
  const auto known = known_versions();
  return known ? std::optional(known->shares) : std::nullopt;
}

}  // namespace slipway::accounts
