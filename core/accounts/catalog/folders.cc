#include "core/accounts/catalog/catalog_impl.h"
#include "core/accounts/catalog/kept.h"

namespace slipway::accounts {

template <>
struct Traits<Folder> : NamedTraits {
  static constexpr std::string_view kType = "folder";
  static std::string name(const Folder& folder) { return folder.name; }
  static std::string role(const Folder&) { return {}; }
  static Result<Folder> find(AccountStore& store, std::string_view key) { return store.folder(key); }
  static Result<std::vector<Folder>> list(AccountStore& store, const ListRequest& request) {
    return store.folders(request);
  }
  static Status add(AccountStore& store, const Folder& folder) { return store.add_folder(folder); }
  static Status update(AccountStore& store, const Folder& folder) { return store.update_folder(folder); }
  static Status remove(AccountStore& store, std::string_view key) { return store.remove_folder(key, IfUsed::Refuse); }

  static void prepare(Folder& folder, const Save&) {
    folder.id = 0;
    folder.used_quota_size = folder.used_quota_files = folder.last_quota_update = 0;
  }

  static Status preserve(Folder& folder, const Folder& old, const Save& save) {
    folder.id = old.id;
    folder.used_quota_size = old.used_quota_size;
    folder.used_quota_files = old.used_quota_files;
    folder.last_quota_update = old.last_quota_update;
    if (save.restoring) return ok();
    keep_stored(folder.filesystem, old.filesystem);
    keep_stored(folder.extra, old.extra);
    return ok();
  }

  static Status check(AccountRooms& rooms, Folder& folder, const Save& save) {
    return check_alone(rooms, folder, save);
  }

  static Status describe_uses(AccountStore& store, Folder& folder) {
    SLIPWAY_ASSIGN(auto uses, store.folder_uses(folder.name));
    folder.users = std::move(uses.users);
    folder.groups = std::move(uses.groups);
    return ok();
  }
};

template class Catalog<Folder>;

}  // namespace slipway::accounts
