#include <algorithm>
#include <array>
#include <set>

#include <boost/json.hpp>

#include "core/accounts/validation/checks.h"
#include "core/base/json.h"

namespace slipway::accounts {

namespace {

// Which member of "options" belongs to which type of action.
struct OptionsOfType {
  int type;
  std::string_view member;
};
constexpr std::array kOptions = {OptionsOfType{1, "http_config"},
                                 OptionsOfType{2, "cmd_config"},
                                 OptionsOfType{3, "email_config"},
                                 OptionsOfType{8, "retention_config"},
                                 OptionsOfType{9, "fs_config"},
                                 OptionsOfType{11, "pwd_expiration_config"},
                                 OptionsOfType{13, "idp_config"},
                                 OptionsOfType{14, "user_inactivity_config"},
                                 OptionsOfType{16, "imap_config"},
                                 OptionsOfType{17, "icap_config"},
                                 OptionsOfType{18, "share_expiration_config"},
                                 OptionsOfType{19, "event_report_config"}};
constexpr int kReservedType = 10, kLastType = 19;
constexpr int kFilesystemTrigger = 1, kIdpLoginTrigger = 7;

Result<boost::json::object> object_of(const JsonText& text, std::string_view at) {
  if (text.empty()) return boost::json::object();
  auto value = parse_json(text.text, {.refuse_duplicates = false});
  if (!value || !value->is_object()) return invalid(at, "must be an object");
  return std::move(value->get_object());
}

// What may be left out may be null.
void drop_nulls(boost::json::object& object) {
  for (auto member = object.begin(); member != object.end();)
    member = member->value().is_null() ? object.erase(member) : member + 1;
}

template <class Fits>
Status check_list(const boost::json::object& object, const char* member, std::string_view what, Fits fits) {
  const auto* value = object.if_contains(member);
  if (value == nullptr) return ok();
  const std::string at = std::string("/conditions/") + member;
  if (!value->is_array()) return invalid(at, "must be a list");
  for (std::size_t i = 0; i < value->get_array().size(); ++i)
    if (!fits(value->get_array()[i])) return invalid(at_index(at, i), what);
  return ok();
}

Status check_conditions(const boost::json::object& conditions) {
  const auto is_text = [](const boost::json::value& value) { return value.is_string(); };
  const auto is_object = [](const boost::json::value& value) { return value.is_object(); };
  SLIPWAY_TRY(check_list(conditions, "fs_events", "must be text", is_text));
  SLIPWAY_TRY(check_list(conditions, "provider_events", "must be text", is_text));
  SLIPWAY_TRY(check_list(conditions, "schedules", "must be an object", is_object));
  if (const auto* event = conditions.if_contains("idp_login_event"))
    if (!event->is_int64() || event->get_int64() < 0 || event->get_int64() > 2)
      return invalid("/conditions/idp_login_event", "must be 0 (anybody), 1 (users) or 2 (administrators)");
  if (const auto* options = conditions.if_contains("options"); options != nullptr && !options->is_object())
    return invalid("/conditions/options", "must be an object");
  return ok();
}

JsonText text_of(const boost::json::object& object) {
  return JsonText(object.empty() ? std::string() : serialize_json(object));
}

Status check_rule_actions(const EventRule& rule) {
  if (rule.actions.empty()) return invalid("/actions", "at least one action is required");
  std::set<std::string> names;
  std::set<int> orders;
  bool only_failure_actions = true;
  for (std::size_t i = 0; i < rule.actions.size(); ++i) {
    const auto& action = rule.actions[i];
    const auto& options = action.relation_options;
    const auto at = at_index("/actions", i);
    if (action.name.empty()) return invalid(at + "/name", "is required");
    if (!names.insert(action.name).second) return invalid(at + "/name", "this action is listed already");
    if (!orders.insert(action.order).second) return invalid(at + "/order", "another action has the same order");
    only_failure_actions = only_failure_actions && options.is_failure_action;
    if (!options.execute_sync) continue;
    if (options.is_failure_action)
      return invalid(at + "/relation_options/execute_sync", "failure actions cannot be synchronous");
    if (rule.trigger != kFilesystemTrigger && rule.trigger != kIdpLoginTrigger) {
      return invalid(at + "/relation_options/execute_sync",
                     "is for filesystem events and identity provider logins only");
    }
  }
  if (only_failure_actions) return invalid("/actions", "at least one action must not be a failure action");
  return ok();
}

}  // namespace

Status validate(EventAction& action, const ValidationContext& context) {
  action.name = convert_name(action.name, context.settings.naming_rules);
  SLIPWAY_TRY(check_name(action.name, NameKind::Rules, context.settings, "/name"));
  if (action.type < 1 || action.type > kLastType || action.type == kReservedType) {
    return invalid("/type", "must be 1 to 9 or 11 to 19");
  }
  SLIPWAY_ASSIGN(auto options, object_of(action.options, "/options"));
  drop_nulls(options);
  for (const auto& [type, member] : kOptions) {
    if (type != action.type) options.erase(member);
    const auto* value = options.if_contains(member);
    if (value != nullptr && !value->is_object()) return invalid("/options/" + std::string(member), "must be an object");
  }
  action.options = text_of(options);
  action.rules.clear();
  return seal_all(action.options, action.name, context, "/options");
}

Status validate(EventRule& rule, const ValidationContext& context) {
  rule.name = convert_name(rule.name, context.settings.naming_rules);
  SLIPWAY_TRY(check_name(rule.name, NameKind::Rules, context.settings, "/name"));
  SLIPWAY_TRY(check_status(rule.status));
  if (rule.trigger < 1 || rule.trigger > 7) return invalid("/trigger", "must be 1 to 7");
  SLIPWAY_ASSIGN(auto conditions, object_of(rule.conditions, "/conditions"));
  drop_nulls(conditions);
  SLIPWAY_TRY(check_conditions(conditions));
  rule.conditions = text_of(conditions);
  for (auto& action : rule.actions) action.name = convert_name(action.name, context.settings.naming_rules);
  SLIPWAY_TRY(check_rule_actions(rule));
  std::stable_sort(rule.actions.begin(), rule.actions.end(),
                   [](const RuleAction& a, const RuleAction& b) { return a.order < b.order; });
  return ok();
}

Status validate(ServerConfigs& configs, const ValidationContext& context) {
  SLIPWAY_TRY(object_of(configs.sftpd, "/sftpd"));
  SLIPWAY_TRY(object_of(configs.acme, "/acme"));
  SLIPWAY_TRY(object_of(configs.branding, "/branding"));
  SLIPWAY_TRY(object_of(configs.smtp, "/smtp"));
  SLIPWAY_TRY(seal_all(configs.sftpd, "sftpd", context, "/sftpd"));
  return seal_all(configs.smtp, "smtp", context, "/smtp");
}

}  // namespace slipway::accounts
