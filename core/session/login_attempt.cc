#include "core/session/login_attempt.h"

#include <algorithm>
#include <condition_variable>

#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/login_methods.h"
#include "core/session/user_login.h"

namespace slipway::session {
namespace {

using Outcome = LoginStep::Outcome;

constexpr std::size_t kMaxUserName = 255;   // bytes; no account has a longer one
constexpr std::size_t kMaxPassword = 4096;  // bytes; more is an attack on the hash function

std::string_view factor_of(const Credential& credential) {
  if (std::holds_alternative<PasswordCredential>(credential)) return "password";
  if (std::holds_alternative<PublicKeyCredential>(credential)) return "publickey";
  return "keyboard-interactive";
}

bool is_probe(const Credential& credential) {
  const auto* key = std::get_if<PublicKeyCredential>(&credential);
  return key != nullptr && key->proof == PublicKeyCredential::Proof::Probe;
}

bool within_limits(std::string_view user, const Credential& credential) {
  if (user.empty() || user.size() > kMaxUserName) return false;
  if (const auto* password = std::get_if<PasswordCredential>(&credential))
    return password->password.size() <= kMaxPassword;
  if (const auto* interactive = std::get_if<InteractiveCredential>(&credential))
    return std::ranges::all_of(interactive->answers, [](const auto& a) { return a.size() <= kMaxPassword; });
  return true;
}

// Returns early when the server wants to stop.
void pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  if (time.count() <= 0) return;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

class Attempt final : public LoginAttempt {
 public:
  Attempt(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection)
      : manager_(manager), connection_(std::move(connection)) {}

  ~Attempt() override {
    if (!tried_) log_failure("", "no_auth_tried", "the client left without trying to log in");
  }

  std::vector<std::string> methods() const override { return {"publickey", "password", "keyboard-interactive"}; }
  LoginStep submit(const OpContext& ctx, std::string_view user, const Credential& credential) override;
  void set_client_version(std::string_view version) override { connection_->set_client_version(version); }
  void set_weakness(std::string_view weakness) override { weakness_ = weakness; }

 private:
  const ConnectionRequest& request() const noexcept { return connection_->request(); }
  LoginStep refused() const { return {.outcome = Outcome::Refused, .methods = methods()}; }
  LoginStep refuse(const OpContext& ctx, std::string_view user, std::string_view method, const std::string& reason);
  // The credential was right: the user may know why it is of no use.
  LoginStep turn_away(const OpContext& ctx, std::string_view user, std::string_view method, const std::string& reason);
  void log_failure(std::string_view user, std::string_view method, std::string_view reason) const;
  Event event(std::string_view action, std::string_view user, std::string_view method) const;

  Result<AuthVerdict> ask_chain(const OpContext& ctx, std::string_view user, const Credential& credential);
  LoginStep proved(const OpContext& ctx, const std::string& user, const AuthVerdict& verdict, std::string_view factor,
                   const Credential& credential);

  SessionManager& manager_;
  std::shared_ptr<ConnectionRegistry::Connection> connection_;
  bool tried_ = false;
  std::string user_;  // what was proved belongs to this name
  bool pre_login_asked_ = false;
  std::vector<std::string> passed_;  // factors of user_ that were right
  std::string weakness_;             // of the connection's cryptography
  std::string asking_;               // the instance that waits for answers
};

Event Attempt::event(std::string_view action, std::string_view user, std::string_view method) const {
  Event e;
  e.action = action;
  e.username = user;
  e.login_method = method;
  e.protocol = request().protocol;
  e.ip = request().remote.address;
  e.session_id = request().connection_id;
  e.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  return e;
}

void Attempt::log_failure(std::string_view user, std::string_view method, std::string_view reason) const {
  log::write(LogLevel::Debug, "connection_failed", request().connection_id, "login failed",
             {{"username", user},
              {"client_ip", request().remote.address},
              {"protocol", request().protocol},
              {"login_type", method},
              {"error", reason}});
}

LoginStep Attempt::refuse(const OpContext& ctx, std::string_view user, std::string_view method,
                          const std::string& reason) {
  log_failure(user, method, reason);
  Event failed = event("login-failed", user, method);
  failed.status = EventStatus::Error;
  failed.error = reason;
  (void)manager_.rooms().bus->after(ctx, std::move(failed));
  if (method != "publickey") pause(manager_.settings()->failed_delay, ctx.stop);
  return refused();
}

LoginStep Attempt::turn_away(const OpContext& ctx, std::string_view user, std::string_view method,
                             const std::string& reason) {
  LoginStep step = refuse(ctx, user, method, reason);
  step.notice = "Login refused: " + reason;
  return step;
}

Result<AuthVerdict> Attempt::ask_chain(const OpContext& ctx, std::string_view user, const Credential& credential) {
  const auto* interactive = std::get_if<InteractiveCredential>(&credential);
  const bool answering = interactive != nullptr && !interactive->answers.empty();
  const AuthRequest question{user, credential, request().protocol, request().remote, passed_};
  for (const auto& module : manager_.rooms().modules.auth_chain()) {
    if (answering && module.instance() != asking_) continue;
    auto verdict = module->authenticate(ctx, question);
    if (!verdict) return Error(verdict.code(), "auth module " + module.instance(), verdict.error().message());
    if (verdict->answer == AuthVerdict::Answer::Unknown) continue;
    asking_ = verdict->answer == AuthVerdict::Answer::Ask ? module.instance() : std::string();
    return verdict;
  }
  return AuthVerdict{};
}

LoginStep Attempt::submit(const OpContext& ctx, std::string_view user, const Credential& credential) {
  tried_ = true;
  const std::string_view factor = factor_of(credential);
  if (!within_limits(user, credential))
    return refuse(ctx, user.substr(0, kMaxUserName), factor, "a name or password beyond the limits");
  if (user != user_) {  // RFC 4252 5: a new name starts over
    user_ = user;
    passed_.clear();
    asking_.clear();
    pre_login_asked_ = false;
  }
  if (!pre_login_asked_) {
    if (auto allowed = manager_.rooms().bus->before(ctx, event("pre-login", user, factor)); !allowed)
      return refuse(ctx, user, factor, allowed.error().message());
    pre_login_asked_ = true;
  }

  auto verdict = ask_chain(ctx, user, credential);
  if (!verdict) {
    log::write(LogLevel::Error, "login", request().connection_id, "unable to check a credential",
               {{"username", user}, {"error", verdict.error().message()}});
    return refuse(ctx, user, factor, verdict.error().message());
  }
  switch (verdict->answer) {
    case AuthVerdict::Answer::Unknown:
      return refuse(ctx, user, factor, "unknown user");
    case AuthVerdict::Answer::Refused:
      if (is_probe(credential)) return refused();  // the client will try its next key
      return refuse(ctx, user, factor, "invalid credentials");
    case AuthVerdict::Answer::Ask:
      return {.outcome = Outcome::Ask,
              .instruction = std::move(verdict->instruction),
              .prompts = std::move(verdict->prompts)};
    case AuthVerdict::Answer::Accepted:
      break;
  }
  if (is_probe(credential)) return {.outcome = Outcome::Partial, .methods = {"publickey"}};
  return proved(ctx, verdict->user.value_or(std::string(user)), *verdict, factor, credential);
}

LoginStep Attempt::proved(const OpContext& ctx, const std::string& name, const AuthVerdict& verdict,
                          std::string_view factor, const Credential& credential) {
  const auto settings = manager_.settings();
  auto user = manager_.rooms().accounts.effective_user(name, verdict.account_patch);
  if (!user) return refuse(ctx, name, factor, user.error().message());
  const accounts::User& account = (*user)->user;

  const MethodDecision decision =
      decide_method(request().protocol, passed_, factor, account.filters.denied_login_methods);
  if (decision.kind == MethodDecision::Kind::Refuse)
    return refuse(ctx, name, decision.method, "login method " + decision.method + " is not allowed");
  if (decision.kind == MethodDecision::Kind::Partial) {
    passed_.emplace_back(factor);
    return {.outcome = Outcome::Partial, .methods = decision.next};
  }

  const LoginFacts facts{request().protocol, decision.method, request().remote.address,
                         std::chrono::system_clock::now(), settings->local_time};
  if (auto allowed = check_account(account, facts); !allowed)
    return turn_away(ctx, account.username, decision.method, allowed.error().cause());
  if (account.filters.enforce_secure_algorithms && !weakness_.empty())
    return turn_away(ctx, account.username, decision.method,
                     "the account demands secure algorithms, and " + weakness_ + " is not");
  const auto open = manager_.connections().session_count(account.username);
  if (account.max_sessions > 0 && open >= static_cast<std::size_t>(account.max_sessions))
    return turn_away(ctx, account.username, decision.method, "too many open sessions: " + std::to_string(open));

  pause(settings->success_delay, ctx.stop);
  manager_.rooms().accounts.record_login(account.username);
  const auto* key = std::get_if<PublicKeyCredential>(&credential);
  log::write(
      LogLevel::Info, "login", request().connection_id, "logged in",
      {{"username", account.username},
       {"ip", request().remote.address},
       {"protocol", request().protocol},
       {"method", key != nullptr ? decision.method + ": " + key->id() + " (" + key->algorithm + ")" : decision.method},
       {"client", request().client_version},
       {"encrypted", request().encrypted},
       {"info", ""}});
  Event login = event("login", account.username, decision.method);
  login.role = account.role;
  (void)manager_.rooms().bus->after(ctx, std::move(login));
  LoginStep step{.outcome = Outcome::Accepted};
  step.login = make_login(manager_, connection_, *std::move(user));
  return step;
}

}  // namespace

std::unique_ptr<LoginAttempt> make_login_attempt(SessionManager& manager,
                                                 std::shared_ptr<ConnectionRegistry::Connection> connection) {
  return std::make_unique<Attempt>(manager, std::move(connection));
}

}  // namespace slipway::session
