#include "core/session/shared_counters.h"

namespace slipway::session {
namespace {

// The live object of `key`, or the one that `make` makes: made outside the lock, the first one wins.
template <class T, class Map, class Make>
Result<std::shared_ptr<T>> shared(std::mutex& mutex, Map& map, const std::string& key, Make make) {
  {
    std::lock_guard lock(mutex);
    if (const auto it = map.find(key); it != map.end())
      if (auto live = it->second.lock()) return live;
  }
  SLIPWAY_ASSIGN(std::shared_ptr<T> made, make());
  std::lock_guard lock(mutex);
  std::erase_if(map, [](const auto& item) { return item.second.expired(); });
  auto& slot = map[key];
  if (auto live = slot.lock()) return live;
  slot = made;
  return made;
}

template <class Map>
auto find_live(std::mutex& mutex, const Map& map, const std::string& key) {
  std::lock_guard lock(mutex);
  const auto it = map.find(key);
  return it == map.end() ? decltype(it->second.lock())() : it->second.lock();
}

}  // namespace

Result<std::shared_ptr<vfs::QuotaAccount>> SharedCounters::user_quota(const std::string& username,
                                                                      const vfs::QuotaLimits& limits) {
  if (tracking_ == QuotaTracking::Off || (tracking_ == QuotaTracking::LimitedUsers && !limits.limited()))
    return std::shared_ptr<vfs::QuotaAccount>();
  return shared<vfs::QuotaAccount>(mutex_, users_, username, [&]() -> Result<std::shared_ptr<vfs::QuotaAccount>> {
    journal_.flush();
    SLIPWAY_ASSIGN(const auto used, store_.user_quota(username));
    return std::make_shared<vfs::QuotaAccount>(vfs::QuotaUsage{used.size, used.files},
                                               [this, username](vfs::QuotaUsage d) {
                                                 journal_.add_user_quota(username, {d.size, d.files});
                                               });
  });
}

Result<std::shared_ptr<vfs::QuotaAccount>> SharedCounters::folder_quota(const std::string& folder) {
  if (tracking_ == QuotaTracking::Off) return std::shared_ptr<vfs::QuotaAccount>();
  return shared<vfs::QuotaAccount>(mutex_, folders_, folder, [&]() -> Result<std::shared_ptr<vfs::QuotaAccount>> {
    journal_.flush();
    SLIPWAY_ASSIGN(const auto used, store_.folder_quota(folder));
    return std::make_shared<vfs::QuotaAccount>(vfs::QuotaUsage{used.size, used.files},
                                               [this, folder](vfs::QuotaUsage d) {
                                                 journal_.add_folder_quota(folder, {d.size, d.files});
                                               });
  });
}

Result<std::shared_ptr<vfs::TransferAccount>> SharedCounters::user_transfers(const std::string& username,
                                                                             const vfs::TransferLimits& limits) {
  if (tracking_ == QuotaTracking::Off || (tracking_ == QuotaTracking::LimitedUsers && !limits.limited()))
    return std::shared_ptr<vfs::TransferAccount>();
  return shared<vfs::TransferAccount>(
      mutex_, transfers_, username, [&]() -> Result<std::shared_ptr<vfs::TransferAccount>> {
        journal_.flush();
        SLIPWAY_ASSIGN(const auto used, store_.user_transfer(username));
        return std::make_shared<vfs::TransferAccount>(used.uploaded, used.downloaded,
                                                      [this, username](std::int64_t uploaded, std::int64_t downloaded) {
                                                        journal_.add_user_transfer(username, {uploaded, downloaded});
                                                      });
      });
}

std::shared_ptr<vfs::Bandwidth> SharedCounters::bandwidth(const std::string& key, std::int64_t bytes_per_second) {
  if (bytes_per_second <= 0) return nullptr;
  auto bucket = shared<vfs::Bandwidth>(mutex_, bandwidths_, key, [&]() -> Result<std::shared_ptr<vfs::Bandwidth>> {
    return std::make_shared<vfs::Bandwidth>(bytes_per_second);
  });
  (*bucket)->set_rate(bytes_per_second);
  return *bucket;
}

void SharedCounters::reload_user(const std::string& username) {
  journal_.flush();
  if (const auto quota = find_live(mutex_, users_, username))
    if (const auto used = store_.user_quota(username)) quota->reset({used->size, used->files});
  if (const auto transfers = find_live(mutex_, transfers_, username))
    if (const auto used = store_.user_transfer(username)) transfers->reset(used->uploaded, used->downloaded);
}

void SharedCounters::reload_folder(const std::string& folder) {
  journal_.flush();
  if (const auto quota = find_live(mutex_, folders_, folder))
    if (const auto used = store_.folder_quota(folder)) quota->reset({used->size, used->files});
}

}  // namespace slipway::session
