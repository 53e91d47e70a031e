// A token that ended before its time, as the database keeps it for all servers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::accounts {

struct RevokedToken {
  std::string id;               // of the token, which nobody can make of it
  std::int64_t expires_at = 0;  // Unix seconds from which nobody takes the token anyway
  bool operator==(const RevokedToken&) const = default;
};

// Some that were revoked after others.
struct RevokedTokens {
  std::vector<RevokedToken> tokens;
  std::int64_t revision = 0;  // ask for those after this one next
};

}  // namespace slipway::accounts
