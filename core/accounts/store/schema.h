// The tables of the accounts, version by version.
#pragma once

#include <span>

#include "core/accounts/store/sql/migrations.h"

namespace slipway::accounts {

// A released migration is never changed: a change of the tables is a new entry.
std::span<const sql::Migration> schema_migrations();

}  // namespace slipway::accounts
