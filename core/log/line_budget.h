// Keeps a flood of events from becoming a flood of log lines.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace slipway::log {

// Lets through a burst, then a steady few a second. Thread-safe.
class LineBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Answer {
    bool write = false;
    std::uint64_t left_out = 0;  // with `write`: how many since the last line got none
  };
  Answer ask(Time now) {
    std::lock_guard lock(mutex_);
    if (now - last_refill_ >= kRefill) {
      const auto steps = (now - last_refill_) / kRefill;
      last_refill_ += steps * kRefill;
      lines_ = std::min(kBurst, lines_ + static_cast<int>(std::min<std::int64_t>(steps, kBurst)));
    }
    if (lines_ == 0) {
      ++left_out_;
      return {};
    }
    --lines_;
    const Answer answer{true, left_out_};
    left_out_ = 0;
    return answer;
  }

 private:
  static constexpr std::chrono::milliseconds kRefill{100};
  static constexpr int kBurst = 50;

  std::mutex mutex_;
  Time last_refill_{};
  int lines_ = kBurst;
  std::uint64_t left_out_ = 0;
};

}  // namespace slipway::log
