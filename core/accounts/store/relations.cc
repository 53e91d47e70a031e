#include "core/accounts/store/relations.h"

#include "core/accounts/store/rows.h"

namespace slipway::accounts::relations {
namespace {

struct FolderStatements {
  std::string_view clear, add, read;
};
constexpr FolderStatements kUserFolders = {
    "DELETE FROM {users_folders_mapping} WHERE user_id = ?",
    "INSERT INTO {users_folders_mapping} (user_id, folder_id, virtual_path, quota_size, quota_files, subpath, "
    "sort_order) "
    "SELECT ?, id, ?, ?, ?, ?, ? FROM {folders} WHERE name = ?",
    "SELECT f.name, m.virtual_path, m.quota_size, m.quota_files, m.subpath FROM {users_folders_mapping} m "
    "JOIN {folders} f ON f.id = m.folder_id WHERE m.user_id = ? ORDER BY m.sort_order",
};
constexpr FolderStatements kGroupFolders = {
    "DELETE FROM {groups_folders_mapping} WHERE group_id = ?",
    "INSERT INTO {groups_folders_mapping} (group_id, folder_id, virtual_path, quota_size, quota_files, subpath, "
    "sort_order) "
    "SELECT ?, id, ?, ?, ?, ?, ? FROM {folders} WHERE name = ?",
    "SELECT f.name, m.virtual_path, m.quota_size, m.quota_files, m.subpath FROM {groups_folders_mapping} m "
    "JOIN {folders} f ON f.id = m.folder_id WHERE m.group_id = ? ORDER BY m.sort_order",
};

Status store_folders(sql::Connection& connection, const FolderStatements& statements, std::int64_t owner,
                     const std::vector<FolderMapping>& mappings) {
  SLIPWAY_TRY(connection.execute(statements.clear, {owner}));
  int order = 0;
  for (const FolderMapping& mapping : mappings) {
    SLIPWAY_ASSIGN(const auto added,
                   connection.execute(statements.add, {owner, mapping.virtual_path, mapping.quota_size,
                                                       mapping.quota_files, mapping.subpath, order++, mapping.name}));
    if (added == 0) return rows::missing_reference("folder", mapping.name);
  }
  return ok();
}

Result<std::vector<FolderMapping>> read_folders(sql::Connection& connection, const FolderStatements& statements,
                                                std::int64_t owner) {
  std::vector<FolderMapping> mappings;
  SLIPWAY_TRY(connection.query(statements.read, {owner}, [&](const sql::Row& row) {
    mappings.push_back({row.string(0), row.string(1), row.integer(2), row.integer(3), row.string(4)});
  }));
  return mappings;
}

// What an INSERT ... SELECT of a mapping to a group did.
Status added_group(const sql::Outcome<std::int64_t>& added, std::string_view group) {
  if (added.failed_with(sql::FailureKind::Unique)) return rows::listed_twice("group", group);
  if (!added) return added.error();
  if (*added == 0) return rows::missing_reference("group", group);
  return ok();
}

}  // namespace

Status store_user_folders(sql::Connection& connection, std::int64_t user_id,
                          const std::vector<FolderMapping>& mappings) {
  return store_folders(connection, kUserFolders, user_id, mappings);
}
Status store_group_folders(sql::Connection& connection, std::int64_t group_id,
                           const std::vector<FolderMapping>& mappings) {
  return store_folders(connection, kGroupFolders, group_id, mappings);
}
Result<std::vector<FolderMapping>> user_folders(sql::Connection& connection, std::int64_t user_id) {
  return read_folders(connection, kUserFolders, user_id);
}
Result<std::vector<FolderMapping>> group_folders(sql::Connection& connection, std::int64_t group_id) {
  return read_folders(connection, kGroupFolders, group_id);
}

Status store_user_groups(sql::Connection& connection, std::int64_t user_id, const std::vector<GroupMapping>& mappings) {
  SLIPWAY_TRY(connection.execute("DELETE FROM {users_groups_mapping} WHERE user_id = ?", {user_id}));
  int order = 0;
  for (const GroupMapping& mapping : mappings) {
    SLIPWAY_TRY(
        added_group(connection.execute("INSERT INTO {users_groups_mapping} (user_id, group_id, group_type, sort_order) "
                                       "SELECT ?, id, ?, ? FROM {groups} WHERE name = ?",
                                       {user_id, static_cast<int>(mapping.type), order++, mapping.name}),
                    mapping.name));
  }
  return ok();
}

Result<std::vector<GroupMapping>> user_groups(sql::Connection& connection, std::int64_t user_id) {
  std::vector<GroupMapping> mappings;
  SLIPWAY_TRY(
      connection.query("SELECT g.name, m.group_type FROM {users_groups_mapping} m JOIN {groups} g ON g.id = m.group_id "
                       "WHERE m.user_id = ? ORDER BY m.sort_order",
                       {user_id}, [&](const sql::Row& row) {
                         mappings.push_back({row.string(0), static_cast<GroupType>(row.integer(1))});
                       }));
  return mappings;
}

Status store_admin_groups(sql::Connection& connection, std::int64_t admin_id,
                          const std::vector<AdminGroupMapping>& mappings) {
  SLIPWAY_TRY(connection.execute("DELETE FROM {admins_groups_mapping} WHERE admin_id = ?", {admin_id}));
  int order = 0;
  for (const AdminGroupMapping& mapping : mappings) {
    SLIPWAY_TRY(added_group(
        connection.execute("INSERT INTO {admins_groups_mapping} (admin_id, group_id, add_to_users_as, sort_order) "
                           "SELECT ?, id, ?, ? FROM {groups} WHERE name = ?",
                           {admin_id, mapping.options.add_to_users_as, order++, mapping.name}),
        mapping.name));
  }
  return ok();
}

Result<std::vector<AdminGroupMapping>> admin_groups(sql::Connection& connection, std::int64_t admin_id) {
  std::vector<AdminGroupMapping> mappings;
  SLIPWAY_TRY(connection.query(
      "SELECT g.name, m.add_to_users_as FROM {admins_groups_mapping} m JOIN {groups} g ON g.id = m.group_id "
      "WHERE m.admin_id = ? ORDER BY m.sort_order",
      {admin_id}, [&](const sql::Row& row) {
        mappings.push_back({row.string(0), {static_cast<int>(row.integer(1))}});
      }));
  return mappings;
}

}  // namespace slipway::accounts::relations
