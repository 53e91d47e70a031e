#include "core/accounts/passcode_guard.h"

#include "core/crypto/digest.h"

namespace slipway::accounts {
namespace {

constexpr std::chrono::minutes kRemembered{2};
constexpr std::size_t kTidyAt = 1024;       // entries from which old ones are looked for
constexpr std::size_t kMaxWrongs = 50'000;  // accounts

}  // namespace

bool PasscodeGuard::use(std::string_view key, std::int64_t step, Time now) {
  const auto digest = crypto::digest(crypto::DigestKind::Sha256, std::string(key) + '/' + std::to_string(step));
  if (!digest) return false;
  return used_.with([&](auto& used) {
    if (used.size() >= kTidyAt) std::erase_if(used, [&](const auto& entry) { return entry.second <= now; });
    const auto [entry, first] = used.try_emplace(*digest, now + kRemembered);
    if (first) return true;
    if (entry->second > now) return false;
    entry->second = now + kRemembered;
    return true;
  });
}

bool PasscodeGuard::may_try(const std::string& subject, Time now) const {
  return wrong_.with([&](const auto& wrong) {
    const auto entry = wrong.find(subject);
    return entry == wrong.end() || entry->second.count < kMaxWrong || entry->second.first + kWrongWindow <= now;
  });
}

void PasscodeGuard::note_wrong(const std::string& subject, Time now) {
  wrong_.with([&](auto& wrong) {
    const auto old = [&](const Wrong& entry) { return entry.first + kWrongWindow <= now; };
    if (wrong.size() >= kTidyAt) std::erase_if(wrong, [&](const auto& entry) { return old(entry.second); });
    if (wrong.size() >= kMaxWrongs && !wrong.contains(subject)) return;
    auto& entry = wrong[subject];
    if (entry.count == 0 || old(entry)) entry = {now, 0};
    ++entry.count;
  });
}

void PasscodeGuard::note_right(const std::string& subject) {
  wrong_.with([&](auto& wrong) { wrong.erase(subject); });
}

}  // namespace slipway::accounts
