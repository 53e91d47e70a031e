#include "core/session/counter_journal.h"

#include <utility>

#include "core/log/log.h"

namespace slipway::session {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A counter that cannot be stored is a drift that a scan repairs; the transfer itself was fine. Somebody who was
// removed meanwhile has no counters.
void report(const Status& status, std::string_view what, std::string_view name) {
  if (status || status.code() == Errc::NotFound) return;
  log::error("dataprovider", "unable to store counters; run a quota scan once the store works again",
             {{"object", what}, {"name", name}, {"error", status.error().message()}});
}

}  // namespace

CounterJournal::~CounterJournal() {
  writer_ = {};
  flush();
}

template <class Change>
void CounterJournal::add(Change&& change) {
  std::lock_guard lock(mutex_);
  const bool first = pending_.empty();
  change(pending_);
  if (!writer_.joinable()) writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  if (first) added_.notify_one();
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

void CounterJournal::flush() {
  std::unique_lock lock(mutex_);
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
