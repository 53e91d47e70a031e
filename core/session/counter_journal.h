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

  // Everything that was added before is in the store, or was reported as lost, when it returns. Cheap when nothing
  // waits.
  void flush();

 private:
  struct Pending {
    std::map<std::string, accounts::QuotaCounters> users, folders;
    std::map<std::string, accounts::TransferCounters> transfers;
    bool empty() const noexcept { return users.empty() && folders.empty() && transfers.empty(); }
  };

  // Changes what waits, with the lock held, and sees to it that somebody writes it.
  template <class Change>
  void add(Change&& change);
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
