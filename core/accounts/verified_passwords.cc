#include "core/accounts/verified_passwords.h"

#include "core/crypto/digest.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {

namespace {

constexpr std::chrono::hours kUnused{1};
constexpr std::size_t kKeySize = 32, kDigestSize = 32;

}  // namespace

VerifiedPasswords::VerifiedPasswords(std::size_t capacity)
    : key_(crypto::random_bytes(kKeySize)), capacity_(capacity) {}

std::string VerifiedPasswords::digest(std::string_view hash, std::string_view password) const {
  // HKDF's extract step is HMAC: the password cannot be tried without this process' key.
  auto made = crypto::hkdf_sha256(password, key_, hash, kDigestSize);
  return made ? *std::move(made) : std::string();
}

bool VerifiedPasswords::contains(std::string_view subject, std::string_view hash, std::string_view password) {
  const auto wanted = digest(hash, password);
  return !wanted.empty() && entries_.with([&](Entries& entries) {
    const auto it = entries.by_subject.find(subject);
    if (it == entries.by_subject.end()) return false;
    const auto entry = it->second;
    const auto now = Clock::now();
    if (now - entry->used > kUnused) {
      entries.by_subject.erase(it);
      entries.by_use.erase(entry);
      return false;
    }
    if (!crypto::constant_time_equal(entry->digest, wanted)) return false;
    entry->used = now;
    entries.by_use.splice(entries.by_use.begin(), entries.by_use, entry);
    return true;
  });
}

void VerifiedPasswords::add(std::string_view subject, std::string_view hash, std::string_view password) {
  auto made = digest(hash, password);
  if (made.empty()) return;
  entries_.with([&](Entries& entries) {
    if (const auto it = entries.by_subject.find(subject); it != entries.by_subject.end()) {
      it->second->digest = std::move(made);
      it->second->used = Clock::now();
      return;
    }
    entries.by_use.push_front({std::string(subject), std::move(made), Clock::now()});
    entries.by_subject.emplace(entries.by_use.front().subject, entries.by_use.begin());
    if (entries.by_use.size() > capacity_) {
      entries.by_subject.erase(entries.by_use.back().subject);
      entries.by_use.pop_back();
    }
  });
}

void VerifiedPasswords::clear() {
  entries_.with([](Entries& entries) {
    entries.by_subject.clear();
    entries.by_use.clear();
  });
}

}  // namespace slipway::accounts
