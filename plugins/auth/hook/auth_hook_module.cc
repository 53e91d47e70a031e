// auth-hook: options, descriptor and factory.
#include <array>
#include <memory>
#include <mutex>

#include "hook_auth.h"
#include "slipway/work_gate.h"

namespace {

using namespace slipway;

// The section is the core's, which documents its keys.
constexpr std::array<OptionSpec, 5> kOptions{{
    {"external_auth_hook", OptionType::String, "", "Program or URL that says whether a credential is right."},
    {"external_auth_scope", OptionType::Integer, "0",
     "Flags: 1 passwords, 2 public keys, 4 keyboard-interactive, 8 TLS certificates; 0 all.", 0, 15},
    {"pre_login_hook", OptionType::String, "", "Program or URL that may make or change a user before a login."},
    {"check_password_hook", OptionType::String, "", "Program or URL that checks passwords."},
    {"check_password_scope", OptionType::Integer, "0", "Flags: 1 SSH, 2 FTP, 4 WebDAV; 0 all.", 0, 7},
}};

class AuthHookModule final : public AuthModule, private Conversations {
 public:
  explicit AuthHookModule(Host& host) : host_(host) {}

  Status configure(const OptionView& options) override {
    auto next = std::make_shared<auth_hook::Settings>();
    next->external_auth = options.string("external_auth_hook");
    next->external_auth_scope = static_cast<int>(options.integer("external_auth_scope"));
    next->pre_login = options.string("pre_login_hook");
    next->check_password = options.string("check_password_hook");
    next->check_password_scope = static_cast<int>(options.integer("check_password_scope"));
    std::lock_guard lock(mutex_);
    settings_ = std::move(next);
    return ok();
  }

  Status start() override {
    auto* accounts = host_.service<AccountService>();
    auto* actions = host_.service<ActionService>();
    if (accounts == nullptr || actions == nullptr)
      return Error(Errc::NotSupported, "auth-hook",
                   "the module needs slipway.accounts.v1 and slipway.actions.v1, and this server denies it one");
    auth_ = std::make_unique<auth_hook::HookAuth>(*accounts, *actions);
    gate_.open();
    return ok();
  }
  void drain(std::chrono::steady_clock::time_point deadline) noexcept override { gate_.close(deadline); }
  void stop() noexcept override {
    gate_.end();
    if (auth_) auth_->end_all();
  }

  Result<AuthVerdict> authenticate(const OpContext& ctx, const AuthRequest& request) override {
    const WorkGate::Pass pass(gate_);
    if (!pass) return Error(Errc::Unavailable, "auth-hook", "the module stops", true);
    const EitherStop stop(ctx.stop, gate_.stop_token());
    OpContext both = ctx;
    both.stop = stop.token();
    return auth_->authenticate(both, request, *settings());
  }

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == Conversations::kInterfaceId ? static_cast<Conversations*>(this) : nullptr;
  }

 private:
  void end(std::string_view conversation) noexcept override {
    if (auth_) auth_->end(conversation);
  }
  std::shared_ptr<const auth_hook::Settings> settings() const {
    std::lock_guard lock(mutex_);
    return settings_;
  }

  Host& host_;
  mutable std::mutex mutex_;
  std::shared_ptr<const auth_hook::Settings> settings_ = std::make_shared<auth_hook::Settings>();
  std::unique_ptr<auth_hook::HookAuth> auth_;
  WorkGate gate_;
};

}  // namespace

SLIPWAY_MODULE(AuthHookModule, .kind = slipway::ModuleKind::Auth, .name = "auth-hook", .version = "0.1.0",
               .summary = "Asks the login hooks: programs and URLs that know users, passwords and questions",
               .provides = "login_hooks,password,publickey,keyboard-interactive", .section = "data_provider",
               .options = kOptions.data(), .option_count = kOptions.size());
