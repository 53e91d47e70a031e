#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"
#include "core/base/ids.h"

namespace slipway::accounts {

template <>
struct Traits<ApiKey> {
  static constexpr std::string_view kType = "api_key";
  static std::string key(const AccountRooms&, std::string_view id) { return std::string(id); }
  static std::string name(const ApiKey& key) { return key.id; }
  static std::string role(const ApiKey&) { return {}; }
  static Result<ApiKey> find(AccountStore& store, std::string_view id) { return store.api_key(id); }
  static Result<std::vector<ApiKey>> list(AccountStore& store, const ListRequest& request) {
    return store.api_keys(request);
  }
  static Status add(AccountStore& store, const ApiKey& key) { return store.add_api_key(key); }

  // The store never changes a key's hash; a restore may bring another one.
  static Status update(AccountStore& store, const ApiKey& key) {
    return store.in_transaction([&]() -> Status {
      SLIPWAY_ASSIGN(const auto old, store.api_key(key.id));
      if (old.key == key.key) return store.update_api_key(key);
      SLIPWAY_TRY(store.remove_api_key(key.id));
      return store.add_api_key(key);
    });
  }

  static Status remove(AccountStore& store, std::string_view id) { return store.remove_api_key(id); }

  static void prepare(ApiKey& key, const Save& save) {
    if (key.id.empty()) key.id = make_unique_id();
    if (!save.restoring) key.last_use_at = key.created_at = 0;
    if (key.created_at == 0) key.created_at = save.now_ms;
    if (!save.restoring || key.updated_at == 0) key.updated_at = save.now_ms;
  }

  static Status preserve(ApiKey& key, const ApiKey& old, const Save& save) {
    key.created_at = old.created_at;
    key.last_use_at = old.last_use_at;
    key.updated_at = save.now_ms;
    if (save.restoring) return ok();
    key.key = old.key;
    keep_stored(key.extra, old.extra);
    if (old.expires_at > 0 && (key.expires_at <= 0 || key.expires_at > old.expires_at)) {
      return Error(Errc::InvalidArgument, "/expires_at", "can be brought forward but not put off");
    }
    return ok();
  }

  static Status check(AccountRooms& rooms, ApiKey& key, const Save& save) { return check_alone(rooms, key, save); }
  static Status describe_uses(AccountStore&, ApiKey&) { return ok(); }
};

template class Catalog<ApiKey>;

}  // namespace slipway::accounts
