#include "core/session/counter_journal.h"

#include <algorithm>
#include <utility>

#include "core/log/log.h"

namespace slipway::session {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A counter that cannot be stored is a drift that a scan repairs; the transfer itself was fine. What was removed
// meanwhile has no counters.
void report(const Status& status, std::string_view what, std::string_view name) {
  if (status || status.code() == Errc::NotFound) return;
  log::error("dataprovider", "unable to store counters; run a quota scan once the store works again",
             {{"object", what}, {"name", name}, {"error", status.error().message()}});
}

void report_uses(const Status& status, std::string_view share) {
  if (status || status.code() == Errc::NotFound) return;
  log::error("dataprovider", "unable to store the uses of a share; they are not counted",
             {{"share", share}, {"error", status.error().message()}});
}

}  // namespace

CounterJournal::~CounterJournal() {
  writer_ = {};
  flush();
}

template <class Change>
void CounterJournal::change(Change&& change) {
  const bool first = pending_.empty();
  change(pending_);
  if (!writer_.joinable()) writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  if (first) added_.notify_one();
}

template <class Change>
void CounterJournal::add(Change&& change) {
  std::lock_guard lock(mutex_);
  this->change(std::forward<Change>(change));
}

void CounterJournal::add_user_quota(const std::string& username, accounts::QuotaCounters delta) {
  add([&](Pending& pending) {
    auto& sum = pending.users[username];
    sum.size += delta.size;
    sum.files += delta.files;
  });
}

void CounterJournal::add_user_transfer(const std::string& username, accounts::TransferCounters delta) {
  add([&](Pending& pending) {
    auto& sum = pending.transfers[username];
    sum.uploaded += delta.uploaded;
    sum.downloaded += delta.downloaded;
  });
}

void CounterJournal::add_folder_quota(const std::string& folder, accounts::QuotaCounters delta) {
  add([&](Pending& pending) {
    auto& sum = pending.folders[folder];
    sum.size += delta.size;
    sum.files += delta.files;
  });
}

bool CounterJournal::add_share_uses(const std::string& share, std::int64_t uses, std::int64_t now_ms,
                                    std::uint64_t version) {
  std::lock_guard lock(mutex_);
  // With the lock held: whoever finds that the share has a limit now comes to flush_share either after this use was
  // added, or after the version was seen to be another one.
  const auto now = store_.recent_shares_version();
  if (!now || *now != version) return false;
  change([&](Pending& pending) {
    ShareUses& sum = pending.shares[share];
    sum.uses += uses;
    if (uses > 0) sum.last_use_at = std::max(sum.last_use_at, now_ms);
  });
  return true;
}

void CounterJournal::flush_share(const std::string& share) {
  std::unique_lock lock(mutex_);
  const bool waits = pending_.shares.contains(share);
  if (!waits) return written_.wait(lock, [&] { return !writing_; });
  write_pending(lock);
}

void CounterJournal::flush() {
  std::unique_lock lock(mutex_);
  write_pending(lock);
}

void CounterJournal::write_pending(std::unique_lock<std::mutex>& lock) {
  written_.wait(lock, [&] { return !writing_; });
  if (pending_.empty()) return;
  const Pending changes = std::exchange(pending_, {});
  writing_ = true;
  lock.unlock();
  write(changes);
  lock.lock();
  writing_ = false;
  written_.notify_all();
}

void CounterJournal::write(const Pending& changes) {
  const auto now = now_ms();
  const Status done = store_.in_transaction([&]() -> Status {
    for (const auto& [name, delta] : changes.users) report(store_.add_user_quota(name, delta, now), "user", name);
    for (const auto& [name, delta] : changes.transfers)
      report(store_.add_user_transfer(name, delta, now), "user", name);
    for (const auto& [name, delta] : changes.folders) report(store_.add_folder_quota(name, delta, now), "folder", name);
    for (const auto& [id, sum] : changes.shares) report_uses(store_.add_share_uses(id, sum.uses, sum.last_use_at), id);
    return ok();
  });
  report(done, "transaction", "counters");
}

void CounterJournal::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (added_.wait(lock, stop, [&] { return !pending_.empty(); })) {
    added_.wait_for(lock, stop, kDelay, [] { return false; });
    lock.unlock();
    flush();
    lock.lock();
  }
}

}  // namespace slipway::session
