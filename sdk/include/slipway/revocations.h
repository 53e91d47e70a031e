// Tokens that ended before their time, where several servers take each other's.
#pragma once

#include <chrono>
#include <string_view>

#include "slipway/result.h"

namespace slipway {

// There where servers share a database; asked without it, a host has none. Thread-safe.
class RevocationService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.revocations.v1";
  static constexpr std::size_t kMaxId = 64;  // bytes

  // From now on this server's is_revoked() says so, within a second that of the others; all of them until `until`, also
  // when they were started later. `id` is the token's, which nobody can make a token of. Waits for the database.
  // InvalidArgument: an id that is empty or too long; otherwise the error of the database: the others do not know then.
  virtual Status revoke(std::string_view id, std::chrono::system_clock::time_point until) = 0;
  // Never waits. Unavailable, retryable: nobody knows, because the database has not answered for some seconds.
  virtual Result<bool> is_revoked(std::string_view id) const = 0;

 protected:
  ~RevocationService() = default;
};

}  // namespace slipway
