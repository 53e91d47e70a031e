#include "core/accounts/store/relations.h"
#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "user";
constexpr std::string_view kFindRole = "SELECT id FROM {roles} WHERE name = ?";

constexpr Page::Table kTable = {
    .table = "{users}",
    .key = "username",
    .columns =
        "t.id, t.username, t.status, t.password, r.name, t.used_quota_size, t.used_quota_files, t.last_quota_update, "
        "t.used_upload_data_transfer, t.used_download_data_transfer, t.created_at, t.updated_at, t.last_login, "
        "t.first_download, t.first_upload, t.last_password_change, t.document",
    .joins = "LEFT JOIN {roles} r ON r.id = t.role_id",
};

// What columns and relations hold is left out of the document.
Result<std::string> document_of_user(const User& user) {
  User rest = user;
  rest.id = 0;
  rest.username.clear();
  rest.status = 0;
  rest.password.clear();
  rest.role.clear();
  rest.used_quota_size = rest.used_quota_files = rest.last_quota_update = 0;
  rest.used_upload_data_transfer = rest.used_download_data_transfer = 0;
  rest.created_at = rest.updated_at = rest.last_login = 0;
  rest.first_download = rest.first_upload = rest.last_password_change = 0;
  rest.groups.clear();
  rest.virtual_folders.clear();
  return rows::document_of(rest, kKind);
}

Result<User> read_user(const sql::Row& row) {
  Result<User> read = rows::entity_of<User>(row.text(16), kKind, row.text(1));
  if (!read) return read;
  User& user = *read;  // a User is large: it is filled where it is
  user.id = row.integer(0);
  user.username = row.text(1);
  user.status = static_cast<int>(row.integer(2));
  user.password = row.text(3);
  user.role = row.text(4);
  user.used_quota_size = row.integer(5);
  user.used_quota_files = row.integer(6);
  user.last_quota_update = row.integer(7);
  user.used_upload_data_transfer = row.integer(8);
  user.used_download_data_transfer = row.integer(9);
  user.created_at = row.integer(10);
  user.updated_at = row.integer(11);
  user.last_login = row.integer(12);
  user.first_download = row.integer(13);
  user.first_upload = row.integer(14);
  user.last_password_change = row.integer(15);
  return read;
}

Status load_relations(sql::Connection& connection, User& user) {
  SLIPWAY_ASSIGN(user.groups, relations::user_groups(connection, user.id));
  SLIPWAY_ASSIGN(user.virtual_folders, relations::user_folders(connection, user.id));
  return ok();
}

Status store_relations(sql::Connection& connection, std::int64_t id, const User& user) {
  SLIPWAY_TRY(relations::store_user_groups(connection, id, user.groups));
  SLIPWAY_TRY(relations::store_user_folders(connection, id, user.virtual_folders));
  return rows::bump_definitions(connection);
}

Result<bool> mark_first(sql::Connection& connection, std::string_view update_sql, std::string_view username,
                        std::int64_t now_ms) {
  SLIPWAY_ASSIGN(const auto marked, connection.execute(update_sql, {now_ms, username}));
  if (marked > 0) return true;
  SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {users} WHERE username = ?", {username}));
  if (!id) return rows::not_found(kKind, username);
  return false;
}

}  // namespace

Result<User> SqlStore::user(std::string_view username) {
  return database_.read([&](sql::Connection& connection) {
    return rows::find<User>(connection, kTable, kKind, username, read_user, load_relations);
  });
}

Result<std::vector<User>> SqlStore::users(const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) {
    return rows::list_of_role<User>(connection, kTable, request, read_user, load_relations);
  });
}

Status SqlStore::add_user(const User& user) {
  SLIPWAY_ASSIGN(const std::string document, document_of_user(user));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto role, rows::reference_id(connection, kFindRole, "role", user.role));
    const auto id = connection.insert(
        "INSERT INTO {users} (username, status, password, role_id, used_quota_size, used_quota_files, "
        "last_quota_update, "
        "used_upload_data_transfer, used_download_data_transfer, created_at, updated_at, last_login, first_download, "
        "first_upload, last_password_change, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {user.username, user.status, user.password, role, user.used_quota_size, user.used_quota_files,
         user.last_quota_update, user.used_upload_data_transfer, user.used_download_data_transfer, user.created_at,
         user.updated_at, user.last_login, user.first_download, user.first_upload, user.last_password_change,
         document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, user.username);
    if (!id) return id.error();
    return store_relations(connection, *id, user);
  });
}

Status SqlStore::update_user(const User& user) {
  SLIPWAY_ASSIGN(const std::string document, document_of_user(user));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {users} WHERE username = ?", {user.username}));
    if (!id) return rows::not_found(kKind, user.username);
    SLIPWAY_ASSIGN(const auto role, rows::reference_id(connection, kFindRole, "role", user.role));
    SLIPWAY_TRY(connection.execute(
        "UPDATE {users} SET status = ?, password = ?, role_id = ?, updated_at = ?, "
        "last_password_change = ?, document = ? WHERE id = ?",
        {user.status, user.password, role, user.updated_at, user.last_password_change, document, *id}));
    return store_relations(connection, *id, user);
  });
}

Status SqlStore::remove_user(std::string_view username) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(
        rows::changed(connection.execute("DELETE FROM {users} WHERE username = ?", {username}), kKind, username));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::replace_user_password(std::string_view username, std::string_view old_hash, std::string_view new_hash,
                                       std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto stored, connection.text("SELECT password FROM {users} WHERE username = ?", {username}));
    if (!stored) return rows::not_found(kKind, username);
    if (*stored != old_hash) return rows::password_changed(kKind, username);
    SLIPWAY_TRY(connection.execute("UPDATE {users} SET password = ?, updated_at = ? WHERE username = ?",
                                   {new_hash, now_ms, username}));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::set_user_last_login(std::string_view username, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("UPDATE {users} SET last_login = ? WHERE username = ?", {now_ms, username}),
                         kKind, username);
  });
}

Result<bool> SqlStore::mark_first_upload(std::string_view username, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) {
    return mark_first(connection, "UPDATE {users} SET first_upload = ? WHERE username = ? AND first_upload = 0",
                      username, now_ms);
  });
}

Result<bool> SqlStore::mark_first_download(std::string_view username, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) {
    return mark_first(connection, "UPDATE {users} SET first_download = ? WHERE username = ? AND first_download = 0",
                      username, now_ms);
  });
}

}  // namespace slipway::accounts
