#include "core/session/password_resets.h"

#include <algorithm>

#include "core/base/ids.h"
#include "core/base/ip_network.h"
#include "core/base/text.h"
#include "core/crypto/digest.h"
#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/login_methods.h"

namespace slipway::session {
namespace {

constexpr std::string_view kSender = "passwordreset";
constexpr std::chrono::minutes kLifetime{10};
constexpr std::size_t kMaxRequests = 20, kMaxWrongCodes = 10;  // of one address within kLifetime
constexpr std::size_t kMaxRunning = 64;
constexpr std::int64_t kMaxTries = 10;
constexpr MailedCodes::Limits kLimits{.of_owner = 3, .altogether = 10'000};
constexpr std::size_t kMaxName = 255, kMaxCode = 256, kMaxPassword = 4096;  // bytes

const char* to_string(PasswordResetService::Account account) {
  return account == PasswordResetService::Account::Admin ? "admin" : "user";
}

accounts::CodeOwner stored(PasswordResetService::Account account) {
  return account == PasswordResetService::Account::Admin ? accounts::CodeOwner::Admin : accounts::CodeOwner::User;
}

Result<std::string> digest_of(std::string_view code) {
  SLIPWAY_ASSIGN(const std::string bytes, crypto::digest(crypto::DigestKind::Sha256, code));
  return hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

void log_lost(const Status& status) {
  if (!status) log::error(kSender, "codes cannot be kept", {{"error", status.error().message()}});
}

Error denied(std::string_view name, std::string reason) {
  return {Errc::PermissionDenied, std::string(name), std::move(reason)};
}

Error invalid(const char* what, const char* cause) { return {Errc::InvalidArgument, what, cause}; }

// Said to whoever holds a code: by then it is known that the account exists.
Error not_allowed() { return {Errc::InvalidArgument, "/code", "you are not allowed to reset your password"}; }

Error too_many(const char* what) { return {Errc::PermissionDenied, what, "too many of them, try again later", true}; }

}  // namespace

PasswordResets::PasswordResets(SessionManager& manager, ThreadPool& pool, MailedCodes& codes, Settings settings)
    : manager_(manager),
      pool_(pool),
      codes_(codes),
      settings_(std::move(settings)),
      requests_(kMaxRequests, kLifetime),
      wrong_codes_(kMaxWrongCodes, kLifetime) {}

PasswordResets::~PasswordResets() { wait_idle(); }

void PasswordResets::wait_idle() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_ == 0; });
}

bool PasswordResets::in_background(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (running_ >= kMaxRunning) return false;
    ++running_;
  }
  pool_.post([this, work = std::move(work)] {
    work();
    std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  });
  return true;
}

void PasswordResets::forget_expired_codes() {
  (void)in_background([this] { log_lost(codes_.forget_expired()); });
}

bool PasswordResets::is_available() const {
  const auto module = manager_.rooms().modules.action("email");
  if (!module) return false;
  const auto* mailer = static_cast<Mailer*>(module->query(Mailer::kInterfaceId));
  return mailer != nullptr && mailer->is_configured();
}

void PasswordResets::report(const ConnectionRequest& connection, admission::Violation violation) const {
  if (auto* admission = manager_.rooms().admission)
    admission->report({connection.protocol, connection.remote.address}, violation);
}

// ---- a code is asked for

Status PasswordResets::request(const OpContext&, const ConnectionRequest& connection, Account account,
                               std::string_view name) {
  if (!is_available()) return Error(Errc::NotSupported, "mail", "no mail server is configured");
  if (!requests_.take(connection.remote.address, settings_.now())) return too_many("requests");
  // Whether there is such an account shows neither in the answer nor in its time.
  if (!in_background([this, connection, account, name = std::string(name.substr(0, kMaxName + 1))] {
        send_code(connection, account, name);
      }))
    return Error(Errc::Unavailable, "requests", "too many of them wait already", true);
  return ok();
}

void PasswordResets::send_code(const ConnectionRequest& connection, Account account, const std::string& name) {
  const auto log_refusal = [&](std::string_view why) {
    log::write(LogLevel::Info, kSender, connection.connection_id, "no code is sent",
               {{"account", to_string(account)},
                {"username", printable(name)},
                {"ip", connection.remote.address},
                {"reason", why}});
  };
  const auto to = recipient(connection, account, name);
  if (!to) {
    if (to.code() == Errc::NotFound) report(connection, admission::Violation::UnknownUser);
    return log_refusal(to.code() == Errc::NotFound ? "unknown account" : to.error().cause());
  }
  const auto module = manager_.rooms().modules.action("email");
  auto* mailer = module ? static_cast<Mailer*>(module->query(Mailer::kInterfaceId)) : nullptr;
  if (mailer == nullptr) return log_refusal("no module sends mail");
  const std::string code = make_unique_id();
  const auto digest = digest_of(code);
  if (!digest) return log_refusal(digest.error().message());
  const auto until = codes_.now() + std::chrono::milliseconds(kLifetime).count();
  const auto kept = codes_.keep({*digest, stored(account), to->id, to->name, until}, kLimits);
  if (!kept) return log_refusal(kept.error().message());
  if (!*kept) return log_refusal("the account, or this server, has as many valid codes as it may have");
  if (const Status posted = post(*mailer, account, *to, code); !posted) {
    log_lost(codes_.forget(*digest));
    log::write(LogLevel::Error, kSender, connection.connection_id, "unable to send a code",
               {{"account", to_string(account)}, {"username", to->name}, {"error", posted.error().message()}});
    return;
  }
  log::write(LogLevel::Info, kSender, connection.connection_id, "a code is sent",
             {{"account", to_string(account)}, {"username", to->name}, {"ip", connection.remote.address}});
}

Status PasswordResets::post(Mailer& mailer, Account account, const Recipient& to, const std::string& code) const {
  MailFromTemplate mail;
  mail.name = "reset-password";
  mail.to = to.addresses;
  mail.subject = settings_.subject.empty()
                     ? "Email Verification Code for " + std::string(to_string(account)) + " \"" + to.name + "\""
                     : settings_.subject;
  mail.values = {{"Code", code}, {"Username", to.name}, {"Minutes", std::to_string(kLifetime.count())}};
  return mailer.post(std::move(mail));
}

Result<PasswordResets::Recipient> PasswordResets::recipient(const ConnectionRequest& connection, Account account,
                                                            std::string_view name) const {
  if (name.empty() || name.size() > kMaxName) return Error(Errc::NotFound, "account");
  return account == Account::Admin ? admin_recipient(connection, name) : user_recipient(connection, name);
}

Result<PasswordResets::Recipient> PasswordResets::admin_recipient(const ConnectionRequest& connection,
                                                                  std::string_view name) const {
  SLIPWAY_ASSIGN(const accounts::Admin admin, manager_.rooms().accounts.admins().get(name));
  if (admin.status != 1) return denied(name, "the account is disabled");
  const auto& networks = admin.filters.allow_list;
  if (!networks.empty() && !in_any_network(connection.remote.address, networks))
    return denied(name, "login is not allowed from this address");
  if (admin.email.empty()) return denied(name, "the account has no e-mail address");
  return Recipient{admin.id, admin.username, admin.role, {admin.email}};
}

Result<PasswordResets::Recipient> PasswordResets::user_recipient(const ConnectionRequest& connection,
                                                                 std::string_view name) const {
  SLIPWAY_ASSIGN(const auto effective, manager_.rooms().accounts.effective_user(name));
  const accounts::User& user = effective->user;
  const auto& filters = user.filters;
  SLIPWAY_TRY(check_account(user, {connection.protocol, true, connection.remote.address,
                                   std::chrono::system_clock::now(), manager_.settings()->local_time}));
  if (filters.is_anonymous) return denied(name, "the account has no password of its own");
  for (const char* option : {"password-reset-disabled", "reset-password-disabled"})
    if (std::ranges::find(filters.web_client, option) != filters.web_client.end())
      return denied(name, "the account may not reset its password");
  if (decide_method(connection.protocol, {}, "password", filters.denied_login_methods).kind !=
      MethodDecision::Kind::Accept)
    return denied(name, "login method password is not allowed");
  if (user.email.empty()) return denied(name, "the account has no e-mail address");
  Recipient to{user.id, user.username, user.role, {user.email}};
  to.addresses.insert(to.addresses.end(), filters.additional_emails.begin(), filters.additional_emails.end());
  return to;
}

// ---- a code comes back

Result<PasswordResets::Code> PasswordResets::take(const ConnectionRequest& connection, Account account,
                                                  const std::string& digest) {
  auto code = codes_.take(digest, stored(account));
  if (code || (code.code() != Errc::NotFound && code.code() != Errc::Conflict)) return code;
  if (code.code() == Errc::Conflict) return invalid("code", "invalid confirmation code");
  wrong_codes_.take(connection.remote.address, settings_.now());
  report(connection, admission::Violation::WrongCredential);
  return invalid("code", "confirmation code not found");
}

void PasswordResets::put_back(Code code) {
  if (++code.tries >= kMaxTries) return;
  const auto kept = codes_.keep(code, kLimits);
  if (!kept) log_lost(kept.error());
}

Status PasswordResets::reset(const OpContext&, const ConnectionRequest& connection, Account account,
                             std::string_view code, std::string_view password) {
  if (!is_available()) return Error(Errc::NotSupported, "mail", "no mail server is configured");
  if (code.empty()) return invalid("code", "please set a confirmation code");
  if (password.empty()) return invalid("password", "please set a password");
  if (password.size() > kMaxPassword) return invalid("/password", "is too long");
  if (!wrong_codes_.is_free(connection.remote.address, settings_.now())) return too_many("wrong codes");
  // One digest looked up by another tells nothing of the codes by the time it takes.
  SLIPWAY_ASSIGN(const std::string digest, digest_of(code.substr(0, kMaxCode)));
  SLIPWAY_ASSIGN(Code taken, take(connection, account, digest));

  const auto to = recipient(connection, account, taken.name);
  if (!to || to->id != taken.owner_id) {
    log::write(LogLevel::Info, kSender, connection.connection_id, "a password is not reset",
               {{"account", to_string(account)},
                {"username", taken.name},
                {"reason", to ? std::string("the account is another one now") : to.error().message()}});
    return not_allowed();
  }
  Actor actor;
  actor.kind = account == Account::Admin ? Actor::Kind::Admin : Actor::Kind::User;
  actor.name = to->name;
  actor.role = to->role;
  actor.address = connection.remote.address;
  auto& accounts = manager_.rooms().accounts;
  const Status changed = account == Account::Admin ? accounts.change_admin_password(to->name, password, actor)
                                                   : accounts.change_user_password(to->name, password, actor);
  if (!changed) {
    put_back(std::move(taken));
    return changed;
  }
  log_lost(codes_.forget_all_of(stored(account), to->name));
  log::write(LogLevel::Info, kSender, connection.connection_id, "password reset",
             {{"account", to_string(account)}, {"username", to->name}, {"ip", connection.remote.address}});
  return ok();
}

}  // namespace slipway::session
