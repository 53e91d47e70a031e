#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

constexpr std::string_view kKind = "configurations";
constexpr int kOnlyRow = 1;

}  // namespace

Result<ServerConfigs> SqlStore::configs() {
  return database_.read([](sql::Connection& connection) -> Result<ServerConfigs> {
    Result<ServerConfigs> found = ServerConfigs{};
    SLIPWAY_TRY(connection.query("SELECT updated_at, document FROM {configurations} WHERE id = ?", {kOnlyRow},
                                 [&](const sql::Row& row) {
                                   found = rows::entity_of<ServerConfigs>(row.text(1), kKind, "");
                                   if (found) found->updated_at = row.integer(0);
                                 }));
    return found;
  });
}

Status SqlStore::update_configs(const ServerConfigs& configs) {
  ServerConfigs rest = configs;
  rest.updated_at = 0;
  SLIPWAY_ASSIGN(const std::string document, rows::document_of(rest, kKind));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto updated,
                   connection.execute("UPDATE {configurations} SET updated_at = ?, document = ? WHERE id = ?",
                                      {configs.updated_at, document, kOnlyRow}));
    if (updated > 0) return ok();
    SLIPWAY_TRY(connection.execute("INSERT INTO {configurations} (id, updated_at, document) VALUES (?, ?, ?)",
                                   {kOnlyRow, configs.updated_at, document}));
    return ok();
  });
}

}  // namespace slipway::accounts
