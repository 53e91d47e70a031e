#include "core/session/access.h"

#include <algorithm>

#include "core/base/ip_network.h"
#include "core/base/text.h"
#include "core/log/log.h"
#include "core/session/account_checks.h"
#include "core/session/pause.h"

namespace slipway::session {
namespace {

constexpr std::size_t kMaxName = 255, kMaxPassword = 4096, kMaxKey = 512;  // bytes

// For an administrator or user whom a key stands for and who may not be reached by it.
Error closed_to_key(std::string_view kind) {
  return {Errc::AuthFailed, "API key",
          "the " + std::string(kind) + " associated with the provided api key cannot be authenticated"};
}

UserIdentity identity_of(const accounts::User& user, std::chrono::system_clock::time_point now) {
  UserIdentity identity;
  identity.name = user.username;
  identity.role = user.role;
  identity.version = std::to_string(user.updated_at);
  identity.web_options = user.filters.web_client;
  identity.must_change_password = must_change_password(user, now);
  identity.missing_second_factors = missing_second_factors(user);
  return identity;
}

void log_login(const ConnectionRequest& request, std::string_view name, std::string_view method) {
  log::write(LogLevel::Info, "login", request.connection_id, "logged in",
             {{"username", name},
              {"ip", request.remote.address},
              {"protocol", request.protocol},
              {"method", method},
              {"client", request.client_version},
              {"encrypted", request.encrypted},
              {"info", ""}});
}

}  // namespace

Error Access::fail(const OpContext& ctx, const ConnectionRequest& request, Failure failure) const {
  log::write(LogLevel::Debug, "connection_failed", request.connection_id, "login failed",
             {{"username", printable(failure.user)},
              {"client_ip", request.remote.address},
              {"protocol", request.protocol},
              {"login_type", failure.method},
              {"error", failure.reason}});
  admission::Admission* const admission = manager_.rooms().admission;
  const admission::Caller caller{request.protocol, request.remote.address};
  if (admission != nullptr && failure.violation) admission->report(caller, *failure.violation);
  Event event;
  event.action = "login-failed";
  event.username = failure.user;
  event.login_method = failure.method;
  event.protocol = request.protocol;
  event.ip = request.remote.address;
  event.session_id = request.connection_id;
  event.status = EventStatus::Error;
  event.error = std::move(failure.reason);
  event.at = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  (void)manager_.rooms().bus->after(ctx, std::move(event));
  if (admission == nullptr || !admission->is_trusted(caller)) pause(manager_.settings()->failed_delay, ctx.stop);
  return std::move(failure.tell);
}

Result<AdminIdentity> Access::check_admin(const ConnectionRequest& request, const accounts::Admin& admin) const {
  const auto refused = [&](const char* why) { return Error(Errc::PermissionDenied, admin.username, why); };
  if (admin.status != 1) return refused("the account is disabled");
  const auto& filters = admin.filters;
  if (!filters.allow_list.empty() && !in_any_network(request.remote.address, filters.allow_list))
    return refused("login is not allowed from this address");
  AdminIdentity identity;
  identity.actor = {Actor::Kind::Admin, admin.username, admin.permissions, admin.role, request.remote.address};
  identity.version = std::to_string(admin.updated_at);
  identity.must_change_password = filters.require_password_change;
  identity.needs_second_factor = filters.require_two_factor && !filters.totp_config.enabled;
  return identity;
}

Result<AdminIdentity> Access::login_admin(const OpContext& ctx, const ConnectionRequest& request,
                                          const AdminCredentials& credentials) {
  auto& accounts = manager_.rooms().accounts;
  const auto name = credentials.name.substr(0, kMaxName);
  using admission::Violation;
  const auto refuse = [&](std::string why, std::optional<Violation> violation = Violation::WrongCredential) {
    return fail(ctx, request,
                {name, "password", std::move(why), Error(Errc::AuthFailed, "login", "invalid credentials"), violation});
  };
  if (credentials.name.size() > kMaxName || credentials.password.size() > kMaxPassword)
    return refuse("a name or password beyond the limits");

  const auto right = accounts.verify_admin_password(name, credentials.password);
  if (!right) {
    log::write(LogLevel::Error, "login", request.connection_id, "unable to check a credential",
               {{"username", printable(name)}, {"error", right.error().message()}});
    return refuse(right.error().message(), std::nullopt);
  }
  const auto admin = accounts.admins().get(name);
  if (admin.code() == Errc::NotFound) return refuse("unknown administrator", Violation::UnknownUser);
  if (!admin) return refuse(admin.error().message(), std::nullopt);
  if (!*right) return refuse("invalid credentials");
  auto identity = check_admin(request, *admin);
  if (!identity) return refuse(identity.error().cause(), std::nullopt);
  if (admin->filters.totp_config.enabled) {
    if (credentials.passcode.empty()) return refuse("the passcode is missing", std::nullopt);
    const auto proved = accounts.second_factors().verify_admin(name, credentials.passcode);
    if (!proved) return refuse(proved.error().message(), std::nullopt);
    if (!*proved) return refuse("invalid passcode");
  }

  pause(manager_.settings()->success_delay, ctx.stop);
  accounts.record_admin_login(admin->username);
  log_login(request, admin->username, "password");
  return identity;
}

Result<AdminIdentity> Access::admin(const ConnectionRequest& request, std::string_view name) {
  const auto admin = manager_.rooms().accounts.admins().get(name);
  if (admin.code() == Errc::NotFound) return Error(Errc::AuthFailed, std::string(name), "the account is gone");
  if (!admin) return admin.error();
  auto identity = check_admin(request, *admin);
  if (!identity) return Error(Errc::AuthFailed, identity.error().subject(), identity.error().cause());
  return identity;
}

Result<UserIdentity> Access::user(std::string_view name) {
  const auto user = manager_.rooms().accounts.effective_user(name);
  if (user.code() == Errc::NotFound) return Error(Errc::AuthFailed, std::string(name), "the account is gone");
  if (!user) return user.error();
  return identity_of((*user)->user, std::chrono::system_clock::now());
}

std::optional<UserIdentity> Access::user_at_once(std::string_view name) {
  const auto user = manager_.rooms().accounts.known_user(name);
  if (!user) return std::nullopt;
  return identity_of(user->user, std::chrono::system_clock::now());
}

Result<ApiKeyIdentity> Access::account_of_key(const ConnectionRequest& request, const accounts::ApiKey& key,
                                              std::string_view name) {
  auto& accounts = manager_.rooms().accounts;
  ApiKeyIdentity identity;
  identity.key_id = key.id;
  if (key.scope == static_cast<int>(KeyScope::Admin)) {
    const auto admin = accounts.admins().get(key.admin.empty() ? name : key.admin);
    if (!admin) return Error(admin.code(), "administrator", admin.error().message());
    if (!admin->filters.allow_api_key_auth)
      return Error(Errc::PermissionDenied, admin->username, "the account is closed to API keys");
    SLIPWAY_ASSIGN(identity.admin, check_admin(request, *admin));
    // Whoever has the key has no password and no second factor to renew.
    identity.admin->must_change_password = identity.admin->needs_second_factor = false;
    accounts.record_admin_login(admin->username);
  } else {
    const auto user = accounts.effective_user(key.user.empty() ? name : key.user);
    if (!user) return Error(user.code(), "user", user.error().message());
    const accounts::User& account = (*user)->user;
    if (!account.filters.allow_api_key_auth)
      return Error(Errc::PermissionDenied, account.username, "the account is closed to API keys");
    SLIPWAY_TRY(check_still_valid(account, std::chrono::system_clock::now(), manager_.settings()->local_time));
    identity.user = identity_of(account, std::chrono::system_clock::now());
    identity.user->must_change_password = false;
    identity.user->missing_second_factors.clear();
    accounts.record_login(account.username);
  }
  return identity;
}

Result<ApiKeyIdentity> Access::api_key(const OpContext& ctx, const ConnectionRequest& request, std::string_view text,
                                       KeyScope scope) {
  constexpr std::string_view kMethod = "apikey";
  const Error invalid(Errc::InvalidArgument, "API key", "the provided api key is not valid");
  const auto first = text.find('.');
  if (text.size() > kMaxKey || first == 0 || first == std::string_view::npos) return invalid;
  const auto id = text.substr(0, first);
  const auto second = text.find('.', first + 1);
  const auto name = second == std::string_view::npos ? std::string_view() : text.substr(second + 1);

  auto& accounts = manager_.rooms().accounts;
  const auto key = accounts.verify_api_key(text);
  if (!key) {
    switch (key.code()) {
      case Errc::NotFound:
        return fail(ctx, request, {id, kMethod, "unknown API key", invalid, admission::Violation::UnknownUser});
      case Errc::AuthFailed:
        return fail(ctx, request,
                    {id, kMethod, key.error().cause(),
                     Error(Errc::AuthFailed, "API key", "the provided api key cannot be authenticated")});
      default:
        return key.error();
    }
  }
  if (key->scope != static_cast<int>(scope))
    return Error(Errc::PermissionDenied, "API key", "the provided api key is invalid for this request");
  auto identity = account_of_key(request, *key, name);
  if (!identity) {
    return fail(ctx, request,
                {name, kMethod, identity.error().message(), closed_to_key(scope == KeyScope::Admin ? "admin" : "user"),
                 std::nullopt});
  }
  accounts.record_api_key_use(key->id);
  return identity;
}

}  // namespace slipway::session
