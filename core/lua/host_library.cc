// What a script says to the server: on, deny, log, state, time.
#include <array>
#include <chrono>
#include <ctime>
#include <lua.hpp>
#include <span>
#include <vector>

#include "core/base/ip_network.h"
#include "core/log/log.h"
#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

constexpr std::size_t kMaxHandlers = 1000;  // of one state
constexpr std::size_t kMaxPatterns = 1000;  // of one member of a filter
constexpr std::size_t kMaxLogText = 4096;   // bytes
constexpr std::size_t kMaxLogFields = 16;

constexpr std::array<std::string_view, 21> kActions{
    "download",   "first-download", "pre-download", "upload",       "first-upload", "pre-upload", "delete",
    "pre-delete", "rename",         "mkdir",        "rmdir",        "copy",         "ssh_cmd",    "add",
    "update",     "pre-login",      "login",        "login-failed", "connect",      "disconnect", "*"};

std::string text_of(lua_State* L, int index) {
  std::size_t size = 0;
  const char* const data = lua_tolstring(L, index, &size);
  return {data, size};
}

// ---- on(actions, [filter,] function)

// A text, or a list of texts: the member `name` of a filter.
std::vector<std::string> patterns(lua_State* L, int index, const char* name) {
  std::vector<std::string> out;
  if (lua_type(L, index) == LUA_TSTRING) {
    out.push_back(text_of(L, index));
    return out;
  }
  if (!lua_istable(L, index)) luaL_error(L, "%s must be a text or a list of texts", name);
  const lua_Unsigned count = lua_rawlen(L, index);
  if (count == 0 || count > kMaxPatterns)
    luaL_error(L, "%s must have 1 to %d members", name, static_cast<int>(kMaxPatterns));
  for (lua_Unsigned i = 1; i <= count; ++i) {
    if (lua_rawgeti(L, index, static_cast<lua_Integer>(i)) != LUA_TSTRING)
      luaL_error(L, "%s must be a list of texts", name);
    out.push_back(text_of(L, -1));
    lua_pop(L, 1);
  }
  return out;
}

void check_globs(lua_State* L, const std::vector<std::string>& globs, const char* name) {
  for (const std::string& glob : globs)
    if (!is_valid_glob(glob)) luaL_error(L, "filter: %s has the malformed pattern \"%s\"", name, glob.c_str());
}

Filter read_filter(lua_State* L, int index) {
  Filter filter;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const std::string key = lua_type(L, -2) == LUA_TSTRING ? text_of(L, -2) : "";
    const int value = lua_gettop(L);
    if (key == "path") {
      for (const std::string& text : patterns(L, value, "path")) {
        auto glob = events::PathGlob::parse(text);
        if (!glob) luaL_error(L, "filter: %s", glob.error().message().c_str());
        filter.paths.push_back(*std::move(glob));
      }
    } else if (key == "user" || key == "protocol" || key == "role") {
      auto& list = key == "user" ? filter.users : key == "protocol" ? filter.protocols : filter.roles;
      list = patterns(L, value, key.c_str());
      check_globs(L, list, key.c_str());
    } else {
      luaL_error(L, "filter: unknown member \"%s\"; known are path, user, protocol and role", key.c_str());
    }
    lua_pop(L, 1);
  }
  return filter;
}

int on(lua_State* L) {
  StateData& data = data_of(L);
  if (data.phase != StateData::Phase::Loading)
    return luaL_error(L, "on() is for the script's main part, not for handlers");
  if (data.handlers.size() == kMaxHandlers) return luaL_error(L, "too many handlers");
  luaL_checktype(L, 1, LUA_TSTRING);
  const int function = lua_gettop(L) >= 3 ? 3 : 2;
  luaL_checktype(L, function, LUA_TFUNCTION);

  Handler handler{.names = {}, .actions = events::ActionSet(text_of(L, 1)), .filter = {}, .script = data.script};
  for (const std::string& part : split(text_of(L, 1), ',')) {
    const std::string_view name = trim(part);
    if (name.empty() || std::ranges::find(kActions, name) == kActions.end()) {
      const std::string_view meant = nearest(name, kActions);
      return luaL_error(L, meant.empty() ? "unknown event \"%s\"%s" : "unknown event \"%s\", did you mean \"%s\"?",
                        std::string(name).c_str(), std::string(meant).c_str());
    }
    handler.names.emplace_back(name);
  }
  if (handler.names.empty()) return luaL_error(L, "on() needs the name of an event");
  if (function == 3) {
    luaL_checktype(L, 2, LUA_TTABLE);
    handler.filter = read_filter(L, 2);
  }
  lua_pushvalue(L, function);
  handler.function = luaL_ref(L, LUA_REGISTRYINDEX);
  data.handlers.push_back(std::move(handler));
  return 0;
}

// ---- deny([reason])

int deny(lua_State* L) {
  StateData& data = data_of(L);
  std::string reason = lua_isnoneornil(L, 1) ? "" : std::string(luaL_checkstring(L, 1));
  if (data.phase != StateData::Phase::Before)
    return luaL_error(L, "only events that start with \"pre-\" can be denied");
  // Kept here, so that it holds although a pcall may catch the error that ends the handler.
  data.denied = true;
  data.reason = std::move(reason);
  return luaL_error(L, "denied");
}

// ---- log.info(text, [fields])

template <LogLevel Level>
int log_line(lua_State* L) {
  StateData& data = data_of(L);
  std::size_t size = 0;
  const char* const text = luaL_tolstring(L, 1, &size);
  if (++data.log_lines > StateData::kMaxLogLines) {
    if (data.log_lines == StateData::kMaxLogLines + 1)
      log::warn("lua", "the script writes too much; the rest of this call is not logged",
                {{"script", data.scripts[data.script]->name}});
    return 0;
  }
  charge(L, 100);
  // Keys and texts stay on the stack as long as the fields look at them.
  std::vector<LogField> fields{{"script", std::string_view(data.scripts[data.script]->name)}};
  if (lua_istable(L, 2)) {
    luaL_checkstack(L, 3 * static_cast<int>(kMaxLogFields) + 4, nullptr);
    lua_pushnil(L);
    while (fields.size() <= kMaxLogFields && lua_next(L, 2) != 0) {
      const int value = lua_gettop(L), key = value - 1;
      if (lua_type(L, key) != LUA_TSTRING) return luaL_error(L, "the names of log fields are texts");
      const char* const name = lua_tostring(L, key);
      if (lua_isboolean(L, value)) {
        fields.emplace_back(name, lua_toboolean(L, value) != 0);
      } else if (lua_isinteger(L, value)) {
        fields.emplace_back(name, lua_tointeger(L, value));
      } else {
        std::size_t length = 0;
        const char* const shown = luaL_tolstring(L, value, &length);
        fields.emplace_back(name, std::string_view(shown, std::min(length, kMaxLogText)));
      }
      lua_pushvalue(L, key);  // for the next round, above what has to stay
    }
  }
  static log::SenderLogger logger("lua");
  logger.log(Level, std::string_view(text, std::min(size, kMaxLogText)), fields);
  return 0;
}

// ---- state.get(key), state.set(key, value)

std::string key_argument(lua_State* L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  return text_of(L, 1);
}

int state_get(lua_State* L) {
  charge(L, 10);
  const auto value = data_of(L).store.get(key_argument(L));
  if (!value) {
    lua_pushnil(L);
  } else if (const auto* flag = std::get_if<bool>(&*value)) {
    lua_pushboolean(L, *flag);
  } else if (const auto* integer = std::get_if<std::int64_t>(&*value)) {
    lua_pushinteger(L, *integer);
  } else if (const auto* number = std::get_if<double>(&*value)) {
    lua_pushnumber(L, *number);
  } else {
    const auto& text = std::get<std::string>(*value);
    lua_pushlstring(L, text.data(), text.size());
  }
  return 1;
}

int state_set(lua_State* L) {
  charge(L, 10);
  const std::string key = key_argument(L);
  Store& store = data_of(L).store;
  Status status = ok();
  switch (lua_type(L, 2)) {
    case LUA_TNONE:
    case LUA_TNIL:
      store.erase(key);
      break;
    case LUA_TBOOLEAN:
      status = store.set(key, lua_toboolean(L, 2) != 0);
      break;
    case LUA_TNUMBER:
      status =
          lua_isinteger(L, 2) ? store.set(key, std::int64_t{lua_tointeger(L, 2)}) : store.set(key, lua_tonumber(L, 2));
      break;
    case LUA_TSTRING:
      status = store.set(key, text_of(L, 2));
      break;
    default:
      return luaL_error(L, "state keeps texts, numbers and booleans, not a %s", luaL_typename(L, 2));
  }
  if (!status) return luaL_error(L, "%s", status.error().message().c_str());
  return 0;
}

// ---- in_network(address, networks)

int in_network(lua_State* L) {
  const std::string address = luaL_checkstring(L, 1);
  const std::vector<std::string> networks = patterns(L, 2, "networks");
  charge(L, networks.size() * 4);
  for (const std::string& network : networks)
    if (!IpNetwork::parse(network, true))
      return luaL_error(L, "\"%s\" is neither an address nor a network", network.c_str());
  lua_pushboolean(L, in_any_network(address, networks));
  return 1;
}

// ---- time([zone])

// Without an argument seconds since 1970; with "utc" or "local" a table of the parts of the clock.
int time(lua_State* L) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (lua_isnoneornil(L, 1)) {
    lua_pushinteger(L, now);
    return 1;
  }
  const char* const zones[] = {"utc", "local", nullptr};
  std::tm parts{};
  if (luaL_checkoption(L, 1, nullptr, zones) == 0)
    ::gmtime_r(&now, &parts);
  else
    ::localtime_r(&now, &parts);
  lua_createtable(L, 0, 8);
  const auto set = [L](const char* name, int value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
  };
  set("year", parts.tm_year + 1900);
  set("month", parts.tm_mon + 1);
  set("day", parts.tm_mday);
  set("hour", parts.tm_hour);
  set("minute", parts.tm_min);
  set("second", parts.tm_sec);
  set("weekday", parts.tm_wday == 0 ? 7 : parts.tm_wday);  // ISO 8601: Monday is 1
  set("yearday", parts.tm_yday + 1);
  return 1;
}

void set_table(lua_State* L, const char* name, const luaL_Reg* functions) {
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_setfield(L, -2, name);
}

}  // namespace

void set_host_functions(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"on", &guarded<on>},
                                     {"deny", &guarded<deny>},
                                     {"in_network", &guarded<in_network>},
                                     {"time", &guarded<time>},
                                     {nullptr, nullptr}};
  constexpr luaL_Reg kLog[] = {{"debug", &guarded<log_line<LogLevel::Debug>>},
                               {"info", &guarded<log_line<LogLevel::Info>>},
                               {"warn", &guarded<log_line<LogLevel::Warn>>},
                               {"error", &guarded<log_line<LogLevel::Error>>},
                               {nullptr, nullptr}};
  constexpr luaL_Reg kState[] = {{"get", &guarded<state_get>}, {"set", &guarded<state_set>}, {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
  set_table(L, "log", kLog);
  set_table(L, "state", kState);
}

}  // namespace slipway::lua
