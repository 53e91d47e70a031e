// The routes of the REST API as data: method, path, who may ask, and what answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exchange.h"
#include "support/http/router.h"

namespace slipway::httpd {

enum class Audience : std::uint8_t {
  Anyone,  // the handler decides
  Admin,
  User,
};

// What a route allows or asks for beyond its audience.
enum RouteFlag : unsigned {
  kNoApiKey = 1u << 0,         // tokens only
  kBeforeDuties = 1u << 1,     // also while the account has to change its password or set a second factor
  kWrites = 1u << 2,           // not for users with write-disabled
  kTokenInProtocol = 1u << 3,  // the token may stand in Sec-WebSocket-Protocol (protocol_token.h)
};

// Bytes of a body from those who have shown nothing yet: a code and a new password.
inline constexpr std::uint64_t kMaxOfStrangers = 16 << 10;

using ApiHandler = std::function<void(Exchange&)>;

struct Managed;

struct Route {
  std::string_view method, path;  // the path below /api/v2
  Audience audience = Audience::Anyone;
  unsigned flags = 0;
  // Of the management service: what it needs is asked before the body is looked at.
  std::string_view operation = {};
  unsigned switched_off = 0;  // bits of disabled_login_methods that take the route away
  http::RouteOptions options = {};
  ApiHandler handler = nullptr;
  std::shared_ptr<const Managed> mapping = nullptr;  // of routes that are an operation and nothing else
};

// On the thread that reads the request when nothing of it waits: the way to another one and back costs more than a
// small file does. The handler may be run twice: see http::Run::Automatic.
inline Route at_once(Route route) {
  route.options.run = http::Run::Automatic;
  return route;
}

// One list a family.
std::vector<Route> token_routes();
std::vector<Route> management_routes();
std::vector<Route> data_routes(const Site& site);
std::vector<Route> self_routes();
std::vector<Route> own_share_routes();
std::vector<Route> password_routes();
std::vector<Route> absent_routes();
std::vector<Route> user_file_routes(const Site& site);
std::vector<Route> share_routes(const Site& site);
std::vector<Route> share_code_routes();
std::vector<Route> tus_routes(const Site& site);
std::vector<Route> event_routes();

// All of them.
std::vector<Route> api_routes(const Site& site);

}  // namespace slipway::httpd
