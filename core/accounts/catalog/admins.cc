#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

template <>
struct Traits<Admin> : NamedTraits {
  static constexpr std::string_view kType = "admin";
  static std::string name(const Admin& admin) { return admin.username; }
  static std::string role(const Admin& admin) { return admin.role; }
  static Result<Admin> find(AccountStore& store, std::string_view key) { return store.admin(key); }
  static Result<std::vector<Admin>> list(AccountStore& store, const ListRequest& request) {
    return store.admins(request);
  }
  static Status add(AccountStore& store, const Admin& admin) { return store.add_admin(admin); }
  static Status update(AccountStore& store, const Admin& admin) { return store.update_admin(admin); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_admin(key); }

  static void prepare(Admin& admin, const Save& save) {
    admin.id = 0;
    admin.last_login = 0;
    admin.created_at = admin.updated_at = save.now_ms;
    if (save.restoring) return;
    admin.filters.totp_config = {};
    admin.filters.recovery_codes.clear();
  }

  static Status preserve(Admin& admin, const Admin& old, const Save& save) {
    admin.id = old.id;
    admin.last_login = old.last_login;
    admin.created_at = old.created_at;
    admin.updated_at = save.now_ms;
    if (save.restoring) return ok();
    if (admin.password.empty()) admin.password = old.password;
    admin.filters.totp_config = old.filters.totp_config;
    admin.filters.recovery_codes = old.filters.recovery_codes;
    keep_stored(admin.filters.extra, old.filters.extra);
    keep_stored(admin.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, Admin& admin, const Save& save) { return check_alone(rooms, admin, save); }
  static Status describe_uses(AccountStore&, Admin&) { return ok(); }
};

template class Catalog<Admin>;

}  // namespace slipway::accounts
