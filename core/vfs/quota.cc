#include <algorithm>

#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

// Closer to a limit than this many steps, space is reserved exactly: what one upload holds in advance must not refuse
// another one that would fit.
constexpr std::int64_t kExactBelowSteps = 16;

}  // namespace

QuotaAccount::QuotaAccount(QuotaUsage used, Persist persist) : stored_(used), persist_(std::move(persist)) {}

QuotaUsage QuotaAccount::used() const noexcept {
  std::lock_guard lock(mutex_);
  return {stored_.size + reserved_.size, stored_.files + reserved_.files};
}

bool QuotaAccount::reserve(std::int64_t size, std::int64_t files, const QuotaLimits& limits) noexcept {
  std::lock_guard lock(mutex_);
  if (size > 0 && limits.size > 0 && limits.size - stored_.size - reserved_.size < size) return false;
  if (files > 0 && limits.files > 0 && limits.files - stored_.files - reserved_.files < files) return false;
  reserved_.size += size;
  reserved_.files += files;
  return true;
}

std::int64_t QuotaAccount::reserve_ahead(std::int64_t needed, std::int64_t wanted, const QuotaLimits& limits) noexcept {
  wanted = std::max(needed, wanted);
  std::lock_guard lock(mutex_);
  std::int64_t granted = wanted;
  if (limits.size > 0) {
    const std::int64_t room = limits.size - stored_.size - reserved_.size;
    if (room < needed) return 0;
    if (room / kExactBelowSteps < wanted) granted = needed;
  }
  reserved_.size += granted;
  return granted;
}

void QuotaAccount::settle(QuotaUsage reserved, QuotaUsage actual) {
  {
    std::lock_guard lock(mutex_);
    reserved_.size -= reserved.size;
    reserved_.files -= reserved.files;
    stored_ += actual;
  }
  if (persist_ && actual != QuotaUsage{}) persist_(actual);
}

void QuotaAccount::reset(QuotaUsage stored) noexcept {
  std::lock_guard lock(mutex_);
  stored_ = stored;
}

}  // namespace slipway::vfs
