// A stream of the user's own file events.
#include "event_streams.h"
#include "protocol_token.h"
#include "route.h"
#include "user_session.h"

namespace slipway::httpd {
namespace {

constexpr std::string_view kProtocol = "slipway.events";
constexpr std::size_t kMaxMessage = 1 << 10;   // bytes; clients have nothing to say
constexpr std::size_t kMaxQueued = 256 << 10;  // bytes that a client may be behind

// Of the query; all without one. Nothing: it has answered.
std::optional<std::set<std::string, std::less<>>> wanted_actions(Exchange& x) {
  const auto text = x.request.query("actions");
  if (!text || text->empty()) return EventStreams::actions();
  std::set<std::string, std::less<>> wanted;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto action = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (!EventStreams::actions().contains(action)) {
      x.refuse({400, "invalid actions", ""});
      return std::nullopt;
    }
    wanted.emplace(action);
  }
  return wanted;
}

bool is_open_to_api(const UserIdentity& user) {
  const auto& options = user.web_options;
  return std::find(options.begin(), options.end(), "rest-api-disabled") == options.end() &&
         !user.must_change_password && user.missing_second_factors.empty();
}

// Whether a request with the same token or key would still be let in.
std::function<bool()> still_valid(const Exchange& x) {
  const auto site = x.site;
  const ConnectionRequest connection = x.visit.connection;
  if (x.caller.token) {
    return [site, connection, token = std::string(x.caller.token_text)] {
      const auto claims =
          site->tokens->check(token, TokenUse::User, connection.remote.address, std::chrono::system_clock::now());
      if (!claims) return claims.code() != Errc::AuthFailed;
      const auto user = site->services.access.user(claims->username);
      // An account that cannot be read now is no reason to send anybody away.
      if (!user) return user.code() != Errc::AuthFailed;
      return site->tokens->fits(*claims, user->version) && is_open_to_api(*user);
    };
  }
  return [site, connection, key = std::string(x.request.header("X-SFTPGO-API-KEY").value_or(""))] {
    const auto identity = site->services.access.api_key(OpContext{.connection_id = connection.connection_id},
                                                        connection, key, AccessService::KeyScope::User);
    if (!identity)
      return identity.code() != Errc::AuthFailed && identity.code() != Errc::InvalidArgument &&
             identity.code() != Errc::PermissionDenied;
    return identity->user && is_open_to_api(*identity->user);
  };
}

void listen(Exchange& x) {
  if (!x.site->streams) return x.refuse({501, "this server denies the module its events", ""});
  auto actions = wanted_actions(x);
  if (!actions) return;
  // A browser gives up a connection for which none of its subprotocols is chosen, and the token must not be.
  const http::Fields& headers = x.request.headers();
  if (token_of_protocols(headers) && !headers.has_token("Sec-WebSocket-Protocol", kProtocol))
    return x.refuse({400, "offer the subprotocol " + std::string(kProtocol) + " beside the token", ""});
  std::shared_ptr<Session> session = open_session(x);
  if (!session) return;
  session->set_command("events");
  auto stream = x.site->streams->open({x.caller.user->name, *std::move(actions), std::move(session), still_valid(x)});
  if (!stream) {
    x.response.set_header("Retry-After", "60");
    return x.refuse({stream.code() == Errc::QuotaExceeded ? 429 : 503, stream.error().cause(), ""});
  }
  http::WebSocketOptions options;
  options.max_message = kMaxMessage;
  options.max_queued = kMaxQueued;
  options.protocols = {std::string(kProtocol)};
  (void)x.response.upgrade(x.request, std::move(options), [stream = *stream](std::shared_ptr<http::WebSocket> socket) {
    stream->begin(std::move(socket));
    http::WebSocketEvents events;
    events.message = [](std::string_view, http::WebSocket::Kind) {};
    events.closed = [stream](std::uint16_t) { stream->begin(nullptr); };  // which also keeps it until then
    return events;
  });
}

}  // namespace

std::vector<Route> event_routes() {
  return {{.method = "GET",
           .path = "/user/events",
           .audience = Audience::User,
           .flags = kTokenInProtocol,
           .handler = listen}};
}

}  // namespace slipway::httpd
