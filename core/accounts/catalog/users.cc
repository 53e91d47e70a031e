#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

namespace {

// The rules that the user's primary group adds to its password.
Result<PasswordRules> primary_group_rules(AccountStore& store, const User& user, const ValidationSettings& settings) {
  for (const auto& mapping : user.groups) {
    if (mapping.type != GroupType::Primary) continue;
    const auto group = store.group(convert_name(mapping.name, settings.naming_rules));
    if (!group && group.code() == Errc::NotFound) break;  // named by the store when the user is saved
    if (!group) return group.error();
    const auto& filters = group->user_settings.filters;
    return PasswordRules{static_cast<double>(filters.password_strength), filters.password_policy};
  }
  return PasswordRules{};
}

}  // namespace

template <>
struct Traits<User> : NamedTraits {
  static constexpr std::string_view kType = "user";
  static std::string name(const User& user) { return user.username; }
  static std::string role(const User& user) { return user.role; }
  static Result<User> find(AccountStore& store, std::string_view key) { return store.user(key); }
  static Result<std::vector<User>> list(AccountStore& store, const ListRequest& request) {
    return store.users(request);
  }
  static Status add(AccountStore& store, const User& user) { return store.add_user(user); }
  static Status update(AccountStore& store, const User& user) { return store.update_user(user); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_user(key); }

  static void prepare(User& user, const Save& save) {
    user.id = 0;
    user.used_quota_size = user.used_quota_files = user.last_quota_update = 0;
    user.used_upload_data_transfer = user.used_download_data_transfer = 0;
    user.last_login = user.first_upload = user.first_download = 0;
    user.created_at = user.updated_at = save.now_ms;
    if (save.restoring) return;
    user.filters.totp_config = {};
    user.filters.recovery_codes.clear();
  }

  static Status preserve(User& user, const User& old, const Save& save) {
    user.id = old.id;
    user.used_quota_size = old.used_quota_size;
    user.used_quota_files = old.used_quota_files;
    user.last_quota_update = old.last_quota_update;
    user.used_upload_data_transfer = old.used_upload_data_transfer;
    user.used_download_data_transfer = old.used_download_data_transfer;
    user.last_login = old.last_login;
    user.first_upload = old.first_upload;
    user.first_download = old.first_download;
    user.created_at = old.created_at;
    user.updated_at = save.now_ms;
    if (save.restoring) return ok();
    if (user.password.empty()) user.password = old.password;
    user.last_password_change = old.last_password_change;
    user.filters.totp_config = old.filters.totp_config;
    user.filters.recovery_codes = old.filters.recovery_codes;
    keep_stored(user.filesystem, old.filesystem);
    keep_stored(user.filters.extra, old.filters.extra);
    keep_stored(user.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, User& user, const Save& save) {
    const auto settings = rooms.validation_settings();
    auto context = context_of(rooms, *settings, save);
    SLIPWAY_ASSIGN(const auto rules, primary_group_rules(rooms.store, user, *settings));
    context.inherited_rules = &rules;
    return validate(user, context);
  }

  static Status describe_uses(AccountStore&, User&) { return ok(); }
};

template class Catalog<User>;

}  // namespace slipway::accounts
