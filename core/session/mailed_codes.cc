#include "core/session/mailed_codes.h"

#include <algorithm>

namespace slipway::session {

void MailedCodesInMemory::drop_expired(std::int64_t now) {
  std::erase_if(codes_, [&](const auto& entry) { return entry.second.expires_at <= now; });
}

Result<bool> MailedCodesInMemory::keep(const Code& code, Limits limits) {
  std::lock_guard lock(mutex_);
  drop_expired(now());
  const auto all = std::ranges::count_if(codes_, [&](const auto& entry) { return entry.second.owner == code.owner; });
  const auto own = std::ranges::count_if(
      codes_, [&](const auto& entry) { return entry.second.owner == code.owner && entry.second.name == code.name; });
  if (own >= limits.of_owner || all >= limits.altogether) return false;
  codes_[code.digest] = code;
  return true;
}

Result<MailedCodes::Code> MailedCodesInMemory::take(const std::string& digest, Owner owner) {
  std::lock_guard lock(mutex_);
  const auto found = codes_.find(digest);
  if (found == codes_.end() || found->second.expires_at <= now()) return Error(Errc::NotFound, "code");
  if (found->second.owner != owner) return Error(Errc::Conflict, "code", "is one of another kind of account");
  Code code = std::move(found->second);
  codes_.erase(found);
  return code;
}

Result<bool> MailedCodesInMemory::try_code(const Code& shown, std::int64_t max_tries) {
  std::lock_guard lock(mutex_);
  const auto is_of_owner = [&](const Code& code) { return code.owner == shown.owner && code.name == shown.name; };
  const auto found = codes_.find(shown.digest);
  if (found != codes_.end() && is_of_owner(found->second) && found->second.expires_at > now()) {
    codes_.erase(found);
    return true;
  }
  for (auto it = codes_.begin(); it != codes_.end();)
    it = is_of_owner(it->second) && ++it->second.tries >= max_tries ? codes_.erase(it) : std::next(it);
  return false;
}

Status MailedCodesInMemory::forget(const std::string& digest) {
  std::lock_guard lock(mutex_);
  codes_.erase(digest);
  return ok();
}

Status MailedCodesInMemory::forget_all_of(Owner owner, const std::string& name) {
  std::lock_guard lock(mutex_);
  std::erase_if(codes_, [&](const auto& entry) { return entry.second.owner == owner && entry.second.name == name; });
  return ok();
}

Status MailedCodesInMemory::forget_expired() {
  std::lock_guard lock(mutex_);
  drop_expired(now());
  return ok();
}

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<MailedCodes> make_mailed_codes(accounts::AccountStore& store, bool is_shared, ClockOfCodes clock) {
  if (is_shared) return std::make_unique<MailedCodesInStore>(store, std::move(clock));
  return std::make_unique<MailedCodesInMemory>(std::move(clock));
}

}  // namespace slipway::session
