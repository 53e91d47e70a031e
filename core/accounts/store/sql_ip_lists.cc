#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "ip list entry";

constexpr Page::Table kTable = {
    .table = "{ip_lists}",
    .key = "ipornet",
    .columns = "t.type, t.ipornet, t.mode, t.protocols, t.created_at, t.updated_at, t.document",
    .before = "type",
};

Result<std::string> document_of_entry(const IpListEntry& entry) {
  IpListEntry rest = entry;
  rest.ipornet.clear();
  rest.type = rest.mode = rest.protocols = 0;
  rest.created_at = rest.updated_at = 0;
  return rows::document_of(rest, kKind);
}

Result<IpListEntry> read_entry(const sql::Row& row) {
  SLIPWAY_ASSIGN(IpListEntry entry, rows::entity_of<IpListEntry>(row.text(6), kKind, row.text(1)));
  entry.type = static_cast<int>(row.integer(0));
  entry.ipornet = row.text(1);
  entry.mode = static_cast<int>(row.integer(2));
  entry.protocols = static_cast<int>(row.integer(3));
  entry.created_at = row.integer(4);
  entry.updated_at = row.integer(5);
  return entry;
}

Status changed_entry(sql::Connection& connection, const sql::Outcome<std::int64_t>& outcome, std::string_view ipornet) {
  SLIPWAY_TRY(rows::changed(outcome, kKind, ipornet));
  SLIPWAY_TRY(connection.execute("UPDATE {definitions} SET ip_lists_version = ip_lists_version + 1"));
  return ok();
}

}  // namespace

Result<IpListEntry> SqlStore::ip_list_entry(int type, std::string_view ipornet) {
  return database_.read([&](sql::Connection& connection) -> Result<IpListEntry> {
    Result<IpListEntry> found = rows::not_found(kKind, ipornet);
    SLIPWAY_TRY(connection.query(rows::select_by_key(kTable) + " AND t.type = ?", {ipornet, type},
                                 [&](const sql::Row& row) { found = read_entry(row); }));
    return found;
  });
}

Result<std::vector<IpListEntry>> SqlStore::ip_list_entries(int type, const ListRequest& request) {
  if (type == 0 && !request.after.empty()) {
    return Error(Errc::InvalidArgument, "ip lists", "a walk from entry to entry needs the type of the list");
  }
  return database_.read([&](sql::Connection& connection) {
    Page page(kTable, request);
    if (type != 0) page.where("type = ?", type);
    return rows::read_page<IpListEntry>(connection, page, read_entry);
  });
}

Status SqlStore::add_ip_list_entry(const IpListEntry& entry) {
  SLIPWAY_ASSIGN(const std::string document, document_of_entry(entry));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto added = connection.execute(
        "INSERT INTO {ip_lists} (type, ipornet, mode, protocols, created_at, updated_at, document) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        {entry.type, entry.ipornet, entry.mode, entry.protocols, entry.created_at, entry.updated_at, document});
    if (added.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, entry.ipornet);
    return changed_entry(connection, added, entry.ipornet);
  });
}

Status SqlStore::update_ip_list_entry(const IpListEntry& entry) {
  SLIPWAY_ASSIGN(const std::string document, document_of_entry(entry));
  return database_.write([&](sql::Connection& connection) -> Status {
    return changed_entry(
        connection,
        connection.execute("UPDATE {ip_lists} SET mode = ?, protocols = ?, updated_at = ?, "
                           "document = ? WHERE type = ? AND ipornet = ?",
                           {entry.mode, entry.protocols, entry.updated_at, document, entry.type, entry.ipornet}),
        entry.ipornet);
  });
}

Status SqlStore::remove_ip_list_entry(int type, std::string_view ipornet) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return changed_entry(connection,
                         connection.execute("DELETE FROM {ip_lists} WHERE type = ? AND ipornet = ?", {type, ipornet}),
                         ipornet);
  });
}

Result<std::uint64_t> SqlStore::ip_lists_version() {
  return database_.read([](sql::Connection& connection) -> Result<std::uint64_t> {
    SLIPWAY_ASSIGN(const auto version, connection.integer("SELECT ip_lists_version FROM {definitions}"));
    return static_cast<std::uint64_t>(version.value_or(0));
  });
}

}  // namespace slipway::accounts
