#include "core/session/revocations.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "core/log/log.h"

namespace slipway::session {
namespace {

constexpr std::string_view kSender = "revocations";
constexpr std::size_t kAtATime = 1000;
constexpr std::chrono::minutes kSweepEvery{1};
// The clocks of servers differ: what has ended here may be good for another for some time.
constexpr std::int64_t kSlack = 120;  // seconds

}  // namespace

Revocations::Revocations(accounts::AccountStore& store, Settings settings)
    : store_(store), settings_(std::move(settings)) {}

Revocations::~Revocations() { stop(); }

std::int64_t Revocations::unix_seconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(settings_.wall_clock().time_since_epoch()).count();
}

Status Revocations::start() {
  SLIPWAY_TRY(read_new());
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    auto next_sweep = Clock::now() + kSweepEvery;
    while (true) {
      {
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, settings_.every, [] { return false; });
      }
      if (stop.stop_requested()) return;
      refresh();
      if (Clock::now() < next_sweep) continue;
      forget_expired();
      next_sweep = Clock::now() + kSweepEvery;
    }
  });
  return ok();
}

void Revocations::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Status Revocations::read_new() {
  while (true) {
    SLIPWAY_ASSIGN(const auto found, store_.revoked_tokens_after(revision_, kAtATime));
    std::lock_guard lock(mutex_);
    for (const auto& token : found.tokens) known_[token.id] = token.expires_at;
    revision_ = found.revision;
    is_answered_ = true;
    if (found.tokens.size() < kAtATime) return ok();
  }
}

void Revocations::refresh() {
  const Status read = read_new();
  if (read) return;
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    is_first = std::exchange(is_answered_, false);
    if (is_first) silent_since_ = settings_.now();
  }
  if (is_first)
    log::error(kSender, "unable to read which tokens other servers have ended",
               {{"error", read.error().message()}, {"no_tokens_after_s", settings_.patience.count()}});
}

void Revocations::forget_expired() {
  const std::int64_t before = unix_seconds() - kSlack;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(known_, [&](const auto& entry) { return entry.second <= before; });
  }
  if (const Status removed = store_.remove_expired_revoked_tokens(before); !removed)
    log::error(kSender, "unable to forget tokens that have expired", {{"error", removed.error().message()}});
}

Status Revocations::revoke(std::string_view id, std::chrono::system_clock::time_point until) {
  if (id.empty() || id.size() > kMaxId)
    return Error(Errc::InvalidArgument, "token", "its id has 1 to " + std::to_string(kMaxId) + " bytes");
  const auto end = std::chrono::ceil<std::chrono::seconds>(until.time_since_epoch()).count();
  {
    std::lock_guard lock(mutex_);
    known_[std::string(id)] = end;
  }
  return store_.add_revoked_token({std::string(id), end});
}

Result<bool> Revocations::is_revoked(std::string_view id) const {
  std::shared_lock lock(mutex_);
  if (known_.find(id) != known_.end()) return true;
  if (!is_answered_ && settings_.now() - silent_since_ > settings_.patience)
    return Error(Errc::Unavailable, "tokens", "the database does not say which ones have ended", true);
  return false;
}

}  // namespace slipway::session
