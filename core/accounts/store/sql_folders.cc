#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "folder";

constexpr Page::Table kTable = {
    .table = "{folders}",
    .key = "name",
    .columns = "t.id, t.name, t.used_quota_size, t.used_quota_files, t.last_quota_update, t.document",
};

Result<std::string> document_of_folder(const Folder& folder) {
  Folder rest = folder;
  rest.id = 0;
  rest.name.clear();
  rest.used_quota_size = rest.used_quota_files = rest.last_quota_update = 0;
  rest.users.clear();
  rest.groups.clear();
  return rows::document_of(rest, kKind);
}

Result<Folder> read_folder(const sql::Row& row) {
  SLIPWAY_ASSIGN(Folder folder, rows::entity_of<Folder>(row.text(5), kKind, row.text(1)));
  folder.id = row.integer(0);
  folder.name = row.text(1);
  folder.used_quota_size = row.integer(2);
  folder.used_quota_files = row.integer(3);
  folder.last_quota_update = row.integer(4);
  return folder;
}

Result<Folder> find_folder(sql::Connection& connection, std::string_view name) {
  return rows::find<Folder>(connection, kTable, kKind, name, read_folder);
}

Result<FolderUses> uses_of_folder(sql::Connection& connection, std::string_view name) {
  FolderUses uses;
  SLIPWAY_ASSIGN(uses.users, connection.texts("SELECT DISTINCT u.username FROM {folders} f "
                                              "JOIN {users_folders_mapping} m ON m.folder_id = f.id "
                                              "JOIN {users} u ON u.id = m.user_id WHERE f.name = ? ORDER BY u.username",
                                              {name}));
  SLIPWAY_ASSIGN(uses.groups, connection.texts("SELECT DISTINCT g.name FROM {folders} f "
                                               "JOIN {groups_folders_mapping} m ON m.folder_id = f.id "
                                               "JOIN {groups} g ON g.id = m.group_id WHERE f.name = ? ORDER BY g.name",
                                               {name}));
  return uses;
}

}  // namespace

Result<Folder> SqlStore::folder(std::string_view name) {
  return database_.read([&](sql::Connection& connection) { return find_folder(connection, name); });
}

Result<std::vector<Folder>> SqlStore::folders_by_name(const std::vector<std::string>& names) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::by_name<Folder>(connection, names, find_folder); });
}

Result<std::vector<Folder>> SqlStore::folders(const ListRequest& request) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::list<Folder>(connection, kTable, request, read_folder); });
}

Status SqlStore::add_folder(const Folder& folder) {
  SLIPWAY_ASSIGN(const std::string document, document_of_folder(folder));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto id = connection.insert(
        "INSERT INTO {folders} (name, used_quota_size, used_quota_files, last_quota_update, document) "
        "VALUES (?, ?, ?, ?, ?)",
        {folder.name, folder.used_quota_size, folder.used_quota_files, folder.last_quota_update, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, folder.name);
    if (!id) return id.error();
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::update_folder(const Folder& folder) {
  SLIPWAY_ASSIGN(const std::string document, document_of_folder(folder));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(
        rows::changed(connection.execute("UPDATE {folders} SET document = ? WHERE name = ?", {document, folder.name}),
                      kKind, folder.name));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::remove_folder(std::string_view name, IfUsed if_used) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {folders} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    if (if_used == IfUsed::Refuse) {
      SLIPWAY_ASSIGN(const FolderUses uses, uses_of_folder(connection, name));
      if (!uses.users.empty() || !uses.groups.empty()) {
        return rows::still_used(kKind, name, {{"users", uses.users}, {"groups", uses.groups}});
      }
    }
    SLIPWAY_TRY(connection.execute("DELETE FROM {users_folders_mapping} WHERE folder_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {groups_folders_mapping} WHERE folder_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {folders} WHERE id = ?", {*id}));
    return rows::bump_definitions(connection);
  });
}

Result<FolderUses> SqlStore::folder_uses(std::string_view name) {
  return database_.read([&](sql::Connection& connection) -> Result<FolderUses> {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {folders} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    return uses_of_folder(connection, name);
  });
}

}  // namespace slipway::accounts
