// When something was last done, for things that need not be done again soon.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/base/lock_guarded.h"

namespace slipway::accounts {

// Bounded: when full it forgets everything, and things are done once more. Thread-safe.
class RecentTimes {
 public:
  explicit RecentTimes(std::size_t capacity = 20'000) : capacity_(capacity) {}

  std::int64_t get(const std::string& key) const {  // 0: not known
    return times_.with([&](const auto& times) {
      const auto it = times.find(key);
      return it == times.end() ? std::int64_t(0) : it->second;
    });
  }
  void set(const std::string& key, std::int64_t time_ms) {
    times_.with([&](auto& times) {
      if (times.size() >= capacity_) times.clear();
      times[key] = time_ms;
    });
  }

 private:
  const std::size_t capacity_;
  LockGuarded<std::unordered_map<std::string, std::int64_t>> times_;
};

}  // namespace slipway::accounts
