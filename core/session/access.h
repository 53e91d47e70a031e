// Administrators, earlier logins and API keys, for protocols whose requests carry their own proof.
#pragma once

#include <string>
#include <string_view>

#include "core/session/session_manager.h"
#include "slipway/access.h"

namespace slipway::session {

// Thread-safe; `manager` outlives it.
class Access final : public AccessService {
 public:
  explicit Access(SessionManager& manager) : manager_(manager) {}

  Result<AdminIdentity> login_admin(const OpContext&, const ConnectionRequest&, const AdminCredentials&) override;
  Result<AdminIdentity> admin(const ConnectionRequest&, std::string_view name) override;
  Result<UserIdentity> user(std::string_view name) override;
  std::optional<UserIdentity> user_at_once(std::string_view name) override;
  Result<ApiKeyIdentity> api_key(const OpContext&, const ConnectionRequest&, std::string_view text,
                                 KeyScope scope) override;

 private:
  // Who tried, how, and why it failed; only `tell` reaches the client.
  struct Failure {
    std::string_view user, method;
    std::string reason;
    Error tell;
    // What the defender counts it as; nothing when it is not the client's fault.
    std::optional<admission::Violation> violation = admission::Violation::WrongCredential;
  };
  Error fail(const OpContext&, const ConnectionRequest&, Failure failure) const;
  // The account's part of admin() and of a login; PermissionDenied says why, for the log.
  Result<AdminIdentity> check_admin(const ConnectionRequest&, const accounts::Admin&) const;
  Result<ApiKeyIdentity> account_of_key(const ConnectionRequest&, const accounts::ApiKey&, std::string_view name);

  SessionManager& manager_;
};

}  // namespace slipway::session
