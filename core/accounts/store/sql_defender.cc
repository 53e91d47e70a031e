#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {

Result<std::vector<DefenderHost>> SqlStore::defender_hosts() {
  return database_.read([](sql::Connection& connection) -> Result<std::vector<DefenderHost>> {
    std::vector<DefenderHost> hosts;
    std::int64_t last_id = 0;
    SLIPWAY_TRY(
        connection.query("SELECT h.id, h.ip, h.ban_time, h.updated_at, e.happened_at, e.score FROM {defender_hosts} h "
                         "LEFT JOIN {defender_events} e ON e.host_id = h.id ORDER BY h.id, e.happened_at, e.id",
                         {}, [&](const sql::Row& row) {
                           if (hosts.empty() || row.integer(0) != last_id)
                             hosts.push_back({row.string(1), row.integer(2), row.integer(3), {}});
                           last_id = row.integer(0);
                           if (!row.is_null(4)) hosts.back().events.push_back({row.integer(4), row.integer(5)});
                         }));
    return hosts;
  });
}

Status SqlStore::put_defender_host(const DefenderHost& host) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(auto id, connection.integer("SELECT id FROM {defender_hosts} WHERE ip = ?", {host.ip}));
    if (id) {
      SLIPWAY_TRY(connection.execute("UPDATE {defender_hosts} SET ban_time = ?, updated_at = ? WHERE id = ?",
                                     {host.ban_time, host.updated_at, *id}));
      SLIPWAY_TRY(connection.execute("DELETE FROM {defender_events} WHERE host_id = ?", {*id}));
    } else {
      SLIPWAY_ASSIGN(id, connection.insert("INSERT INTO {defender_hosts} (ip, ban_time, updated_at) VALUES (?, ?, ?)",
                                           {host.ip, host.ban_time, host.updated_at}));
    }
    for (const DefenderEvent& event : host.events)
      SLIPWAY_TRY(connection.execute("INSERT INTO {defender_events} (host_id, happened_at, score) VALUES (?, ?, ?)",
                                     {*id, event.at, event.score}));
    return ok();
  });
}

Status SqlStore::remove_defender_host(std::string_view ip) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_TRY(connection.execute("DELETE FROM {defender_hosts} WHERE ip = ?", {ip}));
    return ok();
  });
}

}  // namespace slipway::accounts
