#include "guard.h"

#include <algorithm>
#include <variant>

#include "protocol_token.h"
#include "visit_id.h"

namespace slipway::httpd {
namespace {

constexpr std::size_t kMaxClientVersion = 256;  // bytes of User-Agent

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// `needed` is one permission, or several of which one is enough ("view_groups|manage_groups").
bool permits(const AdminIdentity& admin, std::string_view needed) {
  const auto& held = admin.actor.permissions;
  if (needed.empty() || needed == "self" || contains(held, "*")) return true;
  while (!needed.empty()) {
    const auto bar = needed.find('|');
    if (contains(held, needed.substr(0, bar))) return true;
    needed.remove_prefix(bar == std::string_view::npos ? needed.size() : bar + 1);
  }
  return false;
}

class Guard {
 public:
  Guard(const Route& route, Exchange& exchange) : route_(route), exchange_(exchange) {}

  // False: it has answered, or handed the request over.
  bool pass() {
    if (route_.audience == Audience::Anyone) return true;
    // Sessions of users wait when they are opened.
    if (is_for_admins() && !exchange_.request.may_block()) return hand_over();
    if (is_for_admins())
      if (auto waited = exchange_.visit.admitted->wait(exchange_.context()); !waited) return refuse_busy();
    return identify() && has_no_duties() && may();
  }

 private:
  bool is_for_admins() const { return route_.audience == Audience::Admin; }
  AccessService& access() const { return exchange_.site->services.access; }
  // What may wait is for a thread that may.
  bool hand_over() {
    exchange_.response.hand_over();
    return false;
  }
  bool refuse(int status, std::string error, std::string message = {}) {
    exchange_.refuse({status, std::move(error), std::move(message)});
    return false;
  }

  bool identify() {
    const auto key = exchange_.request.header("X-SFTPGO-API-KEY");
    const unsigned keys_off = is_for_admins() ? kNoAdminKeys : kNoUserKeys;
    if (key && (exchange_.site->binding.disabled_logins & keys_off) == 0) {
      if (!exchange_.request.may_block()) return hand_over();
      if ((route_.flags & kNoApiKey) != 0) return refuse(403, "", "API key authentication is not allowed");
      return identify_by_key(*key);
    }
    return identify_by_token();
  }

  bool identify_by_key(std::string_view key) {
    const auto scope = is_for_admins() ? AccessService::KeyScope::Admin : AccessService::KeyScope::User;
    auto identity = access().api_key(exchange_.context(), exchange_.visit.connection, key, scope);
    if (!identity) {
      const Error& error = identity.error();
      switch (error.code()) {
        case Errc::InvalidArgument:
          return refuse(400, error.cause());
        case Errc::PermissionDenied:
          return refuse(403, error.cause());
        case Errc::AuthFailed:
          return refuse(401, error.cause());
        default:
          exchange_.refuse(error);
          return false;
      }
    }
    exchange_.caller.api_key = identity->key_id;
    exchange_.caller.admin = std::move(identity->admin);
    exchange_.caller.user = std::move(identity->user);
    return true;
  }

  bool identify_by_token() {
    auto token = exchange_.request.bearer_token();
    if (!token && (route_.flags & kTokenInProtocol) != 0) token = token_of_protocols(exchange_.request.headers());
    if (!token) return refuse(401, "no token found", "Unauthorized");
    const auto use = is_for_admins() ? TokenUse::Admin : TokenUse::User;
    const ConnectionRequest& connection = exchange_.visit.connection;
    auto claims =
        exchange_.site->tokens->check(*token, use, connection.remote.address, std::chrono::system_clock::now());
    if (claims.code() == Errc::AuthFailed) return refuse(401, claims.error().cause(), claims.error().subject());
    if (!claims) {
      exchange_.refuse(claims.error());
      return false;
    }
    std::string version;
    if (is_for_admins()) {
      auto admin = access().admin(connection, claims->username);
      if (!admin) return refuse_account(admin.error());
      version = admin->version;
      exchange_.caller.admin = *std::move(admin);
    } else if (!exchange_.request.may_block()) {
      auto user = access().user_at_once(claims->username);
      if (!user || !exchange_.site->tokens->fits(*claims, user->version)) return hand_over();
      version = user->version;
      exchange_.caller.user = *std::move(user);
    } else {
      auto user = access().user(claims->username);
      if (!user) return refuse_account(user.error());
      version = user->version;
      exchange_.caller.user = *std::move(user);
    }
    if (!exchange_.site->tokens->fits(*claims, version)) {
      exchange_.caller.token = *std::move(claims);
      (void)exchange_.end_token();
      return refuse(401, "", "Your token is no longer valid");
    }
    exchange_.caller.token = *std::move(claims);
    exchange_.caller.token_text = *token;
    return true;
  }

  bool refuse_account(const Error& error) {
    if (error.code() == Errc::AuthFailed) return refuse(401, "", "Your token is no longer valid");
    exchange_.refuse(error);
    return false;
  }

  bool refuse_busy() {
    exchange_.response.set_header("Retry-After", "1");
    return refuse(429, "", "Too Many Requests");
  }

  bool has_no_duties() {
    const auto& [admin, user, token, text, key] = exchange_.caller;
    if (user && contains(user->web_options, "rest-api-disabled")) return refuse(403, "", "Forbidden");
    if ((route_.flags & kBeforeDuties) != 0) return true;
    if (admin ? admin->must_change_password : user->must_change_password)
      return refuse(403, "Password change required. Please set a new password to continue to use your account");
    constexpr const char* kFactor =
        "Two-factor authentication requirements not met, please configure two-factor "
        "authentication";
    if (admin && admin->needs_second_factor) return refuse(403, kFactor);
    if (user && !user->missing_second_factors.empty())
      return refuse(403, std::string(kFactor) + " for the following protocols: " + join(user->missing_second_factors));
    return true;
  }

  bool may() {
    const auto& [admin, user, token, text, key] = exchange_.caller;
    if (user && (route_.flags & kWrites) != 0 && contains(user->web_options, "write-disabled"))
      return refuse(403, "", "Forbidden");
    if (!admin || route_.operation.empty()) return true;
    const std::string_view* needed = exchange_.site->permission(route_.operation);
    if (needed != nullptr && permits(*admin, *needed)) return true;
    if (needed == nullptr) return refuse(501, std::string(route_.operation) + " is not part of this server");
    return refuse(403, "", "Forbidden");
  }

  const Route& route_;
  Exchange& exchange_;
};

}  // namespace

bool admit(const Services& services, http::Request& request, http::Response& response) {
  if (request.raw_path() == "/healthz") return true;
  auto visit = std::make_shared<Visit>();
  ConnectionRequest& connection = visit->connection;
  connection.protocol = "HTTP";
  connection.connection_id = "HTTP_" + make_visit_id();
  connection.remote = request.remote();
  connection.local = request.local();
  connection.client_version = request.header("User-Agent").value_or("").substr(0, kMaxClientVersion);
  connection.encrypted = request.is_https();
  auto admitted = services.sessions.admit(connection);
  if (!admitted) {
    const Error& error = admitted.error();
    if (error.retryable()) {
      const bool is_cap = error.code() == Errc::PermissionDenied;
      response.set_header("Retry-After", "1");
      send_refusal(response, {429, is_cap ? "you are not allowed to connect" : error.cause(), "Too Many Requests"});
    } else if (error.code() == Errc::Unavailable) {
      send_refusal(response, {503, "the service is shutting down", ""});
    } else {
      send_refusal(response, {403, "you are not allowed to connect", ""});
    }
    return false;
  }
  visit->admitted = *std::move(admitted);
  request.attachment() = std::move(visit);
  return true;
}

http::Filter checked(std::shared_ptr<const Site> site, const Route& route) {
  return [site = std::move(site), route](http::Request& request, http::Response& response) {
    const auto* visit = std::any_cast<std::shared_ptr<Visit>>(&request.attachment());
    if (visit == nullptr) return send_refusal(response, {500, "", "Internal Server Error"}), false;
    Exchange exchange{site, request, response, **visit, {}};
    if (!Guard(route, exchange).pass()) {
      (*visit)->admitted.reset();
      return false;
    }
    (*visit)->caller = std::move(exchange.caller);
    return true;
  };
}

http::Handler guarded(std::shared_ptr<const Site> site, Route route) {
  return [site = std::move(site), route = std::move(route)](http::Request& request, http::Response& response) {
    const auto* visit = std::any_cast<std::shared_ptr<Visit>>(&request.attachment());
    if (visit == nullptr) return send_refusal(response, {500, "", "Internal Server Error"});
    Exchange exchange{site, request, response, **visit, {}};
    std::optional<Caller> known = std::exchange((*visit)->caller, std::nullopt);
    if (known) exchange.caller = *std::move(known);
    const bool passed = known || Guard(route, exchange).pass();
    if (passed) route.handler(exchange);
    if (passed && response.handed_over()) (*visit)->caller = std::move(exchange.caller);
    // Before the answer goes out: who has it may ask again at once and must not be counted twice. Files still count.
    if (!response.handed_over() && !std::holds_alternative<http::FileBody>(response.content())) {
      (*visit)->admitted.reset();
    }
  };
}

void challenge(http::Response& response, std::string_view error, std::string_view message) {
  response.set_header("WWW-Authenticate", "Basic realm=\"Slipway\"");
  send_refusal(response, {401, std::string(error), std::string(message)});
}

}  // namespace slipway::httpd
