#include <algorithm>
#include <condition_variable>
#include <utility>

#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

using Clock = std::chrono::steady_clock;

// How far a bucket may run ahead after a pause: small enough that the rate holds over any second.
constexpr auto kBurst = std::chrono::milliseconds(100);
// A wait is cut into pieces so that a new rate is noticed.
constexpr auto kLongestWait = std::chrono::seconds(1);

void sleep_until(Clock::time_point when, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, when, [] { return false; });
}

}  // namespace

Bandwidth::Bandwidth(std::int64_t bytes_per_second) : rate_(bytes_per_second) {}

void Bandwidth::consume(std::uint64_t bytes, const std::stop_token& stop) {
  // `next_` is when all bytes taken so far are paid for at the rate; whoever takes some waits until then.
  double left = static_cast<double>(bytes);
  while (left > 0 && !stop.stop_requested()) {
    Clock::time_point until;
    {
      std::lock_guard lock(mutex_);
      if (rate_ <= 0) return;
      const auto now = Clock::now();
      const double rate = static_cast<double>(rate_);
      const double piece = std::min(left, rate * std::chrono::duration<double>(kLongestWait).count());
      left -= piece;
      next_ = std::max(next_, now - kBurst);
      next_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(piece / rate));
      if (next_ <= now) continue;
      until = next_;
    }
    sleep_until(until, stop);
  }
}

void Bandwidth::set_rate(std::int64_t bytes_per_second) noexcept {
  std::lock_guard lock(mutex_);
  // Every session of the user says it again: what was taken at this rate stays to be paid for.
  if (std::exchange(rate_, bytes_per_second) != bytes_per_second) next_ = {};
}

}  // namespace slipway::vfs
