// json.encode, json.decode, json.null.
#include <boost/json.hpp>
#include <cmath>
#include <lua.hpp>

#include "core/base/json.h"
#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 1024 * 1024;  // bytes, either way
constexpr int kMaxDepth = 32;

// json.null: the address of this, as light user data.
char null_marker;

bool is_null(lua_State* L, int index) {
  return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &null_marker;
}

void append(lua_State* L, std::string& out, std::string_view text) {
  if (out.size() + text.size() > kMaxText) luaL_error(L, "the JSON text would be longer than 1 MiB");
  out += text;
}

void encode(lua_State* L, int index, std::string& out, int depth);

void encode_list(lua_State* L, int index, lua_Unsigned length, std::string& out, int depth) {
  append(L, out, "[");
  for (lua_Unsigned i = 1; i <= length; ++i) {
    if (i > 1) append(L, out, ",");
    lua_rawgeti(L, index, static_cast<lua_Integer>(i));
    encode(L, lua_gettop(L), out, depth + 1);
    lua_pop(L, 1);
  }
  append(L, out, "]");
}

void encode_object(lua_State* L, int index, std::string& out, int depth) {
  append(L, out, "{");
  bool first = true;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "a JSON object's keys are texts, not a %s", luaL_typename(L, -2));
    if (!first) append(L, out, ",");
    first = false;
    std::size_t size = 0;
    const char* const key = lua_tolstring(L, -2, &size);
    append(L, out, quote_json({key, size}));
    append(L, out, ":");
    encode(L, lua_gettop(L), out, depth + 1);
    lua_pop(L, 1);
  }
  append(L, out, "}");
}

void encode(lua_State* L, int index, std::string& out, int depth) {
  if (depth > kMaxDepth) luaL_error(L, "nested too deep, or a table that contains itself");
  luaL_checkstack(L, 4, nullptr);
  charge(L, 1);
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      append(L, out, "null");
      return;
    case LUA_TBOOLEAN:
      append(L, out, lua_toboolean(L, index) ? "true" : "false");
      return;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        append(L, out, std::to_string(lua_tointeger(L, index)));
      } else {
        const double number = lua_tonumber(L, index);
        if (!std::isfinite(number)) luaL_error(L, "JSON has no infinity and no NaN");
        append(L, out, serialize_json(json::value(number)));
      }
      return;
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* const text = lua_tolstring(L, index, &size);
      charge(L, size / 16);
      append(L, out, quote_json({text, size}));
      return;
    }
    case LUA_TTABLE:
      if (const lua_Unsigned length = lua_rawlen(L, index); length > 0)
        encode_list(L, index, length, out, depth);
      else
        encode_object(L, index, out, depth);
      return;
    default:
      if (!is_null(L, index)) luaL_error(L, "a %s has no form in JSON", luaL_typename(L, index));
      append(L, out, "null");
  }
}

int encode_function(lua_State* L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  std::string out;
  encode(L, 1, out, 0);
  lua_pushlstring(L, out.data(), out.size());
  return 1;
}

void push_value(lua_State* L, const json::value& value) {
  luaL_checkstack(L, 4, nullptr);
  charge(L, 1);
  switch (value.kind()) {
    case json::kind::null:
      lua_pushlightuserdata(L, &null_marker);
      return;
    case json::kind::bool_:
      lua_pushboolean(L, value.get_bool());
      return;
    case json::kind::int64:
      lua_pushinteger(L, value.get_int64());
      return;
    case json::kind::uint64:
      lua_pushnumber(L, static_cast<double>(value.get_uint64()));
      return;
    case json::kind::double_:
      lua_pushnumber(L, value.get_double());
      return;
    case json::kind::string:
      lua_pushlstring(L, value.get_string().data(), value.get_string().size());
      return;
    case json::kind::array: {
      const json::array& array = value.get_array();
      lua_createtable(L, static_cast<int>(array.size()), 0);
      lua_Integer i = 0;
      for (const json::value& element : array) {
        push_value(L, element);
        lua_rawseti(L, -2, ++i);
      }
      return;
    }
    case json::kind::object:
      lua_createtable(L, 0, static_cast<int>(value.get_object().size()));
      for (const auto& [key, member] : value.get_object()) {
        lua_pushlstring(L, key.data(), key.size());
        push_value(L, member);
        lua_rawset(L, -3);
      }
      return;
  }
}

// The value, or nil and what is wrong with the text.
int decode_function(lua_State* L) {
  std::size_t size = 0;
  const char* const text = luaL_checklstring(L, 1, &size);
  charge(L, size / 8 + 1);
  const auto value = parse_json({text, size}, {.max_bytes = kMaxText, .max_depth = kMaxDepth});
  if (!value) {
    const std::string message = value.error().message();
    luaL_pushfail(L);
    lua_pushlstring(L, message.data(), message.size());
    return 2;
  }
  push_value(L, *value);
  return 1;
}

}  // namespace

void push_json(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {
      {"encode", &guarded<encode_function>}, {"decode", &guarded<decode_function>}, {nullptr, nullptr}};
  lua_newtable(L);
  luaL_setfuncs(L, kFunctions, 0);
  lua_pushlightuserdata(L, &null_marker);
  lua_setfield(L, -2, "null");
}

}  // namespace slipway::lua
