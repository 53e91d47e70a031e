// The tokens of one binding: made after a login, checked with each request, and no longer valid after a logout.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ended_tokens.h"
#include "jwt.h"

namespace slipway::httpd {

// What a token is good for; one for users opens nothing of the administrators, and the other way round. Share: of one
// visitor of one share.
enum class TokenUse : std::uint8_t { Admin, User, Share };

struct TokenSettings {
  std::chrono::seconds lifetime{20 * 60}, share_lifetime{120 * 60};
  bool bind_address = true;     // a token works from the address it was given to
  bool follow_account = false;  // a token ends when its account changes
  bool operator==(const TokenSettings&) const = default;
};

// The key that every start and every node with the same passphrase has.
TokenKey key_of_passphrase(std::string_view passphrase);
// Another one each time.
TokenKey random_key();

// Thread-safe.
class Tokens {
 public:
  using Clock = std::chrono::system_clock;
  // `ended`: those of all who have the key.
  Tokens(const TokenKey& key, TokenSettings settings,
         std::shared_ptr<EndedTokens> ended = std::make_shared<EndedTokens>())
      : key_(key), ended_(std::move(ended)), settings_(settings) {}

  // For tokens from now on; those that were handed out stay, for as long as they were to.
  void configure(TokenSettings settings);

  struct Issued {
    std::string text;
    Clock::time_point expires_at;
  };
  // `claims` says who it is for: subject, username, permissions, role.
  Issued issue(TokenUse use, std::string_view address, Claims claims, Clock::time_point now) const;
  // AuthFailed with what the client is told: the message as subject, and details, if any, as cause. Unavailable,
  // retryable: nobody knows at the moment whether the token has ended before its time.
  Result<Claims> check(std::string_view text, TokenUse use, std::string_view address, Clock::time_point now) const;
  // Whether the account, as it is now, still has this token.
  bool fits(const Claims& claims, std::string_view version) const {
    return !settings().follow_account || claims.subject == version;
  }
  // From now on check() refuses it. The error, if any, says that other servers may not know.
  Status revoke(const Claims& claims, Clock::time_point now) { return ended_->add(claims, now); }

 private:
  TokenSettings settings() const;
  // verify_token, once for each token that comes again and again: the signature costs more than the rest of a small
  // request's way in.
  Result<Claims> verified(std::string_view text, std::int64_t now) const;

  const TokenKey key_;
  const std::shared_ptr<EndedTokens> ended_;
  mutable std::mutex mutex_;                                  // guards what follows
  mutable std::unordered_map<std::string, Claims> verified_;  // by the whole token; bounded
  TokenSettings settings_;
};

}  // namespace slipway::httpd
