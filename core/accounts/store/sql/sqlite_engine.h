// The embedded database: SQLite in WAL mode.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/accounts/store/sql/connection.h"

namespace slipway::sql {

struct SqliteSettings {
  // The file; its directory must exist. Made with mode 0600 when absent.
  std::string path;
  // Instead of `path`, an SQLite URI ("file:/srv/db?vfs=unix-dotfile"). Then the file is made by SQLite and keeps its
  // own journal mode; foreign keys and the busy timeout stay as they are here.
  std::string uri;
  std::string table_prefix;
  std::chrono::milliseconds busy_timeout{5000};
};

// foreign_keys on, journal_mode WAL, synchronous NORMAL: a killed server loses nothing that was committed, a power
// failure at most the last moments, and neither damages the file.
std::unique_ptr<Engine> make_sqlite_engine(SqliteSettings settings);

}  // namespace slipway::sql
