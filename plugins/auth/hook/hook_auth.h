// The login hooks that decide: external authentication, before a login, passwords, and questions.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "hook_call.h"
#include "questions.h"
#include "slipway/auth.h"

namespace slipway::auth_hook {

struct Settings {
  std::string external_auth, pre_login, check_password;  // program or URL; empty: none
  int external_auth_scope = 0;                           // 1 passwords, 2 keys, 4 keyboard-interactive; 0 all
  int check_password_scope = 0;                          // 1 SSH, 2 FTP, 4 WebDAV; 0 all
};

// Thread-safe.
class HookAuth {
 public:
  HookAuth(AccountService& accounts, ActionService& actions) : accounts_(accounts), actions_(actions) {}

  Result<AuthVerdict> authenticate(const OpContext& ctx, const AuthRequest& request, const Settings& settings);
  // Forgets a conversation; ends its program.
  void end(std::string_view conversation) noexcept;
  void end_all() noexcept;

 private:
  struct Conversation {
    std::string id, hook, user;
    std::unique_ptr<Dialogue> program;  // null: a URL
    std::chrono::steady_clock::time_point end;
    int step = 0;
    Step asked;
  };

  // The account as it is stored; nothing for somebody unknown.
  Result<std::optional<AccountService::HookView>> view_of(std::string_view user);
  Result<AuthVerdict> external_auth(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                                    const std::optional<AccountService::HookView>& view);
  Result<AuthVerdict> pre_login(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                                const std::optional<AccountService::HookView>& view);
  // Nothing: the hook has no say about this password.
  Result<std::optional<AuthVerdict>> check_password(const OpContext& ctx, const AuthRequest& request,
                                                    const Settings& settings, const std::string& password);

  Result<AuthVerdict> begin(const OpContext& ctx, const AuthRequest& request);
  Result<AuthVerdict> answer(const OpContext& ctx, const AuthRequest& request, const Settings& settings,
                             const InteractiveCredential& credential);
  Result<Step> next_step(const OpContext& ctx, const AuthRequest& request, Conversation& conversation,
                         const std::vector<std::string>* answers);
  Result<AuthVerdict> conclude(const AuthRequest& request, Conversation conversation, Result<Step> step);

  AccountService& accounts_;
  ActionService& actions_;
  std::mutex mutex_;
  std::map<std::string, Conversation, std::less<>> conversations_;  // taken out while one is worked on
  std::atomic<std::uint64_t> last_id_{0};
};

}  // namespace slipway::auth_hook
