// Visitors of shares who prove their mail address: a code by mail, then a token for it.
#include <boost/json.hpp>

#include "route.h"
#include "visitor_session.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

// A text member of the body. Nothing: it has answered.
std::optional<std::string> text_of(Exchange& x, const json::object& body, const char* member) {
  const json::value* value = body.if_contains(member);
  if (value != nullptr && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
  x.refuse({400, "Validation error: /" + std::string(member) + ": a text is needed here", ""});
  return std::nullopt;
}

ShareRequest request_of(Exchange& x, const std::optional<std::pair<std::string, std::string>>& credentials) {
  ShareRequest request{.id = x.request.parameter("id")};
  if (credentials) request.password = credentials->second;
  return request;
}

void refuse(Exchange& x, const Error& error) {
  if (error.code() == Errc::NotSupported) return x.refuse({400, "", "No SMTP configuration"});
  if (error.code() == Errc::PermissionDenied && error.retryable()) return x.refuse({429, "", "Too Many Requests"});
  refuse_visit(x, error);
}

void send_code(Exchange& x) {
  const auto body = x.body_object();
  if (!body) return x.refuse(body.error());
  const auto email = text_of(x, *body, "email");
  if (!email) return;
  ShareDoor* const door = share_door(x);
  if (door == nullptr) return;
  const auto credentials = x.request.basic_credentials();
  const auto asked = door->request_code(x.context(), request_of(x, credentials), *email);
  if (!asked) return refuse(x, asked.error());
  x.say(200, "If the share is for this address, a code was sent to it");
}

void send_token(Exchange& x) {
  const auto body = x.body_object();
  if (!body) return x.refuse(body.error());
  const auto email = text_of(x, *body, "email");
  if (!email) return;
  const auto code = text_of(x, *body, "code");
  if (!code) return;
  ShareDoor* const door = share_door(x);
  if (door == nullptr) return;
  const auto credentials = x.request.basic_credentials();
  const auto visitor = door->prove(x.context(), request_of(x, credentials), *email, *code);
  if (!visitor) return refuse(x, visitor.error());
  x.grant(TokenUse::Share, claims_of(x.request.parameter("id"), *visitor));
}

Route route(std::string_view path, ApiHandler handler) {
  Route made{.method = "POST", .path = path};
  made.handler = std::move(handler);
  return made;
}

}  // namespace

std::vector<Route> share_code_routes() {
  return {route("/shares/{id}/auth/code", send_code), route("/shares/{id}/auth/token", send_token)};
}

}  // namespace slipway::httpd
