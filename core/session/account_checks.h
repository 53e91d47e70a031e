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
  std::string_view protocol;   // "SSH", "FTP", "DAV", "HTTP"
  bool password_used = false;  // one of the factors was a password
  std::string_view address;
  std::chrono::system_clock::time_point now;
  bool local_time = false;  // access windows are in the server's zone, not in UTC
};

// PermissionDenied with the reason, for the log; `user` is the effective one. Nothing that the client could prove
// instead would help. Over HTTP a missing second factor is no reason: that is where it is seen to.
Status check_account(const accounts::User& user, const LoginFacts& facts);

// PermissionDenied when a password is of no use because it must be changed first; another method may do.
// Over HTTP it can be changed, so that it is of use there.
Status check_password_age(const accounts::User& user, const LoginFacts& facts);

// Whether the account's one-time passcodes are for this protocol.
bool has_totp(const accounts::User& user, std::string_view protocol);

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
