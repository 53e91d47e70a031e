#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "event action";

constexpr Page::Table kTable = {
    .table = "{events_actions}",
    .key = "name",
    .columns = "t.id, t.name, t.type, t.document",
};

Result<std::string> document_of_action(const EventAction& action) {
  EventAction rest = action;
  rest.id = 0;
  rest.name.clear();
  rest.type = 0;
  rest.rules.clear();
  return rows::document_of(rest, kKind);
}

Result<EventAction> read_action(const sql::Row& row) {
  SLIPWAY_ASSIGN(EventAction action, rows::entity_of<EventAction>(row.text(3), kKind, row.text(1)));
  action.id = row.integer(0);
  action.name = row.text(1);
  action.type = static_cast<int>(row.integer(2));
  return action;
}

Result<std::vector<std::string>> rules_with(sql::Connection& connection, std::int64_t action_id) {
  SLIPWAY_ASSIGN(auto names, connection.texts("SELECT DISTINCT r.name FROM {rules_actions_mapping} m "
                                              "JOIN {events_rules} r ON r.id = m.rule_id WHERE m.action_id = ? "
                                              "ORDER BY r.name",
                                              {action_id}));
  return names;
}

}  // namespace

Result<EventAction> SqlStore::event_action(std::string_view name) {
  return database_.read([&](sql::Connection& connection) {
    return rows::find<EventAction>(connection, kTable, kKind, name, read_action);
  });
}

Result<std::vector<EventAction>> SqlStore::event_actions(const ListRequest& request) {
  return database_.read(
      [&](sql::Connection& connection) { return rows::list<EventAction>(connection, kTable, request, read_action); });
}

Status SqlStore::add_event_action(const EventAction& action) {
  SLIPWAY_ASSIGN(const std::string document, document_of_action(action));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto id = connection.insert("INSERT INTO {events_actions} (name, type, document) VALUES (?, ?, ?)",
                                      {action.name, action.type, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, action.name);
    if (!id) return id.error();
    return ok();
  });
}

Status SqlStore::update_event_action(const EventAction& action) {
  SLIPWAY_ASSIGN(const std::string document, document_of_action(action));
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("UPDATE {events_actions} SET type = ?, document = ? WHERE name = ?",
                                            {action.type, document, action.name}),
                         kKind, action.name);
  });
}

Status SqlStore::remove_event_action(std::string_view name) {
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {events_actions} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    SLIPWAY_ASSIGN(const auto rules, rules_with(connection, *id));
    if (!rules.empty()) return rows::still_used(kKind, name, {{"rules", rules}});
    SLIPWAY_TRY(connection.execute("DELETE FROM {events_actions} WHERE id = ?", {*id}));
    return ok();
  });
}

Result<std::vector<std::string>> SqlStore::event_action_uses(std::string_view name) {
  return database_.read([&](sql::Connection& connection) -> Result<std::vector<std::string>> {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {events_actions} WHERE name = ?", {name}));
    if (!id) return rows::not_found(kKind, name);
    return rules_with(connection, *id);
  });
}

}  // namespace slipway::accounts
