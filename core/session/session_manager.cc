#include "core/session/session_manager.h"

#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/login_attempt.h"
#include "core/session/login_methods.h"
#include "core/session/pause.h"
#include "core/session/share_visit.h"
#include "core/session/user_login.h"
#include "core/vfs/path.h"

namespace slipway::session {
namespace {

class AdmittedPlace final : public Admitted, private ShareDoor {
 public:
  AdmittedPlace(SessionManager& manager, std::shared_ptr<ConnectionRegistry::Connection> connection,
                std::chrono::nanoseconds delay)
      : manager_(manager), connection_(std::move(connection)), delay_(delay) {}

  Result<std::unique_ptr<LoginAttempt>> begin(const OpContext& context) override {
    SLIPWAY_TRY(wait(context));
    SLIPWAY_TRY(ask_hook(context, connection_->request().protocol));
    return make_login_attempt(manager_, std::move(connection_));
  }

  Status wait(const OpContext& context) override {
    pause(delay_, context.stop);
    return check(context, connection_->request().remote.address);
  }

  Result<std::unique_ptr<Login>> resume(const OpContext& context, std::string_view name) override {
    SLIPWAY_TRY(wait(context));
    auto user = manager_.rooms().accounts.effective_user(name);
    if (user.code() == Errc::NotFound) return Error(Errc::AuthFailed, std::string(name), "the account is gone");
    if (!user) return user.error();
    SLIPWAY_TRY(may_log_in((*user)->user));
    return make_login(manager_, std::move(connection_), *std::move(user));
  }

  std::unique_ptr<Session> open_at_once(std::string_view name, std::string_view protocol, bool writes) override {
    if (delay_.count() > 0 || !connection_) return nullptr;
    const ConnectionRequest& request = connection_->request();
    auto& accounts = manager_.rooms().accounts;
    const auto user = accounts.known_user(name);
    if (!user || !may_log_in(user->user) || !accounts.had_first_transfer(user->user, writes)) return nullptr;
    return open_session_at_once(manager_, connection_, user,
                                login_options(user->user, protocol, request.connection_id));
  }

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == ShareDoor::kInterfaceId ? static_cast<ShareDoor*>(this) : nullptr;
  }

 private:
  Status may_log_in(const accounts::User& account) const {
    const ConnectionRequest& request = connection_->request();
    // The login that came before was one with a password.
    const auto decision = decide_method(request.protocol, {}, "password", account.filters.denied_login_methods);
    if (decision.kind != MethodDecision::Kind::Accept)
      return Error(Errc::PermissionDenied, account.username, "login method password is not allowed");
    return check_account(account, {request.protocol, true, request.remote.address, std::chrono::system_clock::now(),
                                   manager_.settings()->local_time});
  }
  Status ask_hook(const OpContext& context, std::string_view protocol) {
    const auto& ask = manager_.rooms().post_connect;
    if (!ask) return ok();
    const ConnectionRequest& request = connection_->request();
    Status allowed = ask(context, protocol, request.remote.address);
    if (!allowed) manager_.log_refusal(request, allowed.error());
    return allowed;
  }
  // Every visit of a share is a connection of its own: whoever is kept out by the hook has no other door.
  Status enter(const OpContext& context) {
    SLIPWAY_TRY(wait(context));
    if (ask_hook(context, "HTTPShare")) return ok();
    return Error(Errc::PermissionDenied, "share", "you are not allowed to connect");
  }

  Result<std::unique_ptr<ShareVisit>> visit(const OpContext& context, const ShareRequest& request) override {
    SLIPWAY_TRY(enter(context));
    return visit_share(manager_, context, std::move(connection_), request);
  }
  std::unique_ptr<ShareVisit> visit_at_once(const ShareRequest& request) override {
    if (delay_.count() > 0 || !connection_ || manager_.rooms().post_connect) return nullptr;
    return visit_share_at_once(manager_, connection_, request);
  }
  Status request_code(const OpContext& context, const ShareRequest& request, std::string_view email) override {
    SLIPWAY_TRY(enter(context));
    return request_share_code(manager_, context, *connection_, request, email);
  }
  Result<ShareVisitor> prove(const OpContext& context, const ShareRequest& request, std::string_view email,
                             std::string_view code) override {
    SLIPWAY_TRY(enter(context));
    return prove_share_visitor(manager_, context, *connection_, request, email, code);
  }

  SessionManager& manager_;
  std::shared_ptr<ConnectionRegistry::Connection> connection_;
  const std::chrono::nanoseconds delay_;
};

}  // namespace

SessionManager::SessionManager(SessionRooms rooms, SessionSettings settings)
    : rooms_(std::move(rooms)),
      settings_(std::make_shared<const SessionSettings>(std::move(settings))),
      connections_(settings_->limits),
      shares_(rooms_.accounts.store(), rooms_.counters,
              rooms_.is_shared ? KnownShares::Others::Count : KnownShares::Others::None) {}

SessionManager::~SessionManager() = default;

std::shared_ptr<const SessionSettings> SessionManager::settings() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

void SessionManager::configure(SessionSettings settings) {
  connections_.set_limits(settings.limits);
  auto fresh = std::make_shared<const SessionSettings>(std::move(settings));
  std::lock_guard lock(mutex_);
  settings_ = std::move(fresh);
}

Result<std::unique_ptr<Admitted>> SessionManager::admit(const ConnectionRequest& request) {
  std::shared_ptr<ConnectionRegistry::Connection> connection;
  const auto take_place = [&](admission::HostCap host_cap) -> Status {
    SLIPWAY_ASSIGN(connection, connections_.admit(request, host_cap));
    return ok();
  };
  Result<std::chrono::nanoseconds> delay = std::chrono::nanoseconds(0);
  if (rooms_.admission != nullptr) {
    delay = rooms_.admission->admit({request.protocol, request.remote.address}, take_place);
  } else if (auto taken = take_place(admission::HostCap::Applies); !taken) {
    delay = taken.code() == Errc::QuotaExceeded
                ? Error(Errc::PermissionDenied, taken.error().subject(), taken.error().cause(), true)
                : taken.error();
  }
  if (!delay) {
    log_refusal(request, delay.error());
    return delay.error();
  }
  return std::make_unique<AdmittedPlace>(*this, std::move(connection), *delay);
}

void SessionManager::log_refusal(const ConnectionRequest& request, const Error& error) {
  const auto [write, left_out] = refusals_.ask(std::chrono::steady_clock::now());
  if (!write) return;
  if (left_out > 0)
    log::info("connection_refused", "more connections were refused than the log has lines for",
              {{"left_out", left_out}});
  log::write(LogLevel::Info, "connection_refused", request.connection_id, error.cause(),
             {{"client_ip", request.remote.address}, {"protocol", request.protocol}});
}

Result<VPath> SessionManager::resolve(const VPath& base, std::string_view client_path) const {
  return vfs::clean_path(base, client_path);
}

void SessionManager::sweep() {
  const auto settings = this->settings();
  const auto now = std::chrono::system_clock::now();
  std::map<std::string, bool> valid;  // one look-up a user, however many sessions
  connections_.close_if([&](const std::string& username, std::chrono::steady_clock::duration idle) {
    if (settings->idle_timeout.count() > 0 && idle > settings->idle_timeout) {
      log::info("sessions", "closing an idle session", {{"username", username}});
      return true;
    }
    const auto [it, first] = valid.try_emplace(username, true);
    if (first) {
      const auto user = rooms_.accounts.effective_user(username);
      // An account that cannot be read now (a store that is down) is no reason to cut its sessions.
      const Status still = user ? check_still_valid((*user)->user, now, settings->local_time) : ok();
      it->second = user.code() != Errc::NotFound && still.ok();
      if (!it->second)
        log::info("sessions", "closing sessions of an account that may no longer log in",
                  {{"username", username}, {"reason", still ? "the account is gone" : still.error().cause()}});
    }
    return !it->second;
  });
}

void SessionManager::drain(std::chrono::steady_clock::time_point deadline) { connections_.drain(deadline); }

}  // namespace slipway::session
