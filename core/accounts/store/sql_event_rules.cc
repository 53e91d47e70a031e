#include "core/accounts/store/rows.h"
#include "core/accounts/store/sql_store.h"

namespace slipway::accounts {
namespace {

using rows::Page;
constexpr std::string_view kKind = "event rule";

constexpr Page::Table kTable = {
    .table = "{events_rules}",
    .key = "name",
    .columns = "t.id, t.name, t.status, t.trigger_type, t.created_at, t.updated_at, t.document",
};

Result<std::string> document_of_rule(const EventRule& rule) {
  EventRule rest = rule;
  rest.id = 0;
  rest.name.clear();
  rest.status = 0;
  rest.trigger = 0;
  rest.created_at = rest.updated_at = 0;
  rest.actions.clear();
  return rows::document_of(rest, kKind);
}

Result<EventRule> read_rule(const sql::Row& row) {
  SLIPWAY_ASSIGN(EventRule rule, rows::entity_of<EventRule>(row.text(6), kKind, row.text(1)));
  rule.id = row.integer(0);
  rule.name = row.text(1);
  rule.status = static_cast<int>(row.integer(2));
  rule.trigger = static_cast<int>(row.integer(3));
  rule.created_at = row.integer(4);
  rule.updated_at = row.integer(5);
  return rule;
}

Status load_actions(sql::Connection& connection, EventRule& rule) {
  SLIPWAY_TRY(connection.query(
      "SELECT a.name, m.action_order, m.is_failure_action, m.stop_on_failure, m.execute_sync, "
      "m.execute_before_file_publish FROM {rules_actions_mapping} m JOIN {events_actions} a ON a.id = m.action_id "
      "WHERE m.rule_id = ? ORDER BY m.sort_order",
      {rule.id}, [&](const sql::Row& row) {
        rule.actions.push_back({row.string(0),
                                static_cast<int>(row.integer(1)),
                                {row.integer(2) != 0, row.integer(3) != 0, row.integer(4) != 0, row.integer(5) != 0}});
      }));
  return ok();
}

Status store_actions(sql::Connection& connection, std::int64_t rule_id, const EventRule& rule) {
  SLIPWAY_TRY(connection.execute("DELETE FROM {rules_actions_mapping} WHERE rule_id = ?", {rule_id}));
  int order = 0;
  for (const RuleAction& action : rule.actions) {
    const RuleActionOptions& options = action.relation_options;
    SLIPWAY_ASSIGN(
        const auto added,
        connection.execute("INSERT INTO {rules_actions_mapping} (rule_id, action_id, action_order, "
                           "is_failure_action, stop_on_failure, execute_sync, execute_before_file_publish, "
                           "sort_order) SELECT ?, id, ?, ?, ?, ?, ?, ? FROM {events_actions} WHERE name = ?",
                           {rule_id, action.order, options.is_failure_action, options.stop_on_failure,
                            options.execute_sync, options.execute_before_file_publish, order++, action.name}));
    if (added == 0) return rows::missing_reference("event action", action.name);
  }
  return ok();
}

}  // namespace

Result<EventRule> SqlStore::event_rule(std::string_view name) {
  return database_.read([&](sql::Connection& connection) {
    return rows::find<EventRule>(connection, kTable, kKind, name, read_rule, load_actions);
  });
}

Result<std::vector<EventRule>> SqlStore::event_rules(const ListRequest& request) {
  return database_.read([&](sql::Connection& connection) {
    return rows::list<EventRule>(connection, kTable, request, read_rule, load_actions);
  });
}

Status SqlStore::add_event_rule(const EventRule& rule) {
  SLIPWAY_ASSIGN(const std::string document, document_of_rule(rule));
  return database_.write([&](sql::Connection& connection) -> Status {
    const auto id = connection.insert(
        "INSERT INTO {events_rules} (name, status, trigger_type, created_at, updated_at, document) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        {rule.name, rule.status, rule.trigger, rule.created_at, rule.updated_at, document});
    if (id.failed_with(sql::FailureKind::Unique)) return rows::exists(kKind, rule.name);
    if (!id) return id.error();
    return store_actions(connection, *id, rule);
  });
}

Status SqlStore::update_event_rule(const EventRule& rule) {
  SLIPWAY_ASSIGN(const std::string document, document_of_rule(rule));
  return database_.write([&](sql::Connection& connection) -> Status {
    SLIPWAY_ASSIGN(const auto id, connection.integer("SELECT id FROM {events_rules} WHERE name = ?", {rule.name}));
    if (!id) return rows::not_found(kKind, rule.name);
    SLIPWAY_TRY(connection.execute(
        "UPDATE {events_rules} SET status = ?, trigger_type = ?, updated_at = ?, document = ? WHERE id = ?",
        {rule.status, rule.trigger, rule.updated_at, document, *id}));
    return store_actions(connection, *id, rule);
  });
}

Status SqlStore::remove_event_rule(std::string_view name) {
  return database_.write([&](sql::Connection& connection) -> Status {
    return rows::changed(connection.execute("DELETE FROM {events_rules} WHERE name = ?", {name}), kKind, name);
  });
}

}  // namespace slipway::accounts
