#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "role";

constexpr Page::Table kTable = {
    .table = "{roles}",
    .key = "name",
    .columns = "t.id, t.name, t.created_at, t.updated_at, t.document",
};

Result<std::string> document_of_role(const Role& role) {
  Role rest = role;
  rest.id = 0;
  rest.name.clear();
  rest.created_at = rest.updated_at = 0;
  rest.users.clear();
  rest.admins.clear();
  return rows::document_of(rest, kKind);
}

Result<Role> read_role(const sql::Row& row) {
  SLIPWAY_ASSIGN(Role role, rows::entity_of<Role>(row.text(4), kKind, row.text(1)));
  role.id = row.integer(0);
  role.name = row.text(1);
  role.created_at = row.integer(2);
  role.updated_at = row.integer(3);
  return role;
}

Result<RoleUses> uses_of_role(sql::Connection& connection, std::int64_t id) {
  RoleUses uses;
  SLIPWAY_ASSIGN(uses.users,
                 connection.texts("SELECT username FROM {users} WHERE role_id = ? ORDER BY username", {id}));
  SLIPWAY_ASSIGN(uses.admins,
                 connection.texts("SELECT username FROM {admins} WHERE role_id = ? ORDER BY username", {id}));
  return uses;
}

}  // namespace

Result<Role> SqlStore::role(std::string_view name) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::find<Role>(connection, kTable, kKind, name, read_role); });
}

Result<std::vector<Role>> SqlStore::roles(const ListRequest& request) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::list<Role>(connection, kTable, request, read_role); });
}

Status SqlStore::add_role(const Role& role) {
  SLIPWAY_ASSIGN(const std::string document, document_of_role(role));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto id =
        connection.insert("INSERT INTO {roles} (name, created_at, updated_at, document) VALUES (?, ?, ?, ?)",
                          {role.name, role.created_at, role.updated_at, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, role.name);
    if (!id) return id.error();
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::update_role(const Role& role) {
  SLIPWAY_ASSIGN(const std::string document, document_of_role(role));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(rows::changed(connection.execute("UPDATE {roles} SET updated_at = ?, document = ? WHERE name = ?",
                                                 {role.updated_at, document, role.name}),
                              kKind, role.name));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::remove_role(std::string_view name, IfUsed if_used) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {roles} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    if (if_used == IfUsed::Refuse) {
      SLIPWAY_ASSIGN(const RoleUses uses, uses_of_role(connection, *id));
      if (!uses.users.empty() || !uses.admins.empty()) {
        return rows::still_used(kKind, name, {{"users", uses.users}, {"admins", uses.admins}});
      }
    }
    SLIPWAY_TRY(connection.execute("UPDATE {users} SET role_id = NULL WHERE role_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("UPDATE {admins} SET role_id = NULL WHERE role_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {roles} WHERE id = ?", {*id}));
    return rows::bump_definitions(connection);
  });
}

Result<RoleUses> SqlStore::role_uses(std::string_view name) {
  return database_.read([&](sql::Connection& connection) -> Result<RoleUses> {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {roles} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    return uses_of_role(connection, *id);
  });
}

}  // namespace slipway::accounts
