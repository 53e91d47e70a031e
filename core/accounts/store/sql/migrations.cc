#include "core/accounts/store/sql/migrations.h"

namespace slipway::sql {
namespace {

// 0: an empty database.
Result<int> read_version(Connection& connection) {
  SLIPWAY_TRY(connection.execute_script(
      "CREATE TABLE IF NOT EXISTS {schema_version} (version {:integer} NOT NULL) {:table_options}"));
  SLIPWAY_ASSIGN(const auto version, connection.integer("SELECT MAX(version) FROM {schema_version}"));
  return static_cast<int>(version.value_or(0));
}

Error newer(int found, int known) {
  return {Errc::NotSupported, "database schema version " + std::to_string(found),
          "this server knows versions up to " + std::to_string(known) +
              "; start a newer server, restore a backup, or change data_provider.name if " +
              "the database is another program's"};
}

Error older(int found, int known) {
  return {Errc::InvalidArgument, "database schema version " + std::to_string(found),
          "this server needs version " + std::to_string(known) + "; run \"slipway initprovider\" or set " +
              "data_provider.update_mode to 0"};
}

}  // namespace

Result<int> migrate(Database& database, std::span<const Migration> migrations, MigrationMode mode) {
  const int last = migrations.empty() ? 0 : migrations.back().version;
  SLIPWAY_ASSIGN(const int found, database.write(read_version));
  if (found > last) return newer(found, last);
  if (found < last && mode == MigrationMode::CheckOnly) return older(found, last);

  for (const Migration& migration : migrations) {
    SLIPWAY_TRY(database.write([&](Connection& connection) -> Status {
      // Again inside: another server may have done it meanwhile.
      SLIPWAY_ASSIGN(const int version, read_version(connection));
      if (version >= migration.version) return ok();
      if (auto run = connection.execute_script(migration.script); !run) {
        return Error(run.error().code(), "database migration " + std::to_string(migration.version),
                     run.error().message(), run.error().retryable());
      }
      SLIPWAY_TRY(connection.execute("DELETE FROM {schema_version}"));
      SLIPWAY_TRY(connection.execute("INSERT INTO {schema_version} (version) VALUES (?)", {migration.version}));
      return ok();
    }));
  }
  return found;
}

}  // namespace slipway::sql
