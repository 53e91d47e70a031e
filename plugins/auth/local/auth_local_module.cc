// auth-local: options, descriptor and factory.
#include <memory>

#include "local_auth.h"

namespace {

using namespace slipway;

class AuthLocalModule final : public AuthModule {
 public:
  explicit AuthLocalModule(Host& host) : host_(host) {}

  Status start() override {
    auto* accounts = host_.service<AccountService>();
    if (accounts == nullptr)
      return Error(Errc::NotSupported, "auth-local", "this server offers no slipway.accounts.v1 to the module");
    auth_ = std::make_unique<auth_local::LocalAuth>(*accounts);
    return ok();
  }

  Result<AuthVerdict> authenticate(const OpContext&, const AuthRequest& request) override {
    return auth_->authenticate(request);
  }

 private:
  Host& host_;
  std::unique_ptr<auth_local::LocalAuth> auth_;
};

}  // namespace

SLIPWAY_MODULE(AuthLocalModule, .kind = slipway::ModuleKind::Auth, .name = "auth-local", .version = "0.1.0",
               .summary = "Checks passwords and public keys of the server's own accounts",
               .provides = "password,publickey");
