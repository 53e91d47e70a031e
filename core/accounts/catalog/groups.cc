#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

template <>
struct Traits<Group> : NamedTraits {
  static constexpr std::string_view kType = "group";
  static std::string name(const Group& group) { return group.name; }
  static std::string role(const Group&) { return {}; }
  static Result<Group> find(AccountStore& store, std::string_view key) { return store.group(key); }
  static Result<std::vector<Group>> list(AccountStore& store, const ListRequest& request) {
    return store.groups(request);
  }
  static Status add(AccountStore& store, const Group& group) { return store.add_group(group); }
  static Status update(AccountStore& store, const Group& group) { return store.update_group(group); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_group(key, IfUsed::Refuse); }

  static void prepare(Group& group, const Save& save) {
    group.id = 0;
    group.created_at = group.updated_at = save.now_ms;
  }

  static Status preserve(Group& group, const Group& old, const Save& save) {
    group.id = old.id;
    group.created_at = old.created_at;
    group.updated_at = save.now_ms;
    if (save.restoring) return ok();
    keep_stored(group.user_settings.filesystem, old.user_settings.filesystem);
    keep_stored(group.user_settings.filters.extra, old.user_settings.filters.extra);
    keep_stored(group.user_settings.extra, old.user_settings.extra);
    keep_stored(group.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, Group& group, const Save& save) { return check_alone(rooms, group, save); }

  static Status describe_uses(AccountStore& store, Group& group) {
    SLIPWAY_ASSIGN(auto uses, store.group_uses(group.name));
    group.users = std::move(uses.users);
    group.admins = std::move(uses.admins);
    return ok();
  }
};

template class Catalog<Group>;

}  // namespace slipway::accounts
