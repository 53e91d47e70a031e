#include "core/session/login_attempt.h"

#include <algorithm>
#include <optional>

#include "core/accounts/entity_json.h"
#include "core/events/hook_payload.h"
#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/auth_chain.h"
#include "core/session/login_conduct.h"
#include "core/session/login_methods.h"
#include "core/session/pause.h"
#include "core/session/user_login.h"

namespace slipway::session {
namespace {

using Outcome = LoginStep::Outcome;

// The events of logins, as consumers of the log know them.
enum class LogEvent { LoginFailed = 1, UnknownUser = 2, NoLoginTried = 3, NotNegotiated = 4 };

constexpr std::size_t kMaxUserName = 255;  // bytes; no account has a longer one
constexpr char kPasswordPrompt[] = "Password: ", kPasscodePrompt[] = "Authentication code: ";
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

// The passcode stands behind the password in protocols whose clients cannot be asked for it.
bool appends_passcode(std::string_view protocol) { return protocol == "FTP"; }
constexpr std::size_t kPasscodeDigits = 6;

class Attempt final : public LoginAttempt {
 public:
  Attempt(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection)
      : manager_(manager),
        connection_(std::move(connection)),
        chain_(manager, connection_->request()),
        conduct_(manager.rooms().admission, request().protocol, request().remote.address) {}

  ~Attempt() override {
    if (conduct_.has_tried()) return;
    const bool negotiated = not_negotiated_.empty();
    report_failure(OpContext{}, "", "no_auth_tried",
                   negotiated ? "the client left without trying to log in" : not_negotiated_,
                   negotiated ? LogEvent::NoLoginTried : LogEvent::NotNegotiated);
  }

  std::vector<std::string> methods() const override { return offered_; }
  LoginStep submit(const OpContext& ctx, std::string_view user, const Credential& credential) override;
  void set_client_version(std::string_view version) override { connection_->set_client_version(version); }
  void negotiation_failed(std::string_view reason) override { not_negotiated_ = reason; }
  void set_weakness(std::string_view weakness) override { weakness_ = weakness; }

 private:
  // What was proved, and by what.
  struct Proof {
    std::string user;
    AuthVerdict verdict;
    std::string factor;  // "password", "publickey", "keyboard-interactive"
    std::string logged;  // in place of the method in the log: which key it was
    bool password_used = false;
    bool passcode_right = false;
  };

  const ConnectionRequest& request() const noexcept { return connection_->request(); }
  LoginStep refused() const { return {.outcome = Outcome::Refused, .methods = methods()}; }
  LoginStep refuse(const OpContext& ctx, std::string_view user, std::string_view method, const std::string& reason,
                   LogEvent log_event = LogEvent::LoginFailed);
  // As refuse(), for a wrong name or credential, which the defender counts; other refusals are not the client's fault.
  LoginStep blame(const OpContext& ctx, std::string_view user, std::string_view factor, const std::string& reason,
                  admission::Violation violation = admission::Violation::WrongCredential);
  // The credential was right: the user may know why it is of no use.
  LoginStep turn_away(const OpContext& ctx, std::string_view user, std::string_view method, const std::string& reason);
  void report_failure(const OpContext& ctx, std::string_view user, std::string_view method, const std::string& reason,
                      LogEvent log_event) const;
  Event event(std::string_view action, std::string_view user, std::string_view method) const;
  // The user without secrets; of somebody unknown the name alone is filled in.
  std::string document_of(std::string_view user) const;
  void start_over(std::string_view user);

  LoginStep check(const OpContext& ctx, const Credential& credential, std::string_view factor);
  LoginStep converse(const OpContext& ctx, const InteractiveCredential& interactive);
  LoginStep check_passcode(const OpContext& ctx, const InteractiveCredential& interactive);
  LoginStep ask(std::string text) const;
  // Takes an appended passcode off a password; false: there is none where there must be one.
  bool take_passcode(Credential& credential, std::string& passcode) const;
  bool passcode_missing(const accounts::User& account, const Proof& proof) const;
  LoginStep proved(const OpContext& ctx, Proof proof);

  SessionManager& manager_;
  std::shared_ptr<ConnectionRegistry::Connection> connection_;
  AuthChain chain_;
  LoginConduct conduct_;
  std::string not_negotiated_;  // what client and server do not have in common
  std::string user_;            // what was proved belongs to this name
  bool pre_login_asked_ = false;
  std::vector<std::string> passed_;  // factors of user_ that were right
  std::string account_;              // that they are factors of
  bool password_passed_ = false;     // one of them was a password
  std::vector<std::string> offered_{"publickey", "password", "keyboard-interactive"};
  std::string weakness_;  // of the connection's cryptography
  // What the host itself waits for: the password, or the passcode of somebody who proved the rest.
  bool password_asked_ = false;
  std::optional<Proof> passcode_asked_;
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

std::string Attempt::document_of(std::string_view user) const {
  const auto known = manager_.rooms().accounts.effective_user(user);
  if (known) return accounts::to_json_text((*known)->user, accounts::Rendering::Event);
  accounts::User stranger;
  stranger.username = events::utf8_or_replacement(user);
  return accounts::to_json_text(stranger, accounts::Rendering::Event);
}

void Attempt::report_failure(const OpContext& ctx, std::string_view user, std::string_view method,
                             const std::string& reason, LogEvent log_event) const {
  log::write(LogLevel::Debug, "connection_failed", request().connection_id, "login failed",
             {{"username", user},
              {"client_ip", request().remote.address},
              {"protocol", request().protocol},
              {"login_type", method},
              {"event", static_cast<int>(log_event)},
              {"error", reason}});
  if (!manager_.rooms().bus->wanted("login-failed")) return;
  Event failed = event("login-failed", user, method);
  failed.status = EventStatus::Error;
  failed.error = reason;
  failed.object_json = document_of(user);
  (void)manager_.rooms().bus->after(ctx, std::move(failed));
}

LoginStep Attempt::refuse(const OpContext& ctx, std::string_view user, std::string_view method,
                          const std::string& reason, LogEvent log_event) {
  report_failure(ctx, user, method, reason, log_event);
  if (method != "publickey" && conduct_.is_delayed()) pause(manager_.settings()->failed_delay, ctx.stop);
  return refused();
}

LoginStep Attempt::blame(const OpContext& ctx, std::string_view user, std::string_view factor,
                         const std::string& reason, admission::Violation violation) {
  conduct_.failed(factor, violation);
  return refuse(ctx, user, factor, reason,
                violation == admission::Violation::UnknownUser ? LogEvent::UnknownUser : LogEvent::LoginFailed);
}

LoginStep Attempt::turn_away(const OpContext& ctx, std::string_view user, std::string_view method,
                             const std::string& reason) {
  LoginStep step = refuse(ctx, user, method, reason);
  step.notice = "Login refused: " + reason;
  return step;
}

// RFC 4252 5: a new name starts over.
void Attempt::start_over(std::string_view user) {
  user_ = user;
  account_.clear();
  passed_.clear();
  password_passed_ = pre_login_asked_ = password_asked_ = false;
  passcode_asked_.reset();
  chain_.end_conversation();
  offered_ = {"publickey", "password", "keyboard-interactive"};
}

LoginStep Attempt::submit(const OpContext& ctx, std::string_view user, const Credential& credential) {
  conduct_.tried();
  const std::string_view factor = factor_of(credential);
  if (conduct_.is_banned()) {
    report_failure(ctx, user.substr(0, kMaxUserName), factor, "the address was banned meanwhile",
                   LogEvent::LoginFailed);
    LoginStep step = refused();
    step.final = true;
    return step;
  }
  if (!within_limits(user, credential))
    return blame(ctx, user.substr(0, kMaxUserName), factor, "a name or password beyond the limits");
  if (user != user_) start_over(user);
  if (!pre_login_asked_) {
    if (auto allowed = manager_.rooms().bus->before(ctx, event("pre-login", user, factor)); !allowed)
      return refuse(ctx, user, factor, allowed.error().message());
    pre_login_asked_ = true;
  }
  if (const auto* interactive = std::get_if<InteractiveCredential>(&credential)) return converse(ctx, *interactive);
  password_asked_ = false;
  passcode_asked_.reset();
  return check(ctx, credential, factor);
}

LoginStep Attempt::converse(const OpContext& ctx, const InteractiveCredential& interactive) {
  constexpr std::string_view kFactor = "keyboard-interactive";
  const bool password_asked = std::exchange(password_asked_, false);
  if (!interactive.answers.empty()) {
    if (passcode_asked_) return check_passcode(ctx, interactive);
    if (chain_.conversing()) return check(ctx, interactive, kFactor);
    if (!password_asked || interactive.answers.size() != 1)
      return refuse(ctx, user_, kFactor, "an answer to what was not asked");
    return check(ctx, PasswordCredential{interactive.answers.front()}, kFactor);
  }
  passcode_asked_.reset();
  chain_.end_conversation();
  return check(ctx, interactive, kFactor);
}

LoginStep Attempt::ask(std::string text) const {
  LoginStep step{.outcome = Outcome::Ask};
  step.prompts.push_back({std::move(text), false});
  return step;
}

bool Attempt::take_passcode(Credential& credential, std::string& passcode) const {
  auto* password = std::get_if<PasswordCredential>(&credential);
  if (password == nullptr || !appends_passcode(request().protocol)) return true;
  const auto user = manager_.rooms().accounts.effective_user(user_);
  if (!user || !has_totp((*user)->user, request().protocol)) return true;
  if (password->password.size() <= kPasscodeDigits) return false;
  passcode = password->password.substr(password->password.size() - kPasscodeDigits);
  password->password.resize(password->password.size() - kPasscodeDigits);
  return true;
}

LoginStep Attempt::check(const OpContext& ctx, const Credential& given, std::string_view factor) {
  Credential credential = given;
  std::string passcode;
  if (!take_passcode(credential, passcode)) return blame(ctx, user_, factor, "a password without a passcode");
  auto answer = chain_.ask(ctx, user_, credential, factor, passed_);
  if (!answer) {
    log::write(LogLevel::Error, "login", request().connection_id, "unable to check a credential",
               {{"username", user_}, {"error", answer.error().message()}});
    return refuse(ctx, user_, factor, answer.error().message());
  }
  AuthVerdict& verdict = answer->verdict;
  switch (verdict.answer) {
    case AuthVerdict::Answer::Unknown: {
      if (!std::holds_alternative<InteractiveCredential>(credential))
        return blame(ctx, user_, factor, "unknown user", admission::Violation::UnknownUser);
      // No module has questions of its own: after a key the passcode where there is one, else the password.
      const auto user = manager_.rooms().accounts.effective_user(answer->user);
      if (!passed_.empty() && passed_.back() == "publickey" && user && has_totp((*user)->user, request().protocol)) {
        passcode_asked_ = Proof{.user = answer->user, .verdict = {}, .factor = std::string(factor), .logged = {}};
        return ask(kPasscodePrompt);
      }
      password_asked_ = true;
      return ask(kPasswordPrompt);
    }
    case AuthVerdict::Answer::Refused: {
      if (is_probe(credential)) {  // the client will try its next key
        conduct_.failed(factor, admission::Violation::WrongCredential);
        return refused();
      }
      LoginStep step = blame(ctx, user_, factor, "invalid credentials");
      step.notice = std::move(verdict.instruction);
      step.final = verdict.final;
      return step;
    }
    case AuthVerdict::Answer::Ask:
      return {.outcome = Outcome::Ask,
              .instruction = std::move(verdict.instruction),
              .prompts = std::move(verdict.prompts)};
    case AuthVerdict::Answer::Accepted:
      break;
  }
  if (is_probe(credential)) return {.outcome = Outcome::Partial, .methods = {"publickey"}};

  Proof proof{.user = std::move(answer->user), .verdict = std::move(verdict), .factor = std::string(factor)};
  proof.password_used = std::holds_alternative<PasswordCredential>(credential);
  if (const auto* key = std::get_if<PublicKeyCredential>(&credential))
    proof.logged = ": " + key->id() + " (" + key->algorithm + ")";
  if (!passcode.empty()) {
    auto right = manager_.rooms().accounts.verify_passcode(proof.user, request().protocol, passcode);
    if (!right) return refuse(ctx, user_, factor, right.error().message());
    if (!*right) return blame(ctx, user_, factor, "invalid passcode");
    proof.passcode_right = true;
  }
  return proved(ctx, std::move(proof));
}

LoginStep Attempt::check_passcode(const OpContext& ctx, const InteractiveCredential& interactive) {
  Proof proof = *std::exchange(passcode_asked_, std::nullopt);
  if (interactive.answers.size() != 1) return refuse(ctx, user_, proof.factor, "an answer to what was not asked");
  auto right = manager_.rooms().accounts.verify_passcode(proof.user, request().protocol, interactive.answers.front());
  if (!right) {
    log::write(LogLevel::Error, "login", request().connection_id, "unable to check a passcode",
               {{"username", proof.user}, {"error", right.error().message()}});
    return refuse(ctx, user_, proof.factor, right.error().message());
  }
  if (!*right) return blame(ctx, user_, proof.factor, "invalid passcode");
  proof.passcode_right = true;
  return proved(ctx, std::move(proof));
}

// A password alone is not enough for who has a second factor; a key is, and a key beside a password.
bool Attempt::passcode_missing(const accounts::User& account, const Proof& proof) const {
  if (proof.passcode_right || proof.verdict.second_factor_done || proof.factor == "publickey") return false;
  return passed_.empty() && has_totp(account, request().protocol);
}

LoginStep Attempt::proved(const OpContext& ctx, Proof proof) {
  const auto settings = manager_.settings();
  auto user = manager_.rooms().accounts.effective_user(proof.user, proof.verdict.account_patch);
  if (!user) return refuse(ctx, proof.user, proof.factor, user.error().message());
  const accounts::User& account = (*user)->user;
  if (!passed_.empty() && account.username != account_)
    return refuse(ctx, proof.user, proof.factor, "the factors are those of two accounts");

  const MethodDecision decision =
      decide_method(request().protocol, passed_, proof.factor, account.filters.denied_login_methods);
  if (decision.kind == MethodDecision::Kind::Refuse)
    return refuse(ctx, proof.user, decision.method, "login method " + decision.method + " is not allowed");

  const LoginFacts facts{request().protocol, proof.password_used || password_passed_, request().remote.address,
                         std::chrono::system_clock::now(), settings->local_time};
  if (auto allowed = check_account(account, facts); !allowed) {
    LoginStep step = turn_away(ctx, account.username, decision.method, allowed.error().cause());
    step.final = true;
    return step;
  }
  if (auto fresh = check_password_age(account, facts); !fresh)
    return turn_away(ctx, account.username, decision.method, fresh.error().cause());

  const bool alone = decision.kind == MethodDecision::Kind::Accept;
  if (passcode_missing(account, proof) && (alone || proof.factor == "keyboard-interactive")) {
    passcode_asked_ = std::move(proof);
    return ask(kPasscodePrompt);
  }
  if (!alone) {
    passed_.push_back(proof.factor);
    account_ = account.username;
    password_passed_ = proof.password_used;
    offered_ = decision.next;
    return {.outcome = Outcome::Partial, .methods = decision.next};
  }

  if (account.filters.enforce_secure_algorithms && !weakness_.empty())
    return turn_away(ctx, account.username, decision.method,
                     "the account demands secure algorithms, and " + weakness_ + " is not");
  const auto open = manager_.connections().session_count(account.username);
  if (account.max_sessions > 0 && open >= static_cast<std::size_t>(account.max_sessions)) {
    LoginStep step =
        turn_away(ctx, account.username, decision.method, "too many open sessions: " + std::to_string(open));
    step.final = true;
    return step;
  }

  conduct_.logged_in();
  if (conduct_.is_delayed()) pause(settings->success_delay, ctx.stop);
  manager_.rooms().accounts.record_login(account.username);
  log::write(LogLevel::Info, "login", request().connection_id, "logged in",
             {{"username", account.username},
              {"ip", request().remote.address},
              {"protocol", request().protocol},
              {"method", decision.method + proof.logged},
              {"client", request().client_version},
              {"encrypted", request().encrypted},
              {"info", ""}});
  if (manager_.rooms().bus->wanted("login")) {
    Event login = event("login", account.username, decision.method);
    login.role = account.role;
    login.object_json = accounts::to_json_text(account, accounts::Rendering::Event);
    (void)manager_.rooms().bus->after(ctx, std::move(login));
  }
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
