// New passwords for those who forgot theirs: a code goes to the account's mail address, and comes back with the
// password.
#pragma once

#include <string_view>

#include "slipway/session.h"

namespace slipway {

// Thread-safe.
class PasswordResetService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.password-resets.v1";
  enum class Account : std::uint8_t { Admin, User };

  // Whether this server can send mail.
  virtual bool is_available() const = 0;
  // Sends a code, valid for ten minutes, if there is such an account, it has a mail address and may reset its password;
  // the answer is the same in any case, and so is its time: all of that is found out afterwards, in the background.
  // NotSupported: no mail; PermissionDenied, retryable: too many requests of this address; Unavailable: too many wait.
  virtual Status request(const OpContext&, const ConnectionRequest&, Account, std::string_view name) = 0;
  // Sets the password of the account that the code was made for, whose second factor stays what it is. A code works
  // once. InvalidArgument: no such code, one of the other kind of account, or a password that the account's rules
  // refuse (the code stays valid then); PermissionDenied, retryable: too many wrong codes from this address.
  virtual Status reset(const OpContext&, const ConnectionRequest&, Account, std::string_view code,
                       std::string_view password) = 0;

 protected:
  ~PasswordResetService() = default;
};

}  // namespace slipway
