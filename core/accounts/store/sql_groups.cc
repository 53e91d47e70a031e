#include "core/accounts/store/relations.h"
#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "group";

constexpr Page::Table kTable = {
    .table = "{groups}",
    .key = "name",
    .columns = "t.id, t.name, t.created_at, t.updated_at, t.document",
};

Result<std::string> document_of_group(const Group& group) {
  Group rest = group;
  rest.id = 0;
  rest.name.clear();
  rest.created_at = rest.updated_at = 0;
  rest.virtual_folders.clear();
  rest.users.clear();
  rest.admins.clear();
  return rows::document_of(rest, kKind);
}

Result<Group> read_group(const sql::Row& row) {
  SLIPWAY_ASSIGN(Group group, rows::entity_of<Group>(row.text(4), kKind, row.text(1)));
  group.id = row.integer(0);
  group.name = row.text(1);
  group.created_at = row.integer(2);
  group.updated_at = row.integer(3);
  return group;
}

Status load_relations(sql::Connection& connection, Group& group) {
  SLIPWAY_ASSIGN(group.virtual_folders, relations::group_folders(connection, group.id));
  return ok();
}

Result<Group> find_group(sql::Connection& connection, std::string_view name) {
  return rows::find<Group>(connection, kTable, kKind, name, read_group, load_relations);
}

Result<GroupUses> uses_of_group(sql::Connection& connection, std::string_view name) {
  GroupUses uses;
  SLIPWAY_ASSIGN(uses.users, connection.texts("SELECT u.username FROM {groups} g "
                                              "JOIN {users_groups_mapping} m ON m.group_id = g.id "
                                              "JOIN {users} u ON u.id = m.user_id WHERE g.name = ? ORDER BY u.username",
                                              {name}));
  SLIPWAY_ASSIGN(uses.admins,
                 connection.texts("SELECT a.username FROM {groups} g "
                                  "JOIN {admins_groups_mapping} m ON m.group_id = g.id "
                                  "JOIN {admins} a ON a.id = m.admin_id WHERE g.name = ? ORDER BY a.username",
                                  {name}));
  return uses;
}

}  // namespace

Result<Group> SqlStore::group(std::string_view name) {
  return database_.read([&](sql::Connection& connection) { return find_group(connection, name); });
}

Result<std::vector<Group>> SqlStore::groups_by_name(const std::vector<std::string>& names) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::by_name<Group>(connection, names, find_group); });
}

Result<std::vector<Group>> SqlStore::groups(const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) {
    return rows::list<Group>(connection, kTable, request, read_group, load_relations);
  });
}

Status SqlStore::add_group(const Group& group) {
  SLIPWAY_ASSIGN(const std::string document, document_of_group(group));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto id =
        connection.insert("INSERT INTO {groups} (name, created_at, updated_at, document) VALUES (?, ?, ?, ?)",
                          {group.name, group.created_at, group.updated_at, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, group.name);
    if (!id) return id.error();
    SLIPWAY_TRY(relations::store_group_folders(connection, *id, group.virtual_folders));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::update_group(const Group& group) {
  SLIPWAY_ASSIGN(const std::string document, document_of_group(group));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {groups} WHERE name = ?", {group.name}));
    if (!id) return rows::not_found(kKind, group.name);
    SLIPWAY_TRY(connection.execute("UPDATE {groups} SET updated_at = ?, document = ? WHERE id = ?",
                                   {group.updated_at, document, *id}));
    SLIPWAY_TRY(relations::store_group_folders(connection, *id, group.virtual_folders));
    return rows::bump_definitions(connection);
  });
}

Status SqlStore::remove_group(std::string_view name, IfUsed if_used) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {groups} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    if (if_used == IfUsed::Refuse) {
      SLIPWAY_ASSIGN(const GroupUses uses, uses_of_group(connection, name));
      if (!uses.users.empty() || !uses.admins.empty()) {
        return rows::still_used(kKind, name, {{"users", uses.users}, {"admins", uses.admins}});
      }
    }
    SLIPWAY_TRY(connection.execute("DELETE FROM {users_groups_mapping} WHERE group_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {admins_groups_mapping} WHERE group_id = ?", {*id}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {groups} WHERE id = ?", {*id}));
    return rows::bump_definitions(connection);
  });
}

Result<GroupUses> SqlStore::group_uses(std::string_view name) {
  return database_.read([&](sql::Connection& connection) -> Result<GroupUses> {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {groups} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    return uses_of_group(connection, name);
  });
}

}  // namespace slipway::accounts
