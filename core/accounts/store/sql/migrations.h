// Versioned changes of a database's tables.
#pragma once

#include <span>
#include <string_view>

#include "core/accounts/store/sql/database.h"

namespace slipway::sql {

// Versions are 1, 2, 3... in order; a released one is never changed.
struct Migration {
  int version;
  std::string_view summary;
  std::string_view script;  // statements for Connection::execute_script
};

enum class MigrationMode {
  Apply,      // create or update
  CheckOnly,  // refuse a database that is not up to date
};

// Brings the database to the last version, each migration in a transaction of its own; two servers that start at once
// do it one after the other. The version is kept in table {schema_version}. NotSupported: the database is newer than
// the last of `migrations`; InvalidArgument: older, and CheckOnly. Returns the version found before.
Result<int> migrate(Database& database, std::span<const Migration> migrations, MigrationMode mode);

}  // namespace slipway::sql
