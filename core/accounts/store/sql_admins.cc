#include "core/accounts/store/relations.h"
#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "admin";
constexpr std::string_view kFindRole = "SELECT id FROM {roles} WHERE name = ?";

constexpr Page::Table kTable = {
    .table = "{admins}",
    .key = "username",
    .columns = "t.id, t.username, t.status, t.password, r.name, t.created_at, t.updated_at, t.last_login, t.document",
    .joins = "LEFT JOIN {roles} r ON r.id = t.role_id",
};

Result<std::string> document_of_admin(const Admin& admin) {
  Admin rest = admin;
  rest.id = 0;
  rest.username.clear();
  rest.status = 0;
  rest.password.clear();
  rest.role.clear();
  rest.created_at = rest.updated_at = rest.last_login = 0;
  rest.groups.clear();
  return rows::document_of(rest, kKind);
}

Result<Admin> read_admin(const sql::Row& row) {
  SLIPWAY_ASSIGN(Admin admin, rows::entity_of<Admin>(row.text(8), kKind, row.text(1)));
  admin.id = row.integer(0);
  admin.username = row.text(1);
  admin.status = static_cast<int>(row.integer(2));
  admin.password = row.text(3);
  admin.role = row.text(4);
  admin.created_at = row.integer(5);
  admin.updated_at = row.integer(6);
  admin.last_login = row.integer(7);
  return admin;
}

Status load_relations(sql::Connection& connection, Admin& admin) {
  SLIPWAY_ASSIGN(admin.groups, relations::admin_groups(connection, admin.id));
  return ok();
}

}  // namespace

Result<Admin> SqlStore::admin(std::string_view username) {
  return database_.read([&](sql::Connection& connection) {
    return rows::find<Admin>(connection, kTable, kKind, username, read_admin, load_relations);
  });
}

Result<std::vector<Admin>> SqlStore::admins(const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) {
    return rows::list_of_role<Admin>(connection, kTable, request, read_admin, load_relations);
  });
}

Status SqlStore::add_admin(const Admin& admin) {
  SLIPWAY_ASSIGN(const std::string document, document_of_admin(admin));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto role, rows::reference_id(connection, kFindRole, "role", admin.role));
    const auto id = connection.insert(
        "INSERT INTO {admins} (username, status, password, role_id, created_at, updated_at, last_login, document) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {admin.username, admin.status, admin.password, role, admin.created_at, admin.updated_at, admin.last_login,
         document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, admin.username);
    if (!id) return id.error();
    return relations::store_admin_groups(connection, *id, admin.groups);
  });
}

Status SqlStore::update_admin(const Admin& admin) {
  SLIPWAY_ASSIGN(const std::string document, document_of_admin(admin));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {admins} WHERE username = ?", {admin.username}));
    if (!id) return rows::not_found(kKind, admin.username);
    SLIPWAY_ASSIGN(const auto role, rows::reference_id(connection, kFindRole, "role", admin.role));
    SLIPWAY_TRY(connection.execute(
        "UPDATE {admins} SET status = ?, password = ?, role_id = ?, updated_at = ?, document = ? WHERE id = ?",
        {admin.status, admin.password, role, admin.updated_at, document, *id}));
    return relations::store_admin_groups(connection, *id, admin.groups);
  });
}

Status SqlStore::remove_admin(std::string_view username) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("DELETE FROM {admins} WHERE username = ?", {username}), kKind, username);
  });
}

Status SqlStore::replace_admin_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                                        std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto stored, connection.text("SELECT password FROM {admins} WHERE username = ?", {username}));
    if (!stored) return rows::not_found(kKind, username);
    if (*stored != old_hash) return rows::password_changed(kKind, username);
    SLIPWAY_TRY(connection.execute("UPDATE {admins} SET password = ?, updated_at = ? WHERE username = ?",
                                   {new_hash, now_ms, username}));
    return ok();
  });
}

Status SqlStore::set_admin_last_login(std::string_view username, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(
        connection.execute("UPDATE {admins} SET last_login = ? WHERE username = ?", {now_ms, username}), kKind,
        username);
  });
}

Result<bool> SqlStore::has_admins() {
  return database_.read([](sql::Connection& connection) -> Result<bool> {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {admins} LIMIT 1"));
    return id.has_value();
  });
}

}  // namespace slipway::accounts
