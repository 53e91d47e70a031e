// A user's own shares.
#include <boost/json.hpp>

#include "managed_route.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Takes = Managed::Takes;
using Gives = Managed::Gives;

constexpr const char *kAll = "/user/shares", *kOne = "/user/shares/{id}";

void add(Exchange& x) {
  const auto input = x.body_object();
  if (!input) return x.refuse(input.error());
  const auto result = x.manage("shares.add", *input);
  if (result.code() == Errc::PermissionDenied) return x.refuse({403, "", result.error().cause()});
  if (!result) return x.refuse(result.error());
  boost::system::error_code failure;
  const json::value made = json::parse(*result, failure);
  if (failure || !made.is_object()) return x.refuse({500, "", "Internal Server Error"});
  const std::string id(made.at("id").as_string());
  x.response.set_header("Location", "/api/v2/user/shares/" + id);
  x.response.set_header("X-Object-ID", id);
  x.say(201, "Share created");
}

}  // namespace

std::vector<Route> own_share_routes() {
  constexpr auto kUser = Audience::User;
  return {
      managed({.method = "GET",
               .path = kAll,
               .operation = "shares.list",
               .takes = Takes::Page,
               .gives = Gives::Items,
               .audience = kUser}),
      {.method = "POST", .path = kAll, .audience = kUser, .handler = add},
      managed({.method = "GET", .path = kOne, .operation = "shares.get", .key = "id", .audience = kUser}),
      managed({.method = "PUT",
               .path = kOne,
               .operation = "shares.update",
               .key = "id",
               .takes = Takes::Body,
               .gives = Gives::Message,
               .message = "Share updated",
               .audience = kUser}),
      managed({.method = "DELETE",
               .path = kOne,
               .operation = "shares.delete",
               .key = "id",
               .gives = Gives::Message,
               .message = "Share deleted",
               .audience = kUser}),
  };
}

}  // namespace slipway::httpd
