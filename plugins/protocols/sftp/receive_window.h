// How much a client may send before it hears from us: grown to what the path needs, within a budget for the process.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace slipway::sftp {

// Bytes of window beyond the base that all connections together may grant. Thread-safe.
class WindowBudget {
 public:
  explicit WindowBudget(std::uint64_t bytes) noexcept : left_(static_cast<std::int64_t>(bytes)) {}
  bool take(std::uint32_t bytes) noexcept {
    if (left_.fetch_sub(bytes, std::memory_order_relaxed) >= bytes) return true;
    give(bytes);
    return false;
  }
  void give(std::uint32_t bytes) noexcept { left_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> left_;
};

// Decides; who owns it grants. One thread. The window starts at kBase and doubles while twice the bytes that arrive in
// a round trip would not fit into it.
class ReceiveWindow {
 public:
  static constexpr std::uint32_t kBase = 2u << 20;
  static constexpr std::uint32_t kMax = 32u << 20;

  explicit ReceiveWindow(WindowBudget& budget) noexcept : budget_(budget) {}
  ~ReceiveWindow() { budget_.give(reserved_); }
  ReceiveWindow(const ReceiveWindow&) = delete;
  ReceiveWindow& operator=(const ReceiveWindow&) = delete;

  void received(std::uint64_t bytes) noexcept { received_ += bytes; }
  // The window to grant now; 0 for none. `round_trip` is asked only when enough has come to measure.
  template <class RoundTrip>
  std::uint32_t due(std::chrono::steady_clock::time_point now, RoundTrip&& round_trip) {
    const auto eighth = size_ / 8;
    if (received_ - measured_at_ >= eighth && size_ < kMax) measure(now, round_trip());
    if (granted_until_ > received_ + size_ - std::min<std::uint64_t>(eighth, kMaxStep)) return 0;
    granted_until_ = received_ + size_;
    settle();
    return size_;
  }
  // Nothing has come for a while: the next grants are small ones again. What was granted cannot be taken back.
  void idle() noexcept {
    size_ = kBase;
    measuring_ = false;
    settle();
  }
  std::uint32_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint64_t kMaxStep = 1u << 20;

  void measure(std::chrono::steady_clock::time_point now, std::chrono::microseconds round_trip);
  void settle() noexcept;

  WindowBudget& budget_;
  std::uint32_t size_ = kBase, reserved_ = 0;
  std::uint64_t received_ = 0, granted_until_ = 0;
  bool measuring_ = false;
  std::uint64_t measured_at_ = 0;
  std::chrono::steady_clock::time_point measured_when_;
};

}  // namespace slipway::sftp
