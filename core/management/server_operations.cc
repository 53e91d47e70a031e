// What runs: connections and modules.
#include <algorithm>
#include <boost/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/crypto/totp.h"
#include "core/log/log.h"
#include "core/management/operation.h"

namespace slipway::management {
namespace {

namespace json = boost::json;

bool session_in_scope(const Call& call, const std::string& username) {
  if (!call.is_scoped()) return true;
  const auto user = call.rooms.accounts.users().get(username);
  return user && user->role == call.actor.role;
}

json::object connection(const session::SessionStatus& s) {
  json::object item{{"username", s.username},
                    {"connection_id", s.connection_id},
                    {"client_version", s.client_version},
                    {"remote_address", s.remote_address},
                    {"connection_time", s.connection_time},
                    {"last_activity", s.last_activity},
                    {"protocol", s.protocol}};
  if (!s.command.empty()) item["command"] = s.command;
  json::array transfers;
  for (const auto& t : s.transfers)
    transfers.push_back(json::object{{"operation_type", t.upload ? "upload" : "download"},
                                     {"path", t.path},
                                     {"start_time", t.start_time},
                                     {"size", t.size}});
  if (!transfers.empty()) item["active_transfers"] = std::move(transfers);
  return item;
}

Result<json::value> list_connections(const Call& call) {
  if (call.rooms.sessions == nullptr) return needs_server("connections.list");
  json::array items;
  for (const auto& status : call.rooms.sessions->connections().sessions())
    if (session_in_scope(call, status.username)) items.push_back(connection(status));
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<json::value> close_connection(const Call& call) {
  SLIPWAY_ASSIGN(const std::string id, call.text("connection_id"));
  if (call.rooms.sessions == nullptr) return needs_server("connections.close");
  for (const auto& status : call.rooms.sessions->connections().sessions()) {
    if (status.connection_id != id || !session_in_scope(call, status.username)) continue;
    call.rooms.sessions->connections().close(id);
    return json::value(json::object());
  }
  return Error(Errc::NotFound, id);
}

json::object module_item(const ModuleControl::Info& m) {
  json::object item{{"name", m.name}, {"module", m.module}, {"state", m.state}};
  if (!m.kind.empty()) item["kind"] = m.kind;
  if (!m.version.empty()) item["version"] = m.version;
  if (!m.summary.empty()) item["summary"] = m.summary;
  if (!m.error.empty()) item["error"] = m.error;
  return item;
}

Result<json::value> list_modules(const Call& call) {
  if (call.rooms.modules == nullptr) return needs_server("modules.list");
  json::array items;
  for (const auto& m : call.rooms.modules->list()) items.push_back(module_item(m));
  return json::value(json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Result<json::value> get_module(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.text("name"));
  if (call.rooms.modules == nullptr) return needs_server("modules.get");
  for (const auto& m : call.rooms.modules->list())
    if (m.name == name) return json::value(module_item(m));
  return Error(Errc::NotFound, "module \"" + printable(name) + "\"", "is not configured");
}

Result<json::value> describe_module(const Call& call) {
  SLIPWAY_ASSIGN(const std::string name, call.text("name"));
  if (call.rooms.modules == nullptr) return needs_server("modules.describe");
  SLIPWAY_ASSIGN(const std::string document, call.rooms.modules->describe(name));
  SLIPWAY_ASSIGN(json::object described, parse_json_object(document));
  return json::value(std::move(described));
}

// What an administrator does to a running server is told in its log, whatever comes of it.
Result<json::value> change_module(const Call& call, const char* what,
                                  Status (ModuleControl::*change)(std::string_view instance)) {
  SLIPWAY_ASSIGN(const std::string name, call.text("name"));
  if (call.rooms.modules == nullptr) return needs_server("modules." + std::string(what));
  const Status done = (call.rooms.modules->*change)(name);
  log::info("management", "change of a module",
            {{"change", what},
             {"module", printable(name)},
             {"admin", call.actor.name},
             {"ip", call.actor.address},
             {"error", done ? std::string() : done.error().message()}});
  SLIPWAY_TRY(done);
  return json::value(json::object());
}

Result<json::value> enable_module(const Call& call) { return change_module(call, "enable", &ModuleControl::enable); }
Result<json::value> disable_module(const Call& call) { return change_module(call, "disable", &ModuleControl::disable); }
Result<json::value> reconfigure_module(const Call& call) {
  return change_module(call, "reconfigure", &ModuleControl::reconfigure);
}

// What the running modules say of their services; those that nothing serves are inactive.
void add_protocols(const Call& call, json::object& services) {
  for (const char* name : {"ssh", "ftp", "webdav"}) services[name] = json::object{{"is_active", false}};
  if (call.rooms.modules == nullptr) return;
  for (const auto& service : call.rooms.modules->services()) {
    auto document = parse_json_object(service.document);
    if (document)
      services[service.name] = *std::move(document);
    else
      log::warn("management", "a module's status is no JSON object",
                {{"service", service.name}, {"error", document.error().message()}});
  }
}

json::object mfa_status(const Call& call) {
  json::array kinds;
  for (const accounts::TotpKind& kind : call.rooms.accounts.second_factors().kinds())
    kinds.push_back(
        json::object{{"name", kind.name}, {"issuer", kind.issuer}, {"algo", crypto::totp_digest_name(kind.digest)}});
  const bool is_active = !kinds.empty();
  return {{"is_active", is_active}, {"totp_configs", std::move(kinds)}};
}

Result<json::value> status(const Call& call) {
  auto& store = call.rooms.accounts.store();
  const auto version = store.definitions_version();
  json::object provider{{"driver", store.driver()}, {"is_active", version.ok()}};
  provider["error"] = version ? "" : version.error().message();
  json::object services;
  add_protocols(call, services);
  services["data_provider"] = std::move(provider);
  services["mfa"] = mfa_status(call);
  if (call.rooms.admission != nullptr) {
    const auto settings = call.rooms.admission->settings();
    json::array protocols;
    for (const auto& limiter : settings.rate_limiters)
      for (const auto& protocol : limiter.protocols)
        if (std::ranges::find(protocols, json::value(protocol)) == protocols.end()) protocols.emplace_back(protocol);
    services["defender"] = json::object{{"is_active", settings.defender.enabled}};
    services["allow_list"] = json::object{{"is_active", settings.allow_list}};
    services["rate_limiters"] = json::object{{"is_active", !settings.rate_limiters.empty()}, {"protocols", protocols}};
  }
  return json::value(std::move(services));
}

Result<json::value> get_log_level(const Call&) {
  return json::value(json::object{{"level", log::to_string(log::level())}});
}

Result<json::value> set_log_level(const Call& call) {
  SLIPWAY_ASSIGN(const std::string text, call.text("level"));
  SLIPWAY_ASSIGN(const LogLevel level, log::parse_level(text));
  log::set_level(level);
  return json::value(json::object());
}

constexpr Operation kOperations[] = {
    {{"connections.list", "view_conns", "", "ConnectionStatus[]", "Who is connected, and what they transfer."},
     list_connections},
    {{"connections.close", "close_conns", "", "", "Ends a session, by connection_id."}, close_connection},
    {{"modules.list", "*", "", "Module[]", "The configured modules and their state, and those that could be enabled."},
     list_modules},
    {{"modules.get", "*", "", "Module", "One configured module, by the name of its instance."}, get_module},
    {{"modules.describe", "*", "", "ModuleDescription", "What a module is, its options and their values; no secrets."},
     describe_module},
    {{"modules.enable", "*", "", "", "Loads and starts a module in the running server."}, enable_module},
    {{"modules.disable", "*", "", "", "Stops a module in the running server; sessions of others go on."},
     disable_module},
    {{"modules.reconfigure", "*", "", "", "Reads the configuration again and gives a running module its options."},
     reconfigure_module},
    {{"status.get", "view_status", "", "ServicesStatus", "Whether the database answers, and which defences are on."},
     status},
    {{"log_level.get", "*", "", "LogLevelConfig", "The log level in use."}, get_log_level},
    {{"log_level.set", "*", "LogLevelConfig", "", "Changes the log level until the next start."}, set_log_level},
};

}  // namespace

std::span<const Operation> server_operations() { return kOperations; }

}  // namespace slipway::management
