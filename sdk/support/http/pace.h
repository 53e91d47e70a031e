// Whether a peer keeps the pace: bytes that moved, against the time that was spent waiting for them.
#pragma once

#include <chrono>
#include <cstdint>

#include "support/http/limits.h"

namespace slipway::http {

class Pace {
 public:
  void moved(std::uint64_t bytes) noexcept { bytes_ += bytes; }
  void waited(std::chrono::nanoseconds time) noexcept { waited_ += time; }
  // Time that we needed ourselves counts for nobody.
  bool too_slow(const Limits& limits) const noexcept {
    if (limits.body_rate == 0 || waited_ <= limits.body_rate_grace) return false;
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(waited_).count();
    return bytes_ < limits.body_rate * static_cast<std::uint64_t>(milliseconds) / 1000;
  }

 private:
  std::chrono::nanoseconds waited_{0};
  std::uint64_t bytes_ = 0;
};

}  // namespace slipway::http
