// Whether an account may log in here and now, after its credential was right (BEHAVIOUR of the account model: status,
// expiry, protocol, address, time window, forced password change, second factor).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/user.h"
#include "slipway/result.h"

namespace slipway::session {

struct LoginFacts {
  std::string_view protocol;  // "SSH", "FTP", "DAV", "HTTP"
  std::string_view method;    // "password", "publickey+password"
  std::string_view address;
  std::chrono::system_clock::time_point now;
  bool local_time = false;  // access windows are in the server's zone, not in UTC
};

// PermissionDenied with the reason, for the log; `user` is the effective one. Over HTTP a forced password change and a
// missing second factor are no reasons: that is where they are seen to.
Status check_account(const accounts::User& user, const LoginFacts& facts);

// The part that is asked again while a session lives: status, expiry and access window.
Status check_still_valid(const accounts::User& user, std::chrono::system_clock::time_point now, bool local_time);

// Whether the password has expired or must be changed before anything else.
bool must_change_password(const accounts::User& user, std::chrono::system_clock::time_point now);
// The protocols for which the account must have a second factor and has none.
std::vector<std::string> missing_second_factors(const accounts::User& user);

// "any" without windows; both ends of a window are inside it, at minute granularity.
bool within_access_time(const std::vector<accounts::TimePeriod>& windows, std::chrono::system_clock::time_point now,
                        bool local_time);

}  // namespace slipway::session
