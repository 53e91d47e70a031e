#include "ended_tokens.h"

namespace slipway::httpd {
namespace {

constexpr std::int64_t kSweepEvery = 60;  // seconds

}  // namespace

Status EndedTokens::add(const Claims& claims, Clock::time_point now) {
  const std::int64_t end = claims.expires_at + kTokenLeeway + 1;
  if (shared_ != nullptr) return shared_->revoke(claims.id, Clock::time_point(std::chrono::seconds(end)));
  const std::int64_t at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::lock_guard lock(mutex_);
  ended_[claims.id] = end;
  if (at < next_sweep_) return ok();
  next_sweep_ = at + kSweepEvery;
  std::erase_if(ended_, [&](const auto& entry) { return entry.second < at; });
  return ok();
}

Result<bool> EndedTokens::contains(const std::string& id) const {
  if (shared_ != nullptr) return shared_->is_revoked(id);
  std::lock_guard lock(mutex_);
  return ended_.contains(id);
}

}  // namespace slipway::httpd
