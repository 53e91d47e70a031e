// The tokens that ended before their time: of this server, and of those that share its database.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "jwt.h"
#include "slipway/revocations.h"

namespace slipway::httpd {

// One for all bindings whose tokens have the same key. Thread-safe.
class EndedTokens {
 public:
  using Clock = std::chrono::system_clock;
  // `shared` outlives it; null: nobody else takes these tokens, and they are remembered in this process.
  explicit EndedTokens(RevocationService* shared = nullptr) : shared_(shared) {}

  // From now on this server takes it no more. The error, if any, says that others may.
  Status add(const Claims& claims, Clock::time_point now);
  // Unavailable, retryable: nobody knows at the moment.
  Result<bool> contains(const std::string& id) const;

 private:
  RevocationService* const shared_;
  mutable std::mutex mutex_;                             // guards what follows
  std::unordered_map<std::string, std::int64_t> ended_;  // by id, with the second from which it has expired anyway
  std::int64_t next_sweep_ = 0;
};

}  // namespace slipway::httpd
