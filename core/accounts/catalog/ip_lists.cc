#include <charconv>

#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

namespace {

// "2/192.0.2.0/24" -> 2 and "192.0.2.0/24".
std::pair<int, std::string_view> parts_of(std::string_view key) {
  int type = 0;
  const auto slash = key.find('/');
  std::from_chars(key.data(), key.data() + std::min(slash, key.size()), type);
  return {type, slash == std::string_view::npos ? std::string_view() : key.substr(slash + 1)};
}

}  // namespace

template <>
struct Traits<IpListEntry> {
  static constexpr std::string_view kType = "ip_list_entry";
  static std::string name(const IpListEntry& entry) { return std::to_string(entry.type) + "/" + entry.ipornet; }
  static std::string role(const IpListEntry&) { return {}; }

  // As it is stored: a bare address is a network of one.
  static std::string key(const AccountRooms& rooms, std::string_view name) {
    const auto [type, ipornet] = parts_of(name);
    IpListEntry entry;
    entry.type = type;
    entry.ipornet = ipornet;
    entry.mode = 1;
    const auto settings = rooms.validation_settings();
    (void)validate(entry, context_of(rooms, *settings, {}));  // what is not a network is not found
    return Traits::name(entry);
  }

  static Result<IpListEntry> find(AccountStore& store, std::string_view key) {
    const auto [type, ipornet] = parts_of(key);
    return store.ip_list_entry(type, ipornet);
  }
  static Result<std::vector<IpListEntry>> list(AccountStore& store, const ListRequest& request) {
    return store.ip_list_entries(0, request);
  }
  static Status add(AccountStore& store, const IpListEntry& entry) { return store.add_ip_list_entry(entry); }
  static Status update(AccountStore& store, const IpListEntry& entry) { return store.update_ip_list_entry(entry); }
  static Status remove(AccountStore& store, std::string_view key) {
    const auto [type, ipornet] = parts_of(key);
    return store.remove_ip_list_entry(type, ipornet);
  }

  static void prepare(IpListEntry& entry, const Save& save) { entry.created_at = entry.updated_at = save.now_ms; }

  static Status preserve(IpListEntry& entry, const IpListEntry& old, const Save& save) {
    entry.created_at = old.created_at;
    entry.updated_at = save.now_ms;
    if (!save.restoring) keep_stored(entry.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, IpListEntry& entry, const Save& save) {
    return check_alone(rooms, entry, save);
  }
  static Status describe_uses(AccountStore&, IpListEntry&) { return ok(); }
};

template class Catalog<IpListEntry>;

}  // namespace slipway::accounts
