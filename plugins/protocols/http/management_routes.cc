// Administration: users, groups, folders, roles, administrators, keys, rules, lists, and what runs.
#include <boost/json.hpp>

#include "managed_route.h"
#include "support/http/url.h"

namespace slipway::httpd {
namespace {

namespace json = boost::json;
using Takes = Managed::Takes;
using Gives = Managed::Gives;

// ---- one kind of entity: list, add, get, update, delete

struct Family {
  std::string_view path, item_path;
  std::string_view list, add, get, update, remove;
  std::string_view key;
  std::string_view updated, deleted;
  unsigned flags = 0;
  Status (*prepare_update)(Exchange&, json::object&) = nullptr;
};

void add_family(std::vector<Route>& routes, const Family& f) {
  routes.push_back(managed({.method = "GET",
                            .path = f.path,
                            .operation = f.list,
                            .takes = Takes::Page,
                            .gives = Gives::Items,
                            .flags = f.flags}));
  if (!f.add.empty())
    routes.push_back(managed({.method = "POST",
                              .path = f.path,
                              .operation = f.add,
                              .key = f.key,
                              .takes = Takes::Body,
                              .gives = Gives::Created,
                              .flags = f.flags}));
  routes.push_back(managed({.method = "GET",
                            .path = f.item_path,
                            .operation = f.get,
                            .key = f.key,
                            .takes = Takes::Object,
                            .flags = f.flags}));
  routes.push_back(managed({.method = "PUT",
                            .path = f.item_path,
                            .operation = f.update,
                            .key = f.key,
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = f.updated,
                            .flags = f.flags,
                            .prepare = f.prepare_update}));
  // Something that is still referred to is a mistake of the caller, not a race.
  routes.push_back(managed({.method = "DELETE",
                            .path = f.item_path,
                            .operation = f.remove,
                            .key = f.key,
                            .gives = Gives::Message,
                            .message = f.deleted,
                            .flags = f.flags,
                            .status_of_conflict = 400}));
}

Status read_disconnect(Exchange& x, json::object& input) {
  SLIPWAY_ASSIGN(const auto disconnect, x.query_integer("disconnect"));
  if (disconnect == 1) input["disconnect"] = true;
  return ok();
}

// Whoever holds a key could lock its owner out, or give itself more.
Status not_the_impersonated(Exchange& x, json::object&) {
  if (!x.caller.api_key.empty() && x.request.parameter("username") == x.caller.admin->actor.name)
    return Error(Errc::InvalidArgument, "admin", "updating the admin impersonated with an API key is not allowed");
  return ok();
}

void add_entities(std::vector<Route>& routes) {
  add_family(routes, {"/users", "/users/{username}", "users.list", "users.add", "users.get", "users.update",
                      "users.delete", "username", "User updated", "User deleted", 0, read_disconnect});
  add_family(routes, {"/groups", "/groups/{name}", "groups.list", "groups.add", "groups.get", "groups.update",
                      "groups.delete", "name", "Group updated", "Group deleted"});
  add_family(routes, {"/folders", "/folders/{name}", "folders.list", "folders.add", "folders.get", "folders.update",
                      "folders.delete", "name", "Folder updated", "Folder deleted"});
  add_family(routes, {"/roles", "/roles/{name}", "roles.list", "roles.add", "roles.get", "roles.update", "roles.delete",
                      "name", "Role updated", "Role deleted"});
  add_family(routes, {"/admins", "/admins/{username}", "admins.list", "admins.add", "admins.get", "admins.update",
                      "admins.delete", "username", "Admin updated", "Admin deleted", 0, not_the_impersonated});
  add_family(routes,
             {"/eventactions", "/eventactions/{name}", "event_actions.list", "event_actions.add", "event_actions.get",
              "event_actions.update", "event_actions.delete", "name", "Event action updated", "Event action deleted"});
  add_family(routes, {"/eventrules", "/eventrules/{name}", "event_rules.list", "event_rules.add", "event_rules.get",
                      "event_rules.update", "event_rules.delete", "name", "Event rules updated", "Event rule deleted"});
  add_family(routes, {"/apikeys", "/apikeys/{id}", "api_keys.list", "", "api_keys.get", "api_keys.update",
                      "api_keys.delete", "id", "API key updated", "API key deleted", kNoApiKey});
  for (const char* path : {"/users/{username}/2fa/disable", "/admins/{username}/2fa/disable"})
    routes.push_back(managed({.method = "PUT",
                              .path = path,
                              .operation = path[1] == 'u' ? "users.mfa.disable" : "admins.mfa.disable",
                              .key = "username",
                              .gives = Gives::Message,
                              .message = "2FA disabled"}));
  routes.push_back(managed({.method = "POST",
                            .path = "/eventrules/run/{name}",
                            .operation = "event_rules.run",
                            .key = "name",
                            .gives = Gives::Message,
                            .message = "Event rule started",
                            .status = 202}));
}

// The answer that shows the key, this once. Its message is spelled in both ways that clients look for.
void add_api_key(Exchange& x) {
  auto input = x.body_object();
  if (!input) return x.refuse(input.error());
  for (const char* name : {"id", "key", "last_use_at"}) input->erase(name);
  const auto result = x.manage("api_keys.add", *input);
  if (!result) return x.refuse(result.error());
  boost::system::error_code failure;
  const json::value made = json::parse(*result, failure);
  if (failure || !made.is_object()) return x.refuse({500, "", "Internal Server Error"});
  const std::string id(made.at("id").as_string());
  x.response.set_header("Location", "/api/v2/apikeys/" + id);
  x.response.set_header("X-Object-ID", id);
  constexpr const char* kMessage = "API key created. This is the only time the API key is visible, please save it.";
  send_json(x.response, 201, json::object{{"message", kMessage}, {"mesage", kMessage}, {"key", made.at("key")}});
}

// ---- IP lists: named by type and network

Status name_entry(Exchange& x, json::object& input) {
  input["entry"] = x.request.parameter("type") + "/" + x.request.parameter("ipornet");
  return ok();
}

Status read_type(Exchange& x, json::object& input) {
  const std::string& type = x.request.parameter("type");
  if (type.size() != 1 || type[0] < '1' || type[0] > '4')
    return Error(Errc::InvalidArgument, "type", "invalid list type, it must be 1, 2, 3 or 4");
  input["type"] = type[0] - '0';
  return ok();
}

Status read_entry(Exchange& x, json::object& input) {
  SLIPWAY_TRY(read_type(x, input));
  if (const std::string& network = x.request.parameter("ipornet"); !network.empty()) input["ipornet"] = network;
  return ok();
}

Status read_entries(Exchange& x, json::object& input) {
  SLIPWAY_TRY(read_type(x, input));
  SLIPWAY_ASSIGN(const auto limit, x.query_integer("limit"));
  if (limit.value_or(1) < 1) return Error(Errc::InvalidArgument, "limit", "invalid limit");
  if (limit) input["limit"] = std::min<std::int64_t>(*limit, 500);
  const auto order = x.request.query("order").value_or("ASC");
  if (order != "ASC" && order != "DESC") return Error(Errc::InvalidArgument, "order", "invalid order");
  input["order"] = order;
  input["prefix"] = x.request.query("filter").value_or("");
  input["after"] = x.request.query("from").value_or("");
  return ok();
}

void add_ip_list_entry(Exchange& x) {
  auto input = x.body_object();
  if (!input) return x.refuse(input.error());
  if (const auto read = read_type(x, *input); !read) return x.refuse(read.error());
  const auto result = x.manage("ip_lists.add", *input);
  if (!result) return x.refuse(result.error());
  boost::system::error_code failure;
  const json::value made = json::parse(*result, failure);
  if (!failure && made.is_object())
    x.response.set_header("Location", "/api/v2/iplists/" + x.request.parameter("type") + "/" +
                                          http::percent_encode(made.at("ipornet").as_string()));
  x.say(201, "Entry added");
}

void add_ip_lists(std::vector<Route>& routes) {
  constexpr const char *kList = "/iplists/{type}", *kEntry = "/iplists/{type}/{ipornet*}";
  routes.push_back(managed(
      {.method = "GET", .path = kList, .operation = "ip_lists.list", .gives = Gives::Items, .prepare = read_entries}));
  routes.back().options.compress = true;
  routes.push_back({.method = "POST",
                    .path = kList,
                    .audience = Audience::Admin,
                    .operation = "ip_lists.add",
                    .handler = add_ip_list_entry});
  routes.push_back(managed({.method = "GET", .path = kEntry, .operation = "ip_lists.get", .prepare = name_entry}));
  routes.push_back(managed({.method = "PUT",
                            .path = kEntry,
                            .operation = "ip_lists.update",
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = "Entry updated",
                            .prepare = read_entry}));
  routes.push_back(managed({.method = "DELETE",
                            .path = kEntry,
                            .operation = "ip_lists.delete",
                            .gives = Gives::Message,
                            .message = "Entry deleted",
                            .prepare = name_entry}));
}

// ---- quota

Status read_mode(Exchange& x, json::object& input) {
  if (const auto mode = x.request.query("mode"); mode && !mode->empty()) {
    if (*mode != "add" && *mode != "reset") return Error(Errc::InvalidArgument, "mode", "invalid mode");
    input["mode"] = *mode;
  }
  return ok();
}

void add_quotas(std::vector<Route>& routes) {
  const auto scan = [&](const char* path, const char* operation, const char* key) {
    routes.push_back(managed({.method = "POST",
                              .path = path,
                              .operation = operation,
                              .key = key,
                              .gives = Gives::Message,
                              .message = "Scan started",
                              .status = 202,
                              .status_of_unsupported = 403}));
  };
  const auto usage = [&](const char* path, const char* operation, const char* key) {
    routes.push_back(managed({.method = "PUT",
                              .path = path,
                              .operation = operation,
                              .key = key,
                              .takes = Takes::Body,
                              .gives = Gives::Message,
                              .message = "Quota updated",
                              .status_of_unsupported = 403,
                              .prepare = read_mode}));
  };
  routes.push_back(managed(
      {.method = "GET", .path = "/quotas/users/scans", .operation = "users.quota.scans", .gives = Gives::Items}));
  routes.push_back(managed(
      {.method = "GET", .path = "/quotas/folders/scans", .operation = "folders.quota.scans", .gives = Gives::Items}));
  scan("/quotas/users/{username}/scan", "users.quota.scan", "username");
  scan("/quotas/folders/{name}/scan", "folders.quota.scan", "name");
  usage("/quotas/users/{username}/usage", "users.quota.update", "username");
  usage("/quotas/users/{username}/transfer-usage", "users.transfer_quota.update", "username");
  usage("/quotas/folders/{name}/usage", "folders.quota.update", "name");
}

// ---- what runs

// It would wait for this very request to end.
Status not_this_module(Exchange& x, json::object&) {
  if (x.request.parameter("name") == x.site->services.instance)
    return Error(Errc::Conflict, "module", "this module serves the request and cannot be stopped by it");
  return ok();
}

void add_server(std::vector<Route>& routes) {
  routes.push_back(managed({.method = "GET", .path = "/version", .operation = "version.get", .flags = kBeforeDuties}));
  routes.push_back(managed({.method = "GET", .path = "/status", .operation = "status.get"}));
  routes.push_back(
      managed({.method = "GET", .path = "/connections", .operation = "connections.list", .gives = Gives::Items}));
  routes.push_back(managed({.method = "DELETE",
                            .path = "/connections/{connectionID}",
                            .operation = "connections.close",
                            .key = "connection_id",
                            .gives = Gives::Message,
                            .message = "Connection closed"}));
  routes.push_back(
      managed({.method = "GET", .path = "/defender/hosts", .operation = "defender.hosts.list", .gives = Gives::Items}));
  routes.push_back(
      managed({.method = "GET", .path = "/defender/hosts/{id}", .operation = "defender.hosts.get", .key = "id"}));
  routes.push_back(managed({.method = "DELETE",
                            .path = "/defender/hosts/{id}",
                            .operation = "defender.hosts.delete",
                            .key = "id",
                            .gives = Gives::Message,
                            .message = "OK"}));
  routes.push_back(managed({.method = "GET",
                            .path = "/retention/users/checks",
                            .operation = "retention.checks.list",
                            .gives = Gives::Items}));
  routes.push_back(managed({.method = "GET", .path = "/system/log-level", .operation = "log_level.get"}));
  routes.push_back(managed({.method = "PUT",
                            .path = "/system/log-level",
                            .operation = "log_level.set",
                            .takes = Takes::Body,
                            .gives = Gives::Message,
                            .message = "Log level updated"}));
  // Our own: the modules of this server.
  routes.push_back(managed({.method = "GET", .path = "/modules", .operation = "modules.list", .gives = Gives::Items}));
  routes.push_back(managed({.method = "GET", .path = "/modules/{name}", .operation = "modules.get", .key = "name"}));
  routes.push_back(managed(
      {.method = "GET", .path = "/modules/{name}/description", .operation = "modules.describe", .key = "name"}));
  const auto change = [&](const char* path, const char* operation, const char* message) {
    routes.push_back(managed({.method = "POST",
                              .path = path,
                              .operation = operation,
                              .key = "name",
                              .gives = Gives::Message,
                              .message = message,
                              .prepare = not_this_module}));
  };
  change("/modules/{name}/enable", "modules.enable", "Module enabled");
  change("/modules/{name}/disable", "modules.disable", "Module disabled");
  routes.push_back(managed({.method = "POST",
                            .path = "/modules/{name}/reconfigure",
                            .operation = "modules.reconfigure",
                            .key = "name",
                            .gives = Gives::Message,
                            .message = "Module reconfigured"}));
}

}  // namespace

std::vector<Route> management_routes() {
  std::vector<Route> routes;
  add_entities(routes);
  routes.push_back({.method = "POST",
                    .path = "/apikeys",
                    .audience = Audience::Admin,
                    .flags = kNoApiKey,
                    .operation = "api_keys.add",
                    .handler = add_api_key});
  add_ip_lists(routes);
  add_quotas(routes);
  add_server(routes);
  return routes;
}

}  // namespace slipway::httpd
