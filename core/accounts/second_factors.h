// The second factor of users and administrators: one-time passcodes of an authenticator app, and recovery codes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/account_rooms.h"
#include "core/accounts/passcode_guard.h"
#include "slipway/management.h"

namespace slipway::accounts {

enum class AccountKind { User, Admin };

struct NewTotp {
  std::string config_name, issuer;
  std::string secret;  // base 32
  std::string url;     // otpauth://
};

struct RecoveryCodeText {
  std::string code;
  bool used = false;
};

// Names are converted by the naming rules. Thread-safe.
class SecondFactors {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;
  explicit SecondFactors(AccountRooms& rooms, Clock clock = std::chrono::system_clock::now)
      : rooms_(rooms), clock_(std::move(clock)) {}

  // ---- proof; false also for accounts that do not exist or have no second factor
  // `protocol`: "SSH", "FTP", "HTTP". A right passcode is used up. An error: the account's own settings cannot be read.
  Result<bool> verify_user(std::string_view username, std::string_view protocol, std::string_view passcode);
  Result<bool> verify_admin(std::string_view username, std::string_view passcode);
  // A right code is marked as used, in the store.
  Result<bool> use_recovery_code(AccountKind kind, std::string_view username, std::string_view code);

  // ---- enrolment
  std::vector<TotpKind> kinds() const { return rooms_.validation_settings()->totp_kinds; }
  // A secret that nobody has yet. InvalidArgument for a kind that is not configured.
  Result<NewTotp> generate(AccountKind kind, std::string_view username, std::string_view config_name) const;
  // Whether `passcode` is of `secret` (base 32); a right one is used up. InvalidArgument for a kind that is not
  // configured and a secret below 20 bytes.
  Result<bool> try_out(std::string_view config_name, std::string_view secret, std::string_view passcode);
  // What the account wants itself. A secret that is not Plain keeps the stored one. InvalidArgument when the account
  // must have a second factor and would not, PermissionDenied for users who may not have one (mfa-disabled). Recovery
  // codes are made when fewer than 5 are left, and go when the second factor does.
  Status save(AccountKind kind, std::string_view username, TotpConfig totp, const Actor&);
  // What somebody above the account wants: nothing is demanded.
  Status set(AccountKind kind, std::string_view username, TotpConfig totp, const Actor&);

  // PermissionDenied for accounts without a second factor.
  Result<std::vector<RecoveryCodeText>> recovery_codes(AccountKind kind, std::string_view username) const;
  // Replaces all of them.
  Result<std::vector<std::string>> renew_recovery_codes(AccountKind kind, std::string_view username, const Actor&);

 private:
  Result<bool> verify(const std::string& subject, const TotpConfig& totp, std::string_view passcode);
  template <class Work>
  auto on(AccountKind kind, Work&& work) const;
  template <class Change>
  Status change(AccountKind kind, std::string_view username, const Actor& actor, Change&& apply);
  Status check_demands(const User& user, const TotpConfig& totp) const;
  static Status check_demands(const Admin& admin, const TotpConfig& totp);
  Result<crypto::DigestKind> kind_named(std::string_view config_name) const;

  AccountRooms& rooms_;
  const Clock clock_;
  PasscodeGuard guard_;
};

}  // namespace slipway::accounts
