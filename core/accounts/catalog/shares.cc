#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"
#include "core/base/ids.h"

namespace slipway::accounts {

template <>
struct Traits<Share> {
  static constexpr std::string_view kType = "share";
  static std::string key(const AccountRooms&, std::string_view id) { return std::string(id); }
  static std::string name(const Share& share) { return share.id; }
  static std::string role(const Share&) { return {}; }
  static Result<Share> find(AccountStore& store, std::string_view id) { return store.share(id); }
  static Result<std::vector<Share>> list(AccountStore& store, const ListRequest& request) {
    return store.shares(request);
  }
  static Status add(AccountStore& store, const Share& share) { return store.add_share(share); }
  static Status update(AccountStore& store, const Share& share) { return store.update_share(share); }
  static Status remove(AccountStore& store, std::string_view id) { return store.remove_share(id); }

  static void prepare(Share& share, const Save& save) {
    if (!save.restoring) {
      share.id.clear();
      share.created_at = share.updated_at = share.last_use_at = share.used_tokens = 0;
    }
    if (share.id.empty()) share.id = make_unique_id();
    if (share.created_at == 0) share.created_at = save.now_ms;
    if (share.updated_at == 0) share.updated_at = save.now_ms;
  }

  static void keep_counters(Share& share, const Share& stored) {
    share.last_use_at = stored.last_use_at;
    share.used_tokens = stored.used_tokens;
  }

  static Status preserve(Share& share, const Share& old, const Save& save) {
    if (save.restoring) {
      if (share.updated_at == 0) share.updated_at = save.now_ms;
      return ok();
    }
    share.username = old.username;
    share.created_at = old.created_at;
    share.updated_at = save.now_ms;
    keep_counters(share, old);
    if (share.password == "[**redacted**]") share.password = old.password;
    if (save.by_delegate) {
      share.paths = old.paths;
      share.scope = old.scope;
      share.groups = old.groups;
    }
    keep_stored(share.extra, old.extra);
    return ok();
  }

  // The owner's rules as they count at login: for the password, and for how long a share may live.
  static Status check(AccountRooms& rooms, Share& share, const Save& save) {
    const auto settings = rooms.validation_settings();
    auto context = context_of(rooms, *settings, save);
    PasswordRules rules = settings->user_passwords;
    const auto owner = rooms.effective_users.get(rooms.convert_name(share.username));
    if (!owner && owner.code() != Errc::NotFound) return owner.error();
    if (owner) {
      const auto& filters = (*owner)->user.filters;
      rules = combine_rules({static_cast<double>(filters.password_strength), filters.password_policy}, {}, rules);
      context.max_share_expiration = filters.max_shares_expiration;
    }
    context.inherited_rules = &rules;
    return validate(share, context);
  }

  static Status describe_uses(AccountStore&, Share&) { return ok(); }
};

template class Catalog<Share>;

}  // namespace slipway::accounts
