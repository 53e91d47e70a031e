#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "api key";
constexpr std::string_view kFindUser = "SELECT id FROM {users} WHERE username = ?";
constexpr std::string_view kFindAdmin = "SELECT id FROM {admins} WHERE username = ?";

constexpr Page::Table kTable = {
    .table = "{api_keys}",
    .key = "key_id",
    .columns =
        "t.key_id, t.api_key, t.scope, u.username, a.username, t.created_at, t.updated_at, t.last_use_at, "
        "t.expires_at, "
        "t.document",
    .joins = "LEFT JOIN {users} u ON u.id = t.user_id LEFT JOIN {admins} a ON a.id = t.admin_id",
};

Result<std::string> document_of_key(const ApiKey& key) {
  ApiKey rest = key;
  rest.id.clear();
  rest.key.clear();
  rest.scope = 0;
  rest.user.clear();
  rest.admin.clear();
  rest.created_at = rest.updated_at = rest.last_use_at = rest.expires_at = 0;
  return rows::document_of(rest, kKind);
}

Result<ApiKey> read_key(const sql::Row& row) {
  SLIPWAY_ASSIGN(ApiKey key, rows::entity_of<ApiKey>(row.text(9), kKind, row.text(0)));
  key.id = row.text(0);
  key.key = row.text(1);
  key.scope = static_cast<int>(row.integer(2));
  key.user = row.text(3);
  key.admin = row.text(4);
  key.created_at = row.integer(5);
  key.updated_at = row.integer(6);
  key.last_use_at = row.integer(7);
  key.expires_at = row.integer(8);
  return key;
}

}  // namespace

Result<ApiKey> SqlStore::api_key(std::string_view id) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::find<ApiKey>(connection, kTable, kKind, id, read_key); });
}

Result<std::vector<ApiKey>> SqlStore::api_keys(const ListRequest& request) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::list<ApiKey>(connection, kTable, request, read_key); });
}

Status SqlStore::add_api_key(const ApiKey& key) {
  SLIPWAY_ASSIGN(const std::string document, document_of_key(key));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto user, rows::reference_id(connection, kFindUser, "user", key.user));
    SLIPWAY_ASSIGN(const auto admin, rows::reference_id(connection, kFindAdmin, "admin", key.admin));
    const auto id = connection.insert(
        "INSERT INTO {api_keys} (key_id, api_key, scope, user_id, admin_id, created_at, updated_at, last_use_at, "
        "expires_at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {key.id, key.key, key.scope, user, admin, key.created_at, key.updated_at, key.last_use_at, key.expires_at,
         document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, key.id);
    if (!id) return id.error();
    return ok();
  });
}

Status SqlStore::update_api_key(const ApiKey& key) {
  SLIPWAY_ASSIGN(const std::string document, document_of_key(key));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto user, rows::reference_id(connection, kFindUser, "user", key.user));
    SLIPWAY_ASSIGN(const auto admin, rows::reference_id(connection, kFindAdmin, "admin", key.admin));
    return rows::changed(connection.execute("UPDATE {api_keys} SET scope = ?, user_id = ?, admin_id = ?, "
                                            "updated_at = ?, expires_at = ?, document = ? WHERE key_id = ?",
                                            {key.scope, user, admin, key.updated_at, key.expires_at, document, key.id}),
                         kKind, key.id);
  });
}

Status SqlStore::remove_api_key(std::string_view id) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("DELETE FROM {api_keys} WHERE key_id = ?", {id}), kKind, id);
  });
}

Status SqlStore::set_api_key_last_use(std::string_view id, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("UPDATE {api_keys} SET last_use_at = ? WHERE key_id = ?", {now_ms, id}),
                         kKind, id);
  });
}

}  // namespace slipway::accounts
