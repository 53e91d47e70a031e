// Changes of stored counters, gathered for a moment and written together: a small file does not pay a transaction.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "core/accounts/store/store.h"

namespace slipway::session {

// A change is in the store at the latest kDelay after it was added, as one transaction with the others of that time; a
// process that is killed loses at most those. What cannot be written is logged and dropped. Thread-safe.
class CounterJournal {
 public:
  static constexpr std::chrono::milliseconds kDelay{100};

  // `store` outlives it.
  explicit CounterJournal(accounts::AccountStore& store) : store_(store) {}
  ~CounterJournal();  // writes what waits
  CounterJournal(const CounterJournal&) = delete;
  CounterJournal& operator=(const CounterJournal&) = delete;

  void add_user_quota(const std::string& username, accounts::QuotaCounters delta);
  void add_user_transfer(const std::string& username, accounts::TransferCounters delta);
  void add_folder_quota(const std::string& folder, accounts::QuotaCounters delta);
  // Uses of a share that has no limit, negative ones for those given back. False: shares have changed since `version`
  // (AccountStore::shares_version), and nothing was counted.
  bool add_share_uses(const std::string& share, std::int64_t uses, std::int64_t now_ms, std::uint64_t version);

  // Everything that was added before is in the store, or was reported as lost, when it returns. Cheap when nothing
  // waits.
  void flush();
  // The same for what was added for this share; it leaves the rest to wait.
  void flush_share(const std::string& share);

 private:
  struct ShareUses {
    std::int64_t uses = 0, last_use_at = 0;
  };
  struct Pending {
    std::map<std::string, accounts::QuotaCounters> users, folders;
    std::map<std::string, accounts::TransferCounters> transfers;
    std::map<std::string, ShareUses> shares;
    bool empty() const noexcept { return users.empty() && folders.empty() && transfers.empty() && shares.empty(); }
  };

  // Changes what waits, and sees to it that somebody writes it. With the lock held.
  template <class Change>
  void change(Change&& change);
  template <class Change>
  void add(Change&& change);
  void write_pending(std::unique_lock<std::mutex>& lock);
  void write(const Pending& changes);
  void run(const std::stop_token& stop);

  accounts::AccountStore& store_;
  std::mutex mutex_;
  std::condition_variable_any added_;
  std::condition_variable written_;
  Pending pending_;
  bool writing_ = false;
  std::jthread writer_;  // from the first change on
};

}  // namespace slipway::session
