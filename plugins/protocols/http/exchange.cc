#include "exchange.h"

#include <boost/json.hpp>
#include <charconv>

#include "rfc3339.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 32;        // of nested arrays and objects
constexpr std::size_t kMaxText = 64u << 20;  // the route's limit is the smaller one

}  // namespace

Actor Exchange::actor() const {
  if (caller.admin) return caller.admin->actor;
  Actor actor;
  actor.kind = Actor::Kind::User;
  actor.address = visit.connection.remote.address;
  if (caller.user) {
    actor.name = caller.user->name;
    actor.role = caller.user->role;
  }
  return actor;
}

Result<std::string> Exchange::manage(std::string_view operation, const json::object& input) {
  return site->services.management.call(context(), actor(), operation, json::serialize(input));
}

Result<json::value> Exchange::body_value() {
  SLIPWAY_ASSIGN(const std::string text, request.text(kMaxText));
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code failure;
  json::value value = json::parse(text, failure, {}, options);
  if (failure) return Error(Errc::InvalidArgument, "body", "the body is not a JSON document: " + failure.message());
  return value;
}

Result<json::object> Exchange::body_object() {
  SLIPWAY_ASSIGN(json::value value, body_value());
  if (!value.is_object()) return Error(Errc::InvalidArgument, "body", "the body must be a JSON object");
  return std::move(value.get_object());
}

Result<std::optional<std::int64_t>> Exchange::query_integer(std::string_view name) const {
  const auto text = request.query(name);
  if (!text || text->empty()) return std::optional<std::int64_t>();
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc() || end != text->data() + text->size())
    return Error(Errc::InvalidArgument, std::string(name), "invalid " + std::string(name));
  return std::optional(value);
}

void Exchange::grant(TokenUse use, Claims claims) {
  const auto issued =
      site->tokens->issue(use, visit.connection.remote.address, std::move(claims), std::chrono::system_clock::now());
  response.set_header("Cache-Control", "no-store");
  send_json(response, 200,
            boost::json::object{{"access_token", issued.text},
                                {"expires_at", rfc3339(std::chrono::floor<std::chrono::seconds>(issued.expires_at))}});
}

Status Exchange::end_token() {
  if (!caller.token) return ok();
  Status ended = site->tokens->revoke(*caller.token, std::chrono::system_clock::now());
  if (!ended)
    site->services.logger.error("other servers do not know that a token has ended",
                                {{"connection_id", visit.connection.connection_id},
                                 {"username", caller.token->username},
                                 {"error", ended.error().message()}});
  return ended;
}

}  // namespace slipway::httpd
