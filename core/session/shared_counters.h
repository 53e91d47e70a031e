// One live set of counters for each account and folder, however many sessions use it: quota, transferred bytes,
// bandwidth.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/accounts/store/store.h"
#include "core/session/counter_journal.h"
#include "core/vfs/policy.h"

namespace slipway::session {

// data_provider.track_quota
enum class QuotaTracking : std::uint8_t { Off, All, LimitedUsers };

// Counters are loaded when the first session needs them and stored soon after they change (CounterJournal); they live
// as long as a session holds them. Thread-safe; `store` and this outlive every counter.
class SharedCounters {
 public:
  SharedCounters(accounts::AccountStore& store, QuotaTracking tracking)
      : store_(store), tracking_(tracking), journal_(store) {}

  // Null when this account's use is not tracked.
  Result<std::shared_ptr<vfs::QuotaAccount>> user_quota(const std::string& username, const vfs::QuotaLimits& limits);
  Result<std::shared_ptr<vfs::QuotaAccount>> folder_quota(const std::string& folder);
  Result<std::shared_ptr<vfs::TransferAccount>> user_transfers(const std::string& username,
                                                               const vfs::TransferLimits& limits);
  // The bucket of `key` (a user, direction and source group), at this rate from now on; null for no limit.
  std::shared_ptr<vfs::Bandwidth> bandwidth(const std::string& key, std::int64_t bytes_per_second);

  // As CounterJournal says.
  bool add_share_uses(const std::string& share, std::int64_t uses, std::int64_t now_ms, std::uint64_t version) {
    return journal_.add_share_uses(share, uses, now_ms, version);
  }
  void flush_share(const std::string& share) { journal_.flush_share(share); }
  // The store has every change that was made until now: before somebody reads or sets what it has.
  void flush() { journal_.flush(); }
  // After an administrator or a scan has set the stored counters.
  void reload_user(const std::string& username);
  void reload_folder(const std::string& folder);

  QuotaTracking tracking() const noexcept { return tracking_; }

 private:
  template <class T>
  using Weak = std::map<std::string, std::weak_ptr<T>, std::less<>>;

  accounts::AccountStore& store_;
  const QuotaTracking tracking_;
  CounterJournal journal_;
  std::mutex mutex_;
  Weak<vfs::QuotaAccount> users_, folders_;
  Weak<vfs::TransferAccount> transfers_;
  Weak<vfs::Bandwidth> bandwidths_;
};

}  // namespace slipway::session
