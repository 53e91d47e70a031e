#include "core/session/reset_codes.h"

#include <algorithm>

namespace slipway::session {

void ResetCodesInMemory::drop_expired(std::int64_t now) {
  std::erase_if(codes_, [&](const auto& entry) { return entry.second.expires_at <= now; });
}

Result<bool> ResetCodesInMemory::keep(const Code& code) {
  std::lock_guard lock(mutex_);
  drop_expired(clock_());
  const auto own = std::ranges::count_if(codes_, [&](const auto& entry) {
    return entry.second.account == code.account && entry.second.name == code.name;
  });
  if (own >= kLimits.of_account || std::ssize(codes_) >= kLimits.altogether) return false;
  codes_[code.digest] = code;
  return true;
}

Result<ResetCodes::Code> ResetCodesInMemory::take(const std::string& digest, Account account) {
  std::lock_guard lock(mutex_);
  const auto found = codes_.find(digest);
  if (found == codes_.end() || found->second.expires_at <= clock_()) return Error(Errc::NotFound, "code");
  if (found->second.account != account) return Error(Errc::Conflict, "code", "is one of another kind of account");
  Code code = std::move(found->second);
  codes_.erase(found);
  return code;
}

Status ResetCodesInMemory::forget(const std::string& digest) {
  std::lock_guard lock(mutex_);
  codes_.erase(digest);
  return ok();
}

Status ResetCodesInMemory::forget_all_of(Account account, const std::string& name) {
  std::lock_guard lock(mutex_);
  std::erase_if(codes_,
                [&](const auto& entry) { return entry.second.account == account && entry.second.name == name; });
  return ok();
}

Status ResetCodesInMemory::forget_expired() {
  std::lock_guard lock(mutex_);
  drop_expired(clock_());
  return ok();
}

}  // namespace slipway::session
