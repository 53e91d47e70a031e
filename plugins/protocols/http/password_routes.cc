// Forgotten passwords: a code by mail, then a new password with it.
#include <boost/json.hpp>

#include "route.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Account = PasswordResetService::Account;

// The service, or null: it has answered.
PasswordResetService* service_of(Exchange& x) {
  PasswordResetService* const resets = x.site->services.resets;
  if (resets == nullptr || !resets->is_available()) {
    x.refuse({400, "", "No SMTP configuration"});
    return nullptr;
  }
  if (auto waited = x.visit.admitted->wait(x.context()); !waited) {
    x.refuse({429, "", "Too Many Requests"});
    return nullptr;
  }
  return resets;
}

void refuse(Exchange& x, const Error& error) {
  if (error.code() == Errc::PermissionDenied && error.retryable()) return x.refuse({429, "", "Too Many Requests"});
  x.refuse(error);
}

void forgot(Exchange& x, Account account) {
  PasswordResetService* const resets = service_of(x);
  if (resets == nullptr) return;
  const auto asked = resets->request(x.context(), x.visit.connection, account, x.request.parameter("username"));
  if (!asked) return refuse(x, asked.error());
  x.say(200, "Check your email for the confirmation code");
}

Result<std::string> text_of(const json::object& body, const char* member) {
  const json::value* value = body.if_contains(member);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return Error(Errc::InvalidArgument, "/" + std::string(member), "a text is needed here");
  return std::string(value->get_string());
}

// The code says whose password it is; the name in the path does not count, as in the observed edition.
void reset(Exchange& x, Account account) {
  PasswordResetService* const resets = service_of(x);
  if (resets == nullptr) return;
  const auto body = x.body_object();
  if (!body) return x.refuse(body.error());
  const auto code = text_of(*body, "code"), password = text_of(*body, "password");
  if (!code) return x.refuse(code.error());
  if (!password) return x.refuse(password.error());
  const auto done = resets->reset(x.context(), x.visit.connection, account, *code, *password);
  if (!done) return refuse(x, done.error());
  x.say(200, "Password reset successful");
}

}  // namespace

std::vector<Route> password_routes() {
  std::vector<Route> routes;
  const auto add = [&](const char* path, unsigned switched_off, void (*handler)(Exchange&, Account), Account account) {
    routes.push_back({.method = "POST", .path = path, .switched_off = switched_off, .handler = [=](Exchange& x) {
                        handler(x, account);
                      }});
  };
  add("/admins/{username}/forgot-password", kNoAdminTokens, forgot, Account::Admin);
  add("/admins/{username}/reset-password", kNoAdminTokens, reset, Account::Admin);
  add("/users/{username}/forgot-password", kNoUserTokens, forgot, Account::User);
  add("/users/{username}/reset-password", kNoUserTokens, reset, Account::User);
  return routes;
}

}  // namespace slipway::httpd
