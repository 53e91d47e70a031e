// How often something happened lately, by name; forgets by itself and never grows without end.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace slipway::session {

// Thread-safe. Counts start anew a window after the first one.
class RecentCounts {
 public:
  using Clock = std::chrono::steady_clock;

  RecentCounts(std::size_t most, std::chrono::seconds window) : most_(most), window_(window) {}

  // Whether there were fewer than the most allowed.
  bool is_free(std::string_view name, Clock::time_point now) const {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(name);
    return found == counts_.end() || found->second.until <= now || found->second.count < most_;
  }
  // Counts one more; false, and not counted, when there were as many as allowed.
  bool take(std::string_view name, Clock::time_point now) {
    std::lock_guard lock(mutex_);
    if (counts_.size() >= kMaxNames)
      std::erase_if(counts_, [&](const auto& entry) { return entry.second.until <= now; });
    // Whoever has so many names to ask from is not stopped by a count.
    if (counts_.size() >= kMaxNames) counts_.erase(counts_.begin());
    Entry& entry = counts_[std::string(name)];
    if (entry.until <= now) entry = {0, now + window_};
    if (entry.count >= most_) return false;
    ++entry.count;
    return true;
  }

 private:
  static constexpr std::size_t kMaxNames = 10'000;
  struct Entry {
    std::size_t count = 0;
    Clock::time_point until{};
  };
  const std::size_t most_;
  const std::chrono::seconds window_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> counts_;
};

}  // namespace slipway::session
