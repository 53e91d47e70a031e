#include "tokens.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <exception>

#include "slipway/base64.h"

namespace slipway::httpd {
namespace {

// The clocks of clients may be behind ours.
constexpr std::int64_t kBefore = 10;          // seconds
constexpr std::size_t kRemembered = 2048;     // verified tokens
constexpr std::size_t kMaxRemembered = 2048;  // bytes of one of them
constexpr std::size_t kIdBytes = 15;          // 120 bits, 20 characters

std::int64_t seconds(Tokens::Clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

// Without random bytes no token would be safe, and OpenSSL has none only when the system is broken.
void random_bytes(unsigned char* out, std::size_t size) {
  if (RAND_bytes(out, static_cast<int>(size)) != 1) std::terminate();
}

std::string_view audience_of(TokenUse use) {
  switch (use) {
    case TokenUse::Admin:
      return "API";
    case TokenUse::User:
      return "APIUser";
    case TokenUse::Share:
      return "WebShare";
  }
  return {};
}

Error refused(std::string message, std::string detail = {}) {
  return {Errc::AuthFailed, std::move(message), std::move(detail)};
}

}  // namespace

TokenKey key_of_passphrase(std::string_view passphrase) {
  TokenKey key;
  SHA256(reinterpret_cast<const unsigned char*>(passphrase.data()), passphrase.size(), key.data());
  return key;
}

TokenKey random_key() {
  TokenKey key;
  random_bytes(key.data(), key.size());
  return key;
}

void Tokens::configure(TokenSettings settings) {
  std::lock_guard lock(mutex_);
  settings_ = settings;
}

TokenSettings Tokens::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

Tokens::Issued Tokens::issue(TokenUse use, std::string_view address, Claims claims, Clock::time_point now) const {
  unsigned char id[kIdBytes];
  random_bytes(id, sizeof id);
  claims.id = base64_encode({reinterpret_cast<const char*>(id), sizeof id}, Base64::Url);
  claims.audience = {std::string(audience_of(use)), std::string(address)};
  claims.issued_at = seconds(now);
  claims.not_before = claims.issued_at - kBefore;
  const TokenSettings now_set = settings();
  claims.expires_at = claims.issued_at + (use == TokenUse::Share ? now_set.share_lifetime : now_set.lifetime).count();
  return {sign_token(claims, key_), Clock::time_point(std::chrono::seconds(claims.expires_at))};
}

Result<Claims> Tokens::check(std::string_view text, TokenUse use, std::string_view address,
                             Clock::time_point now) const {
  auto claims = verified(text, seconds(now));
  if (!claims) return refused("Unauthorized", claims.error().message());
  SLIPWAY_ASSIGN(const bool has_ended, ended_->contains(claims->id));
  if (has_ended) return refused("Your token is no longer valid");
  const auto& audience = claims->audience;
  if (audience.front() != audience_of(use)) return refused("Your token audience is not valid");
  if (settings().bind_address && std::find(audience.begin() + 1, audience.end(), address) == audience.end())
    return refused("Your token is not valid");
  return claims;
}

Result<Claims> Tokens::verified(std::string_view text, std::int64_t now) const {
  if (text.size() > kMaxRemembered) return verify_token(text, key_, now);
  std::string token(text);
  {
    std::lock_guard lock(mutex_);
    if (const auto known = verified_.find(token); known != verified_.end()) {
      Status valid = check_times(known->second, now);
      if (valid) return known->second;
      verified_.erase(known);
      return std::move(valid).error();
    }
  }
  auto claims = verify_token(text, key_, now);
  if (!claims) return claims;
  std::lock_guard lock(mutex_);
  // Those in use come back at once.
  if (verified_.size() >= kRemembered) verified_.clear();
  verified_.emplace(std::move(token), *claims);
  return claims;
}

}  // namespace slipway::httpd
