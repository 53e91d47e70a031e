#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "share";
constexpr std::string_view kFindUser = "SELECT id FROM {users} WHERE username = ?";

constexpr Page::Table kTable = {
    .table = "{shares}",
    .key = "share_id",
    .columns =
        "t.id, t.share_id, u.username, t.password, t.created_at, t.updated_at, t.last_use_at, t.expires_at, "
        "t.max_tokens, t.used_tokens, t.document",
    .joins = "JOIN {users} u ON u.id = t.user_id",
};

struct StoredShare : Share {
  std::int64_t row_id = 0;
};

Result<std::string> document_of_share(const Share& share) {
  Share rest = share;
  rest.id.clear();
  rest.username.clear();
  rest.password.clear();
  rest.created_at = rest.updated_at = rest.last_use_at = rest.expires_at = 0;
  rest.max_tokens = rest.used_tokens = 0;
  rest.groups.clear();
  return rows::document_of(rest, kKind);
}

Result<StoredShare> read_share(const sql::Row& row) {
  SLIPWAY_ASSIGN(Share share, rows::entity_of<Share>(row.text(10), kKind, row.text(1)));
  share.id = row.text(1);
  share.username = row.text(2);
  share.password = row.text(3);
  share.created_at = row.integer(4);
  share.updated_at = row.integer(5);
  share.last_use_at = row.integer(6);
  share.expires_at = row.integer(7);
  share.max_tokens = row.integer(8);
  share.used_tokens = row.integer(9);
  return StoredShare{std::move(share), row.integer(0)};
}

Status load_groups(sql::Connection& connection, StoredShare& share) {
  SLIPWAY_TRY(connection.query(
      "SELECT g.name, m.permissions FROM {shares_groups_mapping} m JOIN {groups} g ON g.id = m.group_id "
      "WHERE m.share_id = ? ORDER BY m.sort_order",
      {share.row_id}, [&](const sql::Row& row) {
        share.groups.push_back({row.string(0), static_cast<int>(row.integer(1))});
      }));
  return ok();
}

Status store_groups(sql::Connection& connection, std::int64_t row_id, const Share& share) {
  SLIPWAY_TRY(connection.execute("DELETE FROM {shares_groups_mapping} WHERE share_id = ?", {row_id}));
  int order = 0;
  for (const ShareGroup& group : share.groups) {
    const auto added = connection.execute(
        "INSERT INTO {shares_groups_mapping} (share_id, group_id, permissions, sort_order) "
        "SELECT ?, id, ?, ? FROM {groups} WHERE name = ?",
        {row_id, group.permissions, order++, group.group_name});
    if (added.failed_with(sql::FailureKind::Unique)) return rows::listed_twice("group", group.group_name);
    if (!added) return added.error();
    if (*added == 0) return rows::missing_reference("group", group.group_name);
  }
  return ok();
}

Status bump_shares(sql::Connection& connection) {
  SLIPWAY_TRY(connection.execute("UPDATE {definitions} SET shares_version = shares_version + 1"));
  return ok();
}

Result<std::vector<Share>> list_shares(sql::Connection& connection, Page& page) {
  SLIPWAY_ASSIGN(auto stored, rows::read_page<StoredShare>(connection, page, read_share, load_groups));
  std::vector<Share> shares;
  shares.reserve(stored.size());
  for (StoredShare& share : stored) shares.push_back(std::move(share));
  return shares;
}

}  // namespace

Result<Share> SqlStore::share(std::string_view id) {
  return database_.read([&](sql::Connection& connection) -> Result<Share> {
    SLIPWAY_ASSIGN(StoredShare found, rows::find<StoredShare>(connection, kTable, kKind, id, read_share, load_groups));
    return Share(std::move(found));
  });
}

Result<std::vector<Share>> SqlStore::shares(const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) -> Result<std::vector<Share>> {
    Page page(kTable, request);
    return list_shares(connection, page);
  });
}

Result<std::vector<Share>> SqlStore::shares_of(std::string_view username, const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) -> Result<std::vector<Share>> {
    SLIPWAY_ASSIGN(const auto user, connection.integer(kFindUser, {username}));
    if (!user) return rows::not_found("user", username);
    Page page(kTable, request);
    page.where("user_id = ?", *user);
    return list_shares(connection, page);
  });
}

Result<std::vector<Share>> SqlStore::shares_seen_by(std::string_view username, const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) -> Result<std::vector<Share>> {
    SLIPWAY_ASSIGN(const auto user, connection.integer(kFindUser, {username}));
    if (!user) return rows::not_found("user", username);
    Page page(kTable, request);
    page.where(
        "(user_id = ? OR id IN (SELECT m.share_id FROM {shares_groups_mapping} m "
        "JOIN {users_groups_mapping} g ON g.group_id = m.group_id WHERE g.user_id = ? AND (m.permissions & 1) <> 0))",
        *user, *user);
    return list_shares(connection, page);
  });
}

Status SqlStore::add_share(const Share& share) {
  SLIPWAY_ASSIGN(const std::string document, document_of_share(share));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto user, connection.integer(kFindUser, {share.username}));
    if (!user) return rows::missing_reference("user", share.username);
    const auto id = connection.insert(
        "INSERT INTO {shares} (share_id, user_id, password, created_at, updated_at, last_use_at, expires_at, "
        "max_tokens, "
        "used_tokens, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {share.id, *user, share.password, share.created_at, share.updated_at, share.last_use_at, share.expires_at,
         share.max_tokens, share.used_tokens, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, share.id);
    if (!id) return id.error();
    SLIPWAY_TRY(store_groups(connection, *id, share));
    return bump_shares(connection);
  });
}

Status SqlStore::update_share(const Share& share) {
  SLIPWAY_ASSIGN(const std::string document, document_of_share(share));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {shares} WHERE share_id = ?", {share.id}));
    if (!id) return rows::not_found(kKind, share.id);
    SLIPWAY_ASSIGN(const auto user, connection.integer(kFindUser, {share.username}));
    if (!user) return rows::missing_reference("user", share.username);
    SLIPWAY_TRY(
        connection.execute("UPDATE {shares} SET user_id = ?, password = ?, updated_at = ?, last_use_at = ?, expires_at "
                           "= ?, max_tokens = ?, "
                           "used_tokens = ?, document = ? WHERE id = ?",
                           {*user, share.password, share.updated_at, share.last_use_at, share.expires_at,
                            share.max_tokens, share.used_tokens, document, *id}));
    SLIPWAY_TRY(store_groups(connection, *id, share));
    return bump_shares(connection);
  });
}

Status SqlStore::remove_share(std::string_view id) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(rows::changed(connection.execute("DELETE FROM {shares} WHERE share_id = ?", {id}), kKind, id));
    return bump_shares(connection);
  });
}

Status SqlStore::use_share(std::string_view id, std::int64_t tokens, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    if (tokens < 0) {
      return rows::changed(connection.execute("UPDATE {shares} SET used_tokens = CASE WHEN used_tokens + ? > 0 THEN "
                                              "used_tokens + ? ELSE 0 END WHERE share_id = ?",
                                              {tokens, tokens, id}),
                           kKind, id);
    }
    SLIPWAY_ASSIGN(const auto counted,
                   connection.execute("UPDATE {shares} SET used_tokens = used_tokens + ?, last_use_at = ? "
                                      "WHERE share_id = ? AND (max_tokens = 0 OR used_tokens + ? <= max_tokens)",
                                      {tokens, now_ms, id, tokens}));
    if (counted > 0) return ok();
    SLIPWAY_ASSIGN(const auto found, connection.integer("SELECT id FROM {shares} WHERE share_id = ?", {id}));
    if (!found) return rows::not_found(kKind, id);
    return Error(Errc::QuotaExceeded, "share", "all of its uses are taken");
  });
}

Status SqlStore::add_share_uses(std::string_view id, std::int64_t tokens, std::int64_t last_use_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(
        connection.execute("UPDATE {shares} SET used_tokens = CASE WHEN used_tokens + ? > 0 THEN used_tokens + ? ELSE "
                           "0 END, last_use_at = CASE WHEN last_use_at < ? THEN ? ELSE last_use_at END "
                           "WHERE share_id = ?",
                           {tokens, tokens, last_use_ms, last_use_ms, id}),
        kKind, id);
  });
}

Result<std::int64_t> SqlStore::used_tokens(std::string_view id) {
  return database_.read([&](sql::Connection& connection) -> Result<std::int64_t> {
    SLIPWAY_ASSIGN(const auto used, connection.integer("SELECT used_tokens FROM {shares} WHERE share_id = ?", {id}));
    if (!used) return rows::not_found(kKind, id);
    return *used;
  });
}

Status SqlStore::replace_share_password(std::string_view id, std::string_view old_hash, std::string_view new_hash) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto stored, connection.text("SELECT password FROM {shares} WHERE share_id = ?", {id}));
    if (!stored) return rows::not_found(kKind, id);
    if (*stored != old_hash) return rows::password_changed(kKind, id);
    SLIPWAY_TRY(connection.execute("UPDATE {shares} SET password = ? WHERE share_id = ?", {new_hash, id}));
    return bump_shares(connection);
  });
}

}  // namespace slipway::accounts
