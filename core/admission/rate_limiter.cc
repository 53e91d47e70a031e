#include "core/admission/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace slipway::admission {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kLongestDelay = 10s;

double rate_of(const RateLimiterSettings& s) {
  return static_cast<double>(s.average) * 1000.0 / static_cast<double>(std::max<std::int64_t>(s.period.count(), 1));
}

nanoseconds longest_delay_of(const RateLimiterSettings& s) {
  const double rate = rate_of(s);
  const nanoseconds half =
      rate < 1 ? nanoseconds(s.period) / 2 : nanoseconds(1s) / (2 * static_cast<std::int64_t>(std::floor(rate)));
  return std::min(half, kLongestDelay);
}

ProtocolMask mask_of(const std::vector<std::string>& protocols) {
  ProtocolMask mask = 0;
  for (const auto& protocol : protocols) mask |= protocol_bit(protocol);
  return mask;
}

// "1.5" of 1500 and 1000.
std::string decimal(std::int64_t value, std::int64_t unit) {
  std::string text = std::to_string(value / unit);
  std::string rest = std::to_string(unit + value % unit).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return rest.empty() ? text : text + "." + rest;
}

}  // namespace

std::vector<SettingsProblem> check(const RateLimiterSettings& s) {
  std::vector<SettingsProblem> problems;
  if (s.average <= 0) return problems;
  if (s.protocols.empty()) problems.push_back({"protocols", "names no protocol: add one, or set average to 0"});
  if (s.type == RateLimiterSettings::Type::Source && s.entries_hard_limit <= s.entries_soft_limit)
    problems.push_back(
        {"entries_hard_limit", "must be larger than entries_soft_limit, " + std::to_string(s.entries_soft_limit)});
  return problems;
}

TokenBucket::Reservation TokenBucket::reserve(SteadyTime now, nanoseconds longest) {
  if (now > last_) {
    tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
    last_ = now;
  }
  const double left = tokens_ - 1;
  // What rounding leaves of a whole token is not worth a wait.
  const double missing = left < -1e-9 ? -left : 0;
  const nanoseconds delay(static_cast<std::int64_t>(std::min(missing / rate_ * 1e9, 1e18)));
  if (delay > longest) return {false, delay};
  tokens_ = left;
  return {true, delay};
}

RateLimiter::RateLimiter(RateLimiterSettings settings)
    : settings_(std::move(settings)),
      protocols_(mask_of(settings_.protocols)),
      rate_(rate_of(settings_)),
      longest_(longest_delay_of(settings_)) {}

TokenBucket::Reservation RateLimiter::reserve(const IpAddress& source, SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (settings_.type == RateLimiterSettings::Type::Global) {
    if (!global_) global_.emplace(rate_, settings_.burst, now);
    return global_->reserve(now, longest_);
  }
  auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (sources_.size() >= settings_.entries_hard_limit) {
      while (sources_.size() >= settings_.entries_soft_limit && !recent_.empty()) {
        sources_.erase(recent_.front());
        recent_.pop_front();
      }
    }
    const auto place = recent_.insert(recent_.end(), source);
    found = sources_.emplace(source, Source{TokenBucket(rate_, settings_.burst, now), place}).first;
  } else {
    recent_.splice(recent_.end(), recent_, found->second.place);
  }
  return found->second.bucket.reserve(now, longest_);
}

std::size_t RateLimiter::sources() const {
  std::lock_guard lock(mutex_);
  return sources_.size();
}

std::string duration_text(nanoseconds time) {
  const std::int64_t ns = time.count();
  if (ns == 0) return "0s";
  if (ns < 1'000) return std::to_string(ns) + "ns";
  if (ns < 1'000'000) return decimal(ns, 1'000) + "\u00b5s";
  if (ns < 1'000'000'000) return decimal(ns, 1'000'000) + "ms";
  constexpr std::int64_t kMinute = 60'000'000'000;
  std::string text;
  if (ns >= 60 * kMinute) text = std::to_string(ns / (60 * kMinute)) + "h";
  if (ns >= kMinute) text += std::to_string(ns / kMinute % 60) + "m";
  return text + decimal(ns % kMinute, 1'000'000'000) + "s";
}

}  // namespace slipway::admission
