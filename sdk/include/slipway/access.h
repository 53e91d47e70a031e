// Who stands behind a request that carries its own proof: administrators, earlier logins, API keys.
//
// Protocols without lasting connections (HTTP) check a password once and hand out a token. A token says who logged in;
// what the account may do is asked anew for each request, so that a change, a ban or a removal counts at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/management.h"
#include "slipway/session.h"

namespace slipway {

// An administrator as the account is now.
struct AdminIdentity {
  Actor actor;          // with the address of the request
  std::string version;  // changes with the account, a login excepted
  bool must_change_password = false;
  bool needs_second_factor = false;  // one is required and not set
};

// A user as the account is now, its groups merged.
struct UserIdentity {
  std::string name, role;
  std::string version;                   // changes with the account, logins and counters excepted
  std::vector<std::string> web_options;  // what the account may not do here: "write-disabled"
  bool must_change_password = false;
  std::vector<std::string> missing_second_factors;  // protocols for which one is required and not set: "HTTP"
};

// The account that an API key stands for; one of the two is set.
struct ApiKeyIdentity {
  std::string key_id;
  std::optional<AdminIdentity> admin;
  std::optional<UserIdentity> user;
};

// Failures are logged, published as events and counted against the address; the client may be told the error's cause.
// Thread-safe.
class AccessService {
 public:
  static constexpr std::string_view kInterfaceId = "slipway.access.v1";

  // ---- administrators
  struct AdminCredentials {
    std::string_view name, password;
    std::string_view passcode;  // of the authenticator app; empty: none was sent
  };
  // AuthFailed whatever is wrong, with whom: an unknown name costs and says the same as a wrong password or passcode, a
  // disabled account, and an address that the account does not allow.
  virtual Result<AdminIdentity> login_admin(const OpContext&, const ConnectionRequest&, const AdminCredentials&) = 0;
  // Of somebody who logged in before. AuthFailed once the account is gone, disabled, or closed to this address.
  virtual Result<AdminIdentity> admin(const ConnectionRequest&, std::string_view name) = 0;

  // ---- users; their logins are SessionService's
  // Of somebody who logged in before; whether they may log in again is Admitted::resume's to say. AuthFailed once the
  // account is gone.
  virtual Result<UserIdentity> user(std::string_view name) = 0;

  // ---- API keys
  enum class KeyScope : std::uint8_t { Admin = 1, User = 2 };
  // "<id>.<secret>", or with ".<account>" behind it for keys that are not bound to one. InvalidArgument: not written
  // like a key, or unknown; PermissionDenied: a key of the other scope; AuthFailed: the secret is wrong, the key has
  // expired, or the account is gone, disabled or closed to API keys.
  virtual Result<ApiKeyIdentity> api_key(const OpContext&, const ConnectionRequest&, std::string_view text,
                                         KeyScope scope) = 0;

  // user() for a thread that must not wait: nothing when anything could, or when it would fail.
  virtual std::optional<UserIdentity> user_at_once(std::string_view name) {
    (void)name;
    return std::nullopt;
  }

 protected:
  ~AccessService() = default;
};

}  // namespace slipway
