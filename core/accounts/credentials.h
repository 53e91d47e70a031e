// What proves who somebody is: passwords and keys; verified, changed, and re-hashed when their format is an old one.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "core/accounts/account_rooms.h"
#include "core/accounts/verified_passwords.h"
#include "slipway/auth.h"

namespace slipway::accounts {

// The contracts are those of class Accounts. Thread-safe.
class Credentials {
 public:
  explicit Credentials(AccountRooms& rooms) : rooms_(rooms) {}
  // Off: nothing is remembered of a password.
  void set_caching(bool on);

  Result<AccountService::Credentials> of_user(std::string_view username);
  Result<bool> verify_user(std::string_view username, std::string_view password);
  Result<bool> verify_admin(std::string_view username, std::string_view password);
  bool verify_share(const Share& share, std::string_view password);
  Result<ApiKey> verify_api_key(std::string_view text);

  Status change_user(std::string_view username, std::string_view password, const Actor&);
  Status change_admin(std::string_view username, std::string_view password, const Actor&);

 private:
  enum class Check { Wrong, Right, RightAndOld };  // Old: a hash to be replaced
  // As slow for a wrong password as for somebody who does not exist.
  Check check(std::string_view subject, const std::string& hash, std::string_view password,
              const crypto::HashSettings& settings);
  // Null when the new hash cannot be made: the old one is good enough.
  std::string rehash(std::string_view password, const crypto::HashSettings& settings) const;

  AccountRooms& rooms_;
  VerifiedPasswords verified_;
  std::atomic<bool> caching_{true};
};

}  // namespace slipway::accounts
