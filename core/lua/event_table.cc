// An event as scripts see it: the names of the hooks' JSON body, every field always there.
#include <lua.hpp>

#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

void set(lua_State* L, const char* name, const std::string& value) {
  lua_pushlstring(L, value.data(), value.size());
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

}  // namespace

void push_event(lua_State* L, const Event& event) {
  lua_createtable(L, 0, 32);
  set(L, "action", event.action);
  set(L, "username", event.username);
  set(L, "role", event.role);
  set(L, "external_username", event.external_username);
  set(L, "path", event.path);
  set(L, "target_path", event.target_path);
  set(L, "virtual_path", event.virtual_path);
  set(L, "virtual_target_path", event.virtual_target_path);
  set(L, "ssh_cmd", event.ssh_command);
  set(L, "file_size", static_cast<lua_Integer>(event.file_size));
  set(L, "elapsed", static_cast<lua_Integer>(event.elapsed.count()));
  set(L, "fs_provider", event.fs_provider);
  set(L, "bucket", event.bucket);
  set(L, "endpoint", event.endpoint);
  set(L, "status", static_cast<lua_Integer>(event.status));
  set(L, "error", event.error);
  set(L, "protocol", event.protocol);
  set(L, "ip", event.ip);
  set(L, "session_id", event.session_id);
  set(L, "login_method", event.login_method);
  set(L, "open_flags", event.open_flags);
  set(L, "timestamp", static_cast<lua_Integer>(event.at.time_since_epoch().count()));
  set(L, "object_name", event.object_name);
  set(L, "object_type", event.object_type);
  set(L, "object_json", event.object_json);
  lua_createtable(L, 0, static_cast<int>(event.metadata.size()));
  for (const auto& [key, value] : event.metadata) {
    lua_pushlstring(L, key.data(), key.size());
    lua_pushlstring(L, value.data(), value.size());
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, "metadata");
}

}  // namespace slipway::lua
