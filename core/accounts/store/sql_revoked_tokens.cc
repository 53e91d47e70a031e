#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {

Status SqlStore::add_revoked_token(const RevokedToken& token) {
  return database_.write([&](sql::Connection& connection) -> Status {
    // Whoever counts up holds the row until the commit: nobody sees a revision before all lower ones.
    SLIPWAY_TRY(connection.execute("UPDATE {definitions} SET revocations = revocations + 1"));
    SLIPWAY_ASSIGN(const auto known,
                   connection.integer("SELECT COUNT(*) FROM {revoked_tokens} WHERE token = ?", {token.id}));
    if (known.value_or(0) > 0) return ok();
    SLIPWAY_ASSIGN(const auto revision, connection.integer("SELECT revocations FROM {definitions}"));
    SLIPWAY_TRY(connection.insert("INSERT INTO {revoked_tokens} (token, expires_at, revision) VALUES (?, ?, ?)",
                                  {token.id, token.expires_at, revision.value_or(0)}));
    return ok();
  });
}

Result<RevokedTokens> SqlStore::revoked_tokens_after(std::int64_t revision, std::size_t limit) {
  return database_.read([&](sql::Connection& connection) -> Result<RevokedTokens> {
    RevokedTokens found;
    found.revision = revision;
    SLIPWAY_TRY(connection.query(
        "SELECT token, expires_at, revision FROM {revoked_tokens} WHERE revision > ? ORDER BY revision LIMIT ?",
        {revision, static_cast<std::int64_t>(limit)}, [&](const sql::Row& row) {
          found.tokens.push_back({row.string(0), row.integer(1)});
          found.revision = row.integer(2);
        }));
    return found;
  });
}

Status SqlStore::remove_expired_revoked_tokens(std::int64_t now) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {revoked_tokens} WHERE expires_at <= ?", {now}));
    return ok();
  });
}

}  // namespace slipway::accounts
