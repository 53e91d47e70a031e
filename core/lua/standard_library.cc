// What of Lua's standard library scripts get, and in which form: nothing that reaches out of the state, nothing that
// can be kept busy where the instruction limit does not see it.
#include <array>
#include <lua.hpp>

#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

constexpr lua_Integer kMaxElements = 100'000;  // that one call of a table function works on
constexpr lua_Unsigned kBytesPerInstruction = 64;

// Not here: load, dofile, loadfile, require, print, warn, collectgarbage; the libraries io, os, debug, package,
// coroutine.
// pcall and xpcall are ours.
constexpr std::array kBase{"assert", "error",  "getmetatable", "ipairs",       "next", "pairs",    "rawequal", "rawget",
                           "rawlen", "rawset", "select",       "setmetatable", "type", "tonumber", "tostring"};
constexpr std::array kBaseCharged{"tonumber", "tostring"};
constexpr std::array kString{"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"};
constexpr std::array kUtf8{"char", "codepoint", "codes", "len", "offset"};
constexpr std::array kTable{"concat", "insert", "move", "pack", "remove", "sort", "unpack"};

lua_CFunction original(lua_State* L) { return lua_tocfunction(L, lua_upvalueindex(1)); }

// A function whose work grows with the length of its texts.
int charged(lua_State* L) {
  lua_Unsigned bytes = 0;
  for (int i = lua_gettop(L); i > 0; --i)
    if (lua_type(L, i) == LUA_TSTRING) bytes += lua_rawlen(L, i);
  if (bytes >= kBytesPerInstruction) charge(L, bytes / kBytesPerInstruction);
  return original(L)(L);
}

// Metamethods could name any length, or make each of many accesses a call.
lua_Integer plain_length(lua_State* L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  if (lua_getmetatable(L, index)) luaL_argerror(L, index, "a table without a metatable expected");
  const lua_Unsigned length = lua_rawlen(L, index);
  if (length > static_cast<lua_Unsigned>(kMaxElements)) luaL_argerror(L, index, "too many elements");
  return static_cast<lua_Integer>(length);
}

void check_range(lua_State* L, lua_Integer first, lua_Integer last, int index) {
  // In unsigned numbers the difference cannot overflow.
  if (first <= last &&
      static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first) > static_cast<lua_Unsigned>(kMaxElements))
    luaL_argerror(L, index, "too many elements");
}

int over_table(lua_State* L) {
  charge(L, static_cast<std::uint64_t>(plain_length(L, 1)) / 4 + 1);
  return original(L)(L);
}

int sort(lua_State* L) {
  charge(L, static_cast<std::uint64_t>(plain_length(L, 1)) * 8 + 1);
  return original(L)(L);
}

// concat(t, separator, first, last), unpack(t, first, last)
template <int First>
int over_range(lua_State* L) {
  const lua_Integer length = plain_length(L, 1);
  const lua_Integer first = luaL_optinteger(L, First, 1), last = luaL_optinteger(L, First + 1, length);
  check_range(L, first, last, First + 1);
  charge(L, static_cast<std::uint64_t>(first <= last ? last - first : 0) / 4 + 1);
  return original(L)(L);
}

// move(from, first, last, target, to)
int move(lua_State* L) {
  plain_length(L, 1);
  if (!lua_isnoneornil(L, 5)) plain_length(L, 5);
  const lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
  check_range(L, first, last, 3);
  charge(L, static_cast<std::uint64_t>(first <= last ? last - first : 0) / 4 + 1);
  return original(L)(L);
}

// Finalizers run in the collector, where no limit holds.
int set_metatable(lua_State* L) {
  if (lua_istable(L, 2)) {
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "finalizers (__gc) are not available");
    lua_pop(L, 1);
  }
  return original(L)(L);
}

// An error costs much more than the instruction that raises it.
constexpr std::uint64_t kErrorCost = 300;  // instructions

// Calls the function below the `arguments` values on top; its results, or the error, take their place.
bool call_protected(lua_State* L, int arguments) {
  if (lua_pcall(L, arguments, LUA_MULTRET, 0) == LUA_OK) return true;
  charge(L, kErrorCost);
  return false;
}

// pcall(function, ...)
int protected_call(lua_State* L) {
  luaL_checkany(L, 1);
  const bool good = call_protected(L, lua_gettop(L) - 1);
  lua_pushboolean(L, good);
  lua_insert(L, 1);
  return lua_gettop(L);
}

// xpcall(function, handler, ...): the handler runs after the stack was unwound, not before. Lua's own would run it
// inside of our hook when that raises the error, where no further hook is called and a loop never ends.
int handled_call(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_insert(L, 1);  // handler, function, handler, ...
  lua_remove(L, 3);
  if (call_protected(L, lua_gettop(L) - 2)) {
    lua_pushboolean(L, 1);
    lua_replace(L, 1);
    return lua_gettop(L);
  }
  lua_call(L, 1, LUA_MULTRET);
  lua_pushboolean(L, 0);
  lua_insert(L, 1);
  return lua_gettop(L);
}

// Replaces the member `name` of the table on top by `wrapper` around it.
void wrap(lua_State* L, const char* name, lua_CFunction wrapper) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, wrapper, 1);
  lua_setfield(L, -2, name);
}

void open(lua_State* L, const char* name, lua_CFunction opener) {
  luaL_requiref(L, name, opener, 0);
  lua_pop(L, 1);
}

// Pushes a copy, so that scripts cannot change each other's.
void push_copy(lua_State* L, const char* library) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, library);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, -3) != 0) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_settable(L, -4);
  }
  lua_replace(L, -3);
  lua_pop(L, 1);
}

// Keeps only the members named in `names` of the table on top.
template <std::size_t N>
void keep(lua_State* L, const std::array<const char*, N>& names) {
  lua_newtable(L);
  for (const char* name : names) {
    lua_getfield(L, -2, name);
    lua_setfield(L, -2, name);
  }
  lua_pushnil(L);
  while (lua_next(L, -3) != 0) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_pushvalue(L, -1);
      lua_pushnil(L);
      lua_settable(L, -5);
    } else {
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

void push_library(lua_State* L, const char* name) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

}  // namespace

void open_standard(lua_State* L) {
  open(L, LUA_GNAME, &luaopen_base);
  open(L, LUA_STRLIBNAME, &luaopen_string);
  open(L, LUA_TABLIBNAME, &luaopen_table);
  open(L, LUA_MATHLIBNAME, &luaopen_math);
  open(L, LUA_UTF8LIBNAME, &luaopen_utf8);

  push_library(L, LUA_GNAME);
  for (const char* name : kBaseCharged) wrap(L, name, &charged);
  wrap(L, "setmetatable", &set_metatable);
  lua_pop(L, 1);

  // This table is also what methods of texts are looked up in.
  push_library(L, LUA_STRLIBNAME);
  keep(L, kString);
  for (const char* name : kString) wrap(L, name, &charged);
  set_string_functions(L);
  lua_pop(L, 1);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");  // hides it from getmetatable
  lua_pop(L, 2);

  push_library(L, LUA_TABLIBNAME);
  keep(L, kTable);
  wrap(L, "concat", &over_range<3>);
  wrap(L, "insert", &over_table);
  wrap(L, "move", &move);
  wrap(L, "remove", &over_table);
  wrap(L, "sort", &sort);
  wrap(L, "unpack", &over_range<2>);
  lua_pop(L, 1);

  push_library(L, LUA_UTF8LIBNAME);
  for (const char* name : kUtf8) wrap(L, name, &charged);
  lua_pop(L, 1);
}

void push_environment(lua_State* L) {
  lua_newtable(L);
  push_library(L, LUA_GNAME);
  for (const char* name : kBase) {
    lua_getfield(L, -1, name);
    lua_setfield(L, -3, name);
  }
  lua_pop(L, 1);
  constexpr luaL_Reg kProtected[] = {{"pcall", &protected_call}, {"xpcall", &handled_call}, {nullptr, nullptr}};
  luaL_setfuncs(L, kProtected, 0);
  for (const char* library : {LUA_STRLIBNAME, LUA_TABLIBNAME, LUA_MATHLIBNAME, LUA_UTF8LIBNAME}) {
    push_copy(L, library);
    lua_setfield(L, -2, library);
  }
  push_json(L);
  lua_setfield(L, -2, "json");
  set_host_functions(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "_G");
}

}  // namespace slipway::lua
