#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kFolder = "folder";

// The two counters that `sql` selects for `name`.
template <class Counters>
Result<Counters> read_counters(sql::Database& database, std::string_view sql, std::string_view kind,
                               std::string_view name) {
  return database.read([&](sql::Connection& connection) -> Result<Counters> {
    Result<Counters> counters = rows::not_found(kind, name);
    SLIPWAY_TRY(connection.query(sql, {name}, [&](const sql::Row& row) {
      counters = Counters{row.integer(0), row.integer(1)};
    }));
    return counters;
  });
}

Status write_counters(sql::Database& database, std::string_view sql, std::string_view kind, std::string_view name,
                      std::int64_t first, std::int64_t second, std::int64_t now_ms) {
  return database.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute(sql, {first, second, now_ms, name}), kind, name);
  });
}

}  // namespace

Result<QuotaCounters> SqlStore::user_quota(std::string_view username) {
  return read_counters<QuotaCounters>(
      database_, "SELECT used_quota_size, used_quota_files FROM {users} WHERE username = ?", kUser, username);
}

Status SqlStore::set_user_quota(std::string_view username, QuotaCounters value, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {users} SET used_quota_size = ?, used_quota_files = ?, last_quota_update = ? "
                        "WHERE username = ?",
                        kUser, username, value.size, value.files, now_ms);
}

Status SqlStore::add_user_quota(std::string_view username, QuotaCounters delta, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {users} SET used_quota_size = used_quota_size + ?, "
                        "used_quota_files = used_quota_files + ?, last_quota_update = ? WHERE username = ?",
                        kUser, username, delta.size, delta.files, now_ms);
}

Result<TransferCounters> SqlStore::user_transfer(std::string_view username) {
  return read_counters<TransferCounters>(
      database_, "SELECT used_upload_data_transfer, used_download_data_transfer FROM {users} WHERE username = ?", kUser,
      username);
}

Status SqlStore::set_user_transfer(std::string_view username, TransferCounters value, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {users} SET used_upload_data_transfer = ?, used_download_data_transfer = ?, "
                        "last_quota_update = ? WHERE username = ?",
                        kUser, username, value.uploaded, value.downloaded, now_ms);
}

Status SqlStore::add_user_transfer(std::string_view username, TransferCounters delta, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {users} SET used_upload_data_transfer = used_upload_data_transfer + ?, "
                        "used_download_data_transfer = used_download_data_transfer + ?, last_quota_update = ? "
                        "WHERE username = ?",
                        kUser, username, delta.uploaded, delta.downloaded, now_ms);
}

Result<QuotaCounters> SqlStore::folder_quota(std::string_view name) {
  return read_counters<QuotaCounters>(
      database_, "SELECT used_quota_size, used_quota_files FROM {folders} WHERE name = ?", kFolder, name);
}

Status SqlStore::set_folder_quota(std::string_view name, QuotaCounters value, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {folders} SET used_quota_size = ?, used_quota_files = ?, last_quota_update = ? "
                        "WHERE name = ?",
                        kFolder, name, value.size, value.files, now_ms);
}

Status SqlStore::add_folder_quota(std::string_view name, QuotaCounters delta, std::int64_t now_ms) {
  return write_counters(database_,
                        "UPDATE {folders} SET used_quota_size = used_quota_size + ?, "
                        "used_quota_files = used_quota_files + ?, last_quota_update = ? WHERE name = ?",
                        kFolder, name, delta.size, delta.files, now_ms);
}

}  // namespace slipway::accounts
