// Event actions and rules: stored and validated here.
#include "core/management/crud.h"

namespace slipway::management {
namespace {

namespace json = boost::json;
using accounts::EventAction;
using accounts::EventRule;

constexpr int kOnDemand = 6;  // EventRule::trigger

struct EventActions {
  static constexpr const char* kKey = "name";
  static auto& catalog(accounts::Accounts& accounts) { return accounts.event_actions(); }
};
struct EventRules {
  static constexpr const char* kKey = "name";
  static auto& catalog(accounts::Accounts& accounts) { return accounts.event_rules(); }
};
using Actions = Crud<EventAction, EventActions>;
using Rules = Crud<EventRule, EventRules>;

// A rule is written with the names of its actions and read with the actions whole.
Result<json::value> rendered(const Call& call, const EventRule& rule, accounts::Rendering rendering) {
  json::object object = accounts::to_json(rule, rendering);
  json::array actions;
  for (const accounts::RuleAction& reference : rule.actions) {
    SLIPWAY_ASSIGN(const EventAction action, call.rooms.accounts.event_actions().get(reference.name));
    json::object item = accounts::to_json(action, rendering);
    item.erase("rules");
    item["order"] = reference.order;
    const auto& options = reference.relation_options;
    item["relation_options"] = json::object{{"is_failure_action", options.is_failure_action},
                                            {"stop_on_failure", options.stop_on_failure},
                                            {"execute_sync", options.execute_sync},
                                            {"execute_before_file_publish", options.execute_before_file_publish}};
    actions.push_back(std::move(item));
  }
  object["actions"] = std::move(actions);
  return json::value(std::move(object));
}

Result<json::value> list_rules(const Call& call) {
  SLIPWAY_ASSIGN(const accounts::ListRequest request, list_request(call));
  SLIPWAY_ASSIGN(const auto rules, call.rooms.accounts.event_rules().list(request));
  json::array items;
  for (const EventRule& rule : rules) {
    SLIPWAY_ASSIGN(json::value item, rendered(call, rule, accounts::Rendering::Api));
    items.push_back(std::move(item));
  }
  return page(std::move(items), request);
}

Result<json::value> get_rule(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.text("name"));
  SLIPWAY_ASSIGN(const EventRule rule, call.rooms.accounts.event_rules().get(name));
  return rendered(call, rule, rendering_of(call));
}

Result<json::value> add_rule(const Call& call) {
  SLIPWAY_ASSIGN(EventRule rule, entity_of<EventRule>(call));
  SLIPWAY_ASSIGN(const EventRule stored, call.rooms.accounts.event_rules().add(std::move(rule), call.actor));
  return rendered(call, stored, rendering_of(call));
}

Result<json::value> update_rule(const Call& call) {
  SLIPWAY_ASSIGN(EventRule rule, entity_of<EventRule>(call));
  SLIPWAY_ASSIGN(const EventRule stored, call.rooms.accounts.event_rules().update(std::move(rule), call.actor));
  return rendered(call, stored, accounts::Rendering::Api);
}

Result<json::value> run_rule(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.text("name"));
  SLIPWAY_ASSIGN(const EventRule rule, call.rooms.accounts.event_rules().get(name));
  if (rule.trigger != kOnDemand)
    return Error(Errc::InvalidArgument, rule.name, "the rule does not have the trigger on demand");
  if (rule.status != 1) return Error(Errc::InvalidArgument, rule.name, "the rule is not enabled");
  return Error(Errc::NotSupported, rule.name, "this version keeps rules but does not run them");
}

constexpr Operation kOperations[] = {
    {{"event_actions.list", "*", "", "EventAction[]", "Lists event actions."}, Actions::list},
    {{"event_actions.get", "*", "", "EventAction", "One event action, by name."}, Actions::get},
    {{"event_actions.add", "*", "EventAction", "EventAction", "Adds an event action."}, Actions::add},
    {{"event_actions.update", "*", "EventAction", "EventAction", "Replaces an event action."}, Actions::update},
    {{"event_actions.delete", "*", "", "", "Deletes an event action that no rule runs."}, Actions::remove},

    {{"event_rules.list", "*", "", "EventRule[]", "Lists event rules, each with its actions."}, list_rules},
    {{"event_rules.get", "*", "", "EventRule", "One event rule with its actions, by name."}, get_rule},
    {{"event_rules.add", "*", "EventRule", "EventRule", "Adds an event rule."}, add_rule},
    {{"event_rules.update", "*", "EventRule", "EventRule", "Replaces an event rule."}, update_rule},
    {{"event_rules.delete", "*", "", "", "Deletes an event rule."}, Rules::remove},
    {{"event_rules.run", "*", "", "", "Runs a rule with the trigger on demand, by name."}, run_rule},
};

}  // namespace

std::span<const Operation> event_operations() { return kOperations; }

}  // namespace slipway::management
