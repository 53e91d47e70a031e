#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

template <>
struct Traits<Role> : NamedTraits {
  static constexpr std::string_view kType = "role";
  static std::string name(const Role& role) { return role.name; }
  static std::string role(const Role&) { return {}; }
  static Result<Role> find(AccountStore& store, std::string_view key) { return store.role(key); }
  static Result<std::vector<Role>> list(AccountStore& store, const ListRequest& request) {
    return store.roles(request);
  }
  static Status add(AccountStore& store, const Role& role) { return store.add_role(role); }
  static Status update(AccountStore& store, const Role& role) { return store.update_role(role); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_role(key, IfUsed::Refuse); }

  static void prepare(Role& role, const Save& save) {
    role.id = 0;
    role.created_at = role.updated_at = save.now_ms;
  }

  static Status preserve(Role& role, const Role& old, const Save& save) {
    role.id = old.id;
    role.created_at = old.created_at;
    role.updated_at = save.now_ms;
    if (!save.restoring) keep_stored(role.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, Role& role, const Save& save) { return check_alone(rooms, role, save); }

  static Status describe_uses(AccountStore& store, Role& role) {
    SLIPWAY_ASSIGN(auto uses, store.role_uses(role.name));
    role.users = std::move(uses.users);
    role.admins = std::move(uses.admins);
    return ok();
  }
};

template class Catalog<Role>;

}  // namespace slipway::accounts
