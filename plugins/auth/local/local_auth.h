// Checks credentials against the server's own accounts.
#pragma once

#include "slipway/auth.h"

namespace slipway::auth_local {

// Passwords (also as the answer to one keyboard-interactive prompt) and public keys; a verified
// certificate is accepted for every account that exists. Unknown users get the answer that
// a wrong credential gets, at the same cost: Unknown, so that the next module of the chain may know them. Thread-safe;
// `accounts` outlives it.
class LocalAuth {
 public:
  explicit LocalAuth(AccountService& accounts) : accounts_(accounts) {}
  Result<AuthVerdict> authenticate(const AuthRequest& request);

 private:
  Result<AuthVerdict> check_password(std::string_view user, std::string_view password);
  Result<AuthVerdict> check_key(std::string_view user, const PublicKeyCredential& key);

  AccountService& accounts_;
};

}  // namespace slipway::auth_local
