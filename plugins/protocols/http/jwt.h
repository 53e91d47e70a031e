// JSON Web Tokens with HS256 (RFC 7515, 7518 3.2, 7519), and nothing else of that family.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::httpd {

using TokenKey = std::array<unsigned char, 32>;

// What our tokens say. Times are Unix seconds; empty members are left out.
struct Claims {
  std::vector<std::string> audience;  // what the token is for, then the client's address
  std::string id;                     // "jti": unguessable, another one for each token
  std::string subject;                // version of the account; of a share's visitor the mail address
  std::string username;               // of a share its id
  std::vector<std::string> permissions;
  std::string role;
  std::int64_t issued_at = 0, not_before = 0, expires_at = 0;
  bool operator==(const Claims&) const = default;
};

inline constexpr std::size_t kMaxToken = 8 << 10;  // bytes
// Clocks of the nodes of a cluster may differ.
inline constexpr std::int64_t kTokenLeeway = 30;  // seconds

std::string sign_token(const Claims& claims, const TokenKey& key);

// AuthFailed for everything that is not a token of this key, or not valid at `now` (Unix seconds). Only the very form
// that sign_token writes passes: three base64url parts without padding, the header {"alg":"HS256","typ":"JWT"} in any
// order or without typ, and claims of the right types. The signature is checked before anything else is looked at.
Result<Claims> verify_token(std::string_view token, const TokenKey& key, std::int64_t now);
// The part of it that changes with the time.
Status check_times(const Claims& claims, std::int64_t now);

}  // namespace slipway::httpd
