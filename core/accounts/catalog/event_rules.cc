#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

template <>
struct Traits<EventRule> : NamedTraits {
  static constexpr std::string_view kType = "event_rule";
  static std::string name(const EventRule& rule) { return rule.name; }
  static std::string role(const EventRule&) { return {}; }
  static Result<EventRule> find(AccountStore& store, std::string_view key) { return store.event_rule(key); }
  static Result<std::vector<EventRule>> list(AccountStore& store, const ListRequest& request) {
    return store.event_rules(request);
  }
  static Status add(AccountStore& store, const EventRule& rule) { return store.add_event_rule(rule); }
  static Status update(AccountStore& store, const EventRule& rule) { return store.update_event_rule(rule); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_event_rule(key); }

  static void prepare(EventRule& rule, const Save& save) {
    rule.id = 0;
    rule.created_at = rule.updated_at = save.now_ms;
  }

  static Status preserve(EventRule& rule, const EventRule& old, const Save& save) {
    rule.id = old.id;
    rule.created_at = old.created_at;
    rule.updated_at = save.now_ms;
    if (!save.restoring) keep_stored(rule.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, EventRule& rule, const Save& save) { return check_alone(rooms, rule, save); }
  static Status describe_uses(AccountStore&, EventRule&) { return ok(); }
};

template class Catalog<EventRule>;

}  // namespace slipway::accounts
