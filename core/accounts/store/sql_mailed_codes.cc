#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

std::int64_t number(CodeOwner owner) { return static_cast<std::int64_t>(owner); }

Status insert(sql::Connection& connection, const MailedCode& code) {
  SLIPWAY_TRY(
      connection.insert("INSERT INTO {mailed_codes} (digest, owner, owner_id, name, expires_at, tries) "
                        "VALUES (?, ?, ?, ?, ?, ?)",
                        {code.digest, number(code.owner), code.owner_id, code.name, code.expires_at, code.tries}));
  return ok();
}

Status remove_expired(sql::Connection& connection, std::int64_t now_ms) {
  SLIPWAY_TRY(connection.execute("DELETE FROM {mailed_codes} WHERE expires_at <= ?", {now_ms}));
  return ok();
}

}  // namespace

Result<bool> SqlStore::add_mailed_code(const MailedCode& code, std::int64_t now_ms, MailedCodeLimits limits) {
  return database_.write([&](sql::Connection& connection) -> Result<bool> {
    SLIPWAY_TRY(remove_expired(connection, now_ms));
    SLIPWAY_ASSIGN(const auto own,
                   connection.integer("SELECT COUNT(*) FROM {mailed_codes} WHERE name = ? AND owner = ?",
                                      {code.name, number(code.owner)}));
    SLIPWAY_ASSIGN(const auto all,
                   connection.integer("SELECT COUNT(*) FROM {mailed_codes} WHERE owner = ?", {number(code.owner)}));
    if (own.value_or(0) >= limits.of_owner || all.value_or(0) >= limits.altogether) return false;
    SLIPWAY_TRY(insert(connection, code));
    return true;
  });
}

Result<MailedCode> SqlStore::take_mailed_code(std::string_view digest, CodeOwner owner, std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) -> Result<MailedCode> {
    Result<MailedCode> found = Error(Errc::NotFound, "code");
    SLIPWAY_TRY(connection.query(
        "SELECT digest, owner, owner_id, name, expires_at, tries FROM {mailed_codes} WHERE digest = ? AND "
        "expires_at > ?",
        {digest, now_ms}, [&](const sql::Row& row) {
          found = MailedCode{row.string(0),  static_cast<CodeOwner>(row.integer(1)),
                             row.integer(2), row.string(3),
                             row.integer(4), row.integer(5)};
        }));
    if (!found) return found;
    if (found->owner != owner) return Error(Errc::Conflict, "code", "is one of another kind of account");
    SLIPWAY_TRY(connection.execute("DELETE FROM {mailed_codes} WHERE digest = ?", {digest}));
    return found;
  });
}

Result<bool> SqlStore::try_mailed_code(const MailedCode& shown, std::int64_t now_ms, std::int64_t max_tries) {
  return database_.write([&](sql::Connection& connection) -> Result<bool> {
    const auto owner = number(shown.owner);
    SLIPWAY_ASSIGN(
        const auto taken,
        connection.execute("DELETE FROM {mailed_codes} WHERE digest = ? AND owner = ? AND name = ? AND expires_at > ?",
                           {shown.digest, owner, shown.name, now_ms}));
    if (taken > 0) return true;
    SLIPWAY_TRY(connection.execute("UPDATE {mailed_codes} SET tries = tries + 1 WHERE name = ? AND owner = ?",
                                   {shown.name, owner}));
    SLIPWAY_TRY(connection.execute("DELETE FROM {mailed_codes} WHERE name = ? AND owner = ? AND tries >= ?",
                                   {shown.name, owner, max_tries}));
    // Whether there were codes must not show in the time: with nothing to write, a commit would cost nothing.
    MailedCode blank = shown;
    blank.digest = "tried " + shown.digest;
    blank.expires_at = 0;
    SLIPWAY_TRY(insert(connection, blank));
    SLIPWAY_TRY(remove_expired(connection, now_ms));
    return false;
  });
}

Status SqlStore::remove_mailed_code(std::string_view digest) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {mailed_codes} WHERE digest = ?", {digest}));
    return ok();
  });
}

Status SqlStore::remove_mailed_codes_of(CodeOwner owner, std::string_view name) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {mailed_codes} WHERE name = ? AND owner = ?", {name, number(owner)}));
    return ok();
  });
}

Status SqlStore::remove_expired_mailed_codes(std::int64_t now_ms) {
  return database_.write([&](sql::Connection& connection) { return remove_expired(connection, now_ms); });
}

}  // namespace slipway::accounts
