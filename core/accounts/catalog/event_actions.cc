#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"
#include "core/accounts/json_secrets.h"

namespace slipway::accounts {

template <>
struct Traits<EventAction> : NamedTraits {
  static constexpr std::string_view kType = "event_action";
  static std::string name(const EventAction& action) { return action.name; }
  static std::string role(const EventAction&) { return {}; }
  static Result<EventAction> find(AccountStore& store, std::string_view key) { return store.event_action(key); }
  static Result<std::vector<EventAction>> list(AccountStore& store, const ListRequest& request) {
    return store.event_actions(request);
  }
  static Status add(AccountStore& store, const EventAction& action) { return store.add_event_action(action); }
  static Status update(AccountStore& store, const EventAction& action) { return store.update_event_action(action); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_event_action(key); }

  static void prepare(EventAction& action, const Save&) { action.id = 0; }

  static Status preserve(EventAction& action, const EventAction& old, const Save& save) {
    action.id = old.id;
    if (save.restoring) return ok();
    keep_stored_secrets(action.options, old.options);
    keep_stored(action.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, EventAction& action, const Save& save) {
    return check_alone(rooms, action, save);
  }

  static Status describe_uses(AccountStore& store, EventAction& action) {
    SLIPWAY_ASSIGN(action.rules, store.event_action_uses(action.name));
    return ok();
  }
};

template class Catalog<EventAction>;

}  // namespace slipway::accounts
