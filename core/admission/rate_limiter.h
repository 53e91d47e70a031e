// How often clients may come: a token bucket for everybody, or one for each address.
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/admission/defender_settings.h"
#include "core/admission/protocols.h"
#include "core/base/ip_network.h"

namespace slipway::admission {

using SteadyTime = std::chrono::steady_clock::time_point;

// An element of common.rate_limiters.
struct RateLimiterSettings {
  enum class Type : std::uint8_t { Global = 1, Source = 2 };

  std::int64_t average = 0;  // permitted in a period; 0: no limit
  std::chrono::milliseconds period{1000};
  int burst = 1;
  Type type = Type::Source;
  std::vector<std::string> protocols{"SSH", "FTP", "DAV", "HTTP"};
  bool generate_defender_events = false;  // of Type::Source
  std::size_t entries_soft_limit = 100, entries_hard_limit = 150;
  bool operator==(const RateLimiterSettings&) const = default;
};

// Why a limiter cannot work like this; empty when it can, or is off.
std::vector<SettingsProblem> check(const RateLimiterSettings& settings);

// Full at first; refills at an even rate.
class TokenBucket {
 public:
  TokenBucket(double per_second, int burst, SteadyTime now)
      : rate_(per_second), burst_(burst), tokens_(burst), last_(now) {}
  // Takes a token, from the future if need be, and says how long to wait for it. Beyond `longest` nothing is taken.
  struct Reservation {
    bool granted = false;
    std::chrono::nanoseconds delay{0};
  };
  Reservation reserve(SteadyTime now, std::chrono::nanoseconds longest);

 private:
  double rate_;  // tokens a second
  double burst_, tokens_;
  SteadyTime last_;
};

// Thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimiterSettings settings);

  const RateLimiterSettings& settings() const noexcept { return settings_; }
  bool applies_to(ProtocolMask protocol) const noexcept { return (protocols_ & protocol) != 0; }
  // The longest wait: half of the time that one token takes, never more than 10 seconds.
  std::chrono::nanoseconds longest_delay() const noexcept { return longest_; }
  TokenBucket::Reservation reserve(const IpAddress& source, SteadyTime now);
  std::size_t sources() const;

 private:
  struct Source {
    TokenBucket bucket;
    std::list<IpAddress>::iterator place;  // in recent_
  };

  const RateLimiterSettings settings_;
  const ProtocolMask protocols_;
  const double rate_;
  const std::chrono::nanoseconds longest_;
  mutable std::mutex mutex_;
  std::optional<TokenBucket> global_;
  std::unordered_map<IpAddress, Source> sources_;
  std::list<IpAddress> recent_;  // least recently used first
};

// "1.5s", "250ms", "2m0.5s": as refusals and headers give it.
std::string duration_text(std::chrono::nanoseconds time);

}  // namespace slipway::admission
