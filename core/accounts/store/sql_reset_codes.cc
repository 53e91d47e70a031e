#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {

Result<bool> SqlStore::add_reset_code(const ResetCode& code, std::int64_t now_ms, ResetCodeLimits limits) {
  return database_.write([&](sql::Connection& connection) -> Result<bool> {
    const auto kind = static_cast<std::int64_t>(code.account);
    SLIPWAY_TRY(connection.execute("DELETE FROM {reset_codes} WHERE expires_at <= ?", {now_ms}));
    SLIPWAY_ASSIGN(
        const auto own,
        connection.integer("SELECT COUNT(*) FROM {reset_codes} WHERE name = ? AND account = ?", {code.name, kind}));
    SLIPWAY_ASSIGN(const auto all, connection.integer("SELECT COUNT(*) FROM {reset_codes}"));
    if (own.value_or(0) >= limits.of_account || all.value_or(0) >= limits.altogether) return false;
    SLIPWAY_TRY(
        connection.insert("INSERT INTO {reset_codes} (digest, account, account_id, name, expires_at, tries) "
                          "VALUES (?, ?, ?, ?, ?, ?)",
                          {code.digest, kind, code.account_id, code.name, code.expires_at, code.tries}));
    return true;
  });
}

Result<ResetCode> SqlStore::take_reset_code(std::string_view digest, ResetAccount account, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Result<ResetCode> {
    Result<ResetCode> found = Error(Errc::NotFound, "code");
    SLIPWAY_TRY(connection.query(
        "SELECT digest, account, account_id, name, expires_at, tries FROM {reset_codes} WHERE digest = ? AND "
        "expires_at > ?",
        {digest, now_ms}, [&](const sql::Row& row) {
          found = ResetCode{row.string(0),  static_cast<ResetAccount>(row.integer(1)),
                            row.integer(2), row.string(3),
                            row.integer(4), row.integer(5)};
        }));
    if (!found) return found;
    if (found->account != account) return Error(Errc::Conflict, "code", "is one of another kind of account");
    SLIPWAY_TRY(connection.execute("DELETE FROM {reset_codes} WHERE digest = ?", {digest}));
    return found;
  });
}

Status SqlStore::remove_reset_code(std::string_view digest) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {reset_codes} WHERE digest = ?", {digest}));
    return ok();
  });
}

Status SqlStore::remove_reset_codes_of(ResetAccount account, std::string_view name) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {reset_codes} WHERE name = ? AND account = ?",
                                   {name, static_cast<std::int64_t>(account)}));
    return ok();
  });
}

Status SqlStore::remove_expired_reset_codes(std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {reset_codes} WHERE expires_at <= ?", {now_ms}));
    return ok();
  });
}

}  // namespace slipway::accounts
