// The tokens that servers which share a database have ended, kept in step by asking it again and again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "core/accounts/store/store.h"
#include "slipway/revocations.h"

namespace slipway::session {

// Nobody's request asks the database: one thread does, for all. Thread-safe; the store outlives it.
class Revocations final : public RevocationService {
 public:
  using Clock = std::chrono::steady_clock;
  using WallClock = std::chrono::system_clock;
  struct Settings {
    std::chrono::milliseconds every{250};
    std::chrono::seconds patience{10};  // how long an unanswered question leaves what was known in force
    std::function<Clock::time_point()> now = Clock::now;
    std::function<WallClock::time_point()> wall_clock = WallClock::now;
  };

  Revocations(accounts::AccountStore& store, Settings settings);
  ~Revocations();

  // Reads all there are, then goes on by itself.
  Status start();
  void stop();
  // What the thread does each time, and now and then: it takes what has expired out of the database and of memory.
  // By one thread at a time, before start() or after stop().
  void refresh();
  void forget_expired();

  Status revoke(std::string_view id, std::chrono::system_clock::time_point until) override;
  Result<bool> is_revoked(std::string_view id) const override;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Known = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;  // with the second of their end

  Status read_new();
  std::int64_t unix_seconds() const;

  accounts::AccountStore& store_;
  const Settings settings_;
  std::int64_t revision_ = 0;  // the last one read; by one thread at a time: start(), then the thread

  mutable std::shared_mutex mutex_;  // guards what follows
  Known known_;
  bool is_answered_ = true;  // the last question
  Clock::time_point silent_since_{};

  std::jthread thread_;
};

}  // namespace slipway::session
