// Logging in and out: tokens for user name and password.
#include <algorithm>

#include "guard.h"
#include "route.h"
#include "user_session.h"

namespace slipway::httpd {
namespace {

using Outcome = LoginStep::Outcome;

void refuse_login(Exchange& x) { challenge(x.response, "invalid credentials", ""); }

std::string_view passcode_of(const Exchange& x) { return x.request.header("X-SFTPGO-OTP").value_or(""); }

void admin_token(Exchange& x) {
  const auto credentials = x.request.basic_credentials();
  if (!credentials) return challenge(x.response, "", "Unauthorized");
  if (auto waited = x.visit.admitted->wait(x.context()); !waited) return x.refuse({429, "", "Too Many Requests"});
  auto admin = x.site->services.access.login_admin(x.context(), x.visit.connection,
                                                   {credentials->first, credentials->second, passcode_of(x)});
  if (admin.code() == Errc::AuthFailed) return refuse_login(x);
  if (!admin) return x.refuse(admin.error());
  Claims claims;
  claims.subject = admin->version;
  claims.username = admin->actor.name;
  claims.permissions = admin->actor.permissions;
  claims.role = admin->actor.role;
  x.grant(TokenUse::Admin, std::move(claims));
}

// The conversation with one password and at most one passcode. Null: it has answered.
std::unique_ptr<Login> log_in(Exchange& x, const std::string& name, const std::string& password) {
  auto attempt = x.visit.admitted->begin(x.context());
  if (!attempt) {
    x.refuse(attempt.code() == Errc::PermissionDenied ? Refusal{403, "", "Forbidden"}
                                                      : Refusal{429, "", "Too Many Requests"});
    return nullptr;
  }
  LoginStep step = (*attempt)->submit(x.context(), name, PasswordCredential{password});
  if (step.outcome == Outcome::Ask) {
    // One question about a password that was right: the passcode. Nobody is there to answer others.
    if (step.prompts.size() != 1 || passcode_of(x).empty()) {
      refuse_login(x);
      return nullptr;
    }
    step = (*attempt)->submit(x.context(), name, InteractiveCredential{{std::string(passcode_of(x))}});
  }
  if (step.outcome == Outcome::Accepted && step.login) return std::move(step.login);
  if (step.notice.empty())
    refuse_login(x);
  else
    x.refuse({403, step.notice, ""});
  return nullptr;
}

void user_token(Exchange& x) {
  const auto credentials = x.request.basic_credentials();
  if (!credentials || credentials->first.empty() || credentials->second.empty())
    return challenge(x.response, "", "Unauthorized");
  const auto login = log_in(x, credentials->first, credentials->second);
  if (!login) return;
  const auto user = x.site->services.access.user(login->user());
  if (!user) return x.refuse(user.error());
  if (std::find(user->web_options.begin(), user->web_options.end(), "rest-api-disabled") != user->web_options.end())
    return x.refuse({403, "", "Forbidden"});
  // A token that opens nothing would only put the error off.
  if (const auto session = login->open("HTTP", x.visit.connection.connection_id); !session)
    return x.refuse(refusal_of_session(session.error()));
  Claims claims;
  claims.subject = user->version;
  claims.username = user->name;
  claims.permissions = user->web_options;
  claims.role = user->role;
  x.grant(TokenUse::User, std::move(claims));
}

void log_out(Exchange& x) {
  if (const Status ended = x.end_token(); !ended) return x.refuse(ended.error());
  x.say(200, "Your token has been invalidated");
}

}  // namespace

std::vector<Route> token_routes() {
  return {
      {.method = "GET", .path = "/token", .switched_off = kNoAdminTokens, .handler = admin_token},
      {.method = "GET",
       .path = "/logout",
       .audience = Audience::Admin,
       .flags = kNoApiKey | kBeforeDuties,
       .handler = log_out},
      {.method = "GET", .path = "/user/token", .switched_off = kNoUserTokens, .handler = user_token},
      {.method = "GET",
       .path = "/user/logout",
       .audience = Audience::User,
       .flags = kNoApiKey | kBeforeDuties,
       .handler = log_out},
  };
}

}  // namespace slipway::httpd
