// What administrators and users do about their own account: profile, password, second factor.
#include <boost/json.hpp>

#include "managed_route.h"
#include "qr_png.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Takes = Managed::Takes;
using Gives = Managed::Gives;

// Whoever changed the password, or turned the second factor on that was asked for, logs in again.
void end_token(Exchange& x) { (void)x.end_token(); }

void end_token_if_due(Exchange& x) {
  const auto& [admin, user, token, text, key] = x.caller;
  if ((admin && admin->needs_second_factor) || (user && !user->missing_second_factors.empty())) end_token(x);
}

// The secret also as a picture for the authenticator app.
void generate(Exchange& x) {
  const auto input = x.body_object();
  if (!input) return x.refuse(input.error());
  const auto result = x.manage("mfa.generate", *input);
  if (!result) return x.refuse(result.error());
  boost::system::error_code failure;
  json::value made = json::parse(*result, failure);
  if (failure || !made.is_object()) return x.refuse({500, "", "Internal Server Error"});
  auto picture = qr_png(made.at("url").as_string());
  if (!picture) return x.refuse(picture.error());
  made.as_object()["qr_code"] = *std::move(picture);
  x.response.set_header("Cache-Control", "no-store");
  send_json(x.response, 200, made);
}

void validate(Exchange& x) {
  const auto input = x.body_object();
  if (!input) return x.refuse(input.error());
  if (const auto result = x.manage("mfa.validate", *input); !result) {
    if (result.error().subject() == "/passcode") return x.refuse({400, "", "Invalid passcode"});
    return x.refuse(result.error());
  }
  x.say(200, "Passcode successfully validated");
}

void add_account(std::vector<Route>& routes, Audience audience, const char* password, const char* profile,
                 const char* totp_configs, const char* totp_generate, const char* totp_validate, const char* totp_save,
                 const char* codes) {
  const unsigned flags = kNoApiKey | kBeforeDuties;
  routes.push_back(managed({.method = "PUT",
                            .path = password,
                            .operation = "self.password.change",
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = "Password updated",
                            .flags = flags,
                            .audience = audience,
                            .done = end_token}));
  routes.push_back(managed(
      {.method = "GET", .path = profile, .operation = "self.profile.get", .flags = flags, .audience = audience}));
  routes.push_back(managed({.method = "PUT",
                            .path = profile,
                            .operation = "self.profile.update",
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = "Profile updated",
                            .flags = kNoApiKey,
                            .audience = audience}));
  routes.push_back(managed({.method = "GET",
                            .path = totp_configs,
                            .operation = "mfa.configs",
                            .gives = Gives::Items,
                            .flags = flags,
                            .audience = audience}));
  routes.push_back({.method = "POST",
                    .path = totp_generate,
                    .audience = audience,
                    .flags = flags,
                    .operation = "mfa.generate",
                    .handler = generate});
  routes.push_back({.method = "POST",
                    .path = totp_validate,
                    .audience = audience,
                    .flags = flags,
                    .operation = "mfa.validate",
                    .handler = validate});
  routes.push_back(managed({.method = "POST",
                            .path = totp_save,
                            .operation = "mfa.save",
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = "TOTP configuration saved",
                            .flags = flags,
                            .audience = audience,
                            .done = end_token_if_due}));
  routes.push_back(managed({.method = "GET",
                            .path = codes,
                            .operation = "mfa.recovery_codes.list",
                            .gives = Gives::Items,
                            .flags = flags,
                            .audience = audience}));
  routes.push_back(managed({.method = "POST",
                            .path = codes,
                            .operation = "mfa.recovery_codes.generate",
                            .gives = Gives::Items,
                            .flags = flags,
                            .audience = audience}));
}

}  // namespace

std::vector<Route> self_routes() {
  std::vector<Route> routes;
  add_account(routes, Audience::Admin, "/admin/changepwd", "/admin/profile", "/admin/totp/configs",
              "/admin/totp/generate", "/admin/totp/validate", "/admin/totp/save", "/admin/2fa/recoverycodes");
  add_account(routes, Audience::User, "/user/changepwd", "/user/profile", "/user/totp/configs", "/user/totp/generate",
              "/user/totp/validate", "/user/totp/save", "/user/2fa/recoverycodes");
  return routes;
}

}  // namespace slipway::httpd
