// find, match, gmatch and gsub with a matcher that counts its steps, and rep, which can be asked to repeat nothing
// forever.
#include <algorithm>
#include <cstring>
#include <lua.hpp>
#include <string_view>

#include "core/lua/pattern.h"
#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

std::string_view text_argument(lua_State* L, int index) {
  std::size_t size = 0;
  const char* data = luaL_checklstring(L, index, &size);
  return {data, size};
}

// The offset of argument `index` (from 1, negative from the end), 0 without one; beyond the end: size + 1.
std::size_t start_argument(lua_State* L, int index, std::size_t size) {
  const lua_Integer at = luaL_optinteger(L, index, 1);
  if (at > 0) return std::min(static_cast<std::size_t>(at) - 1, size + 1);
  if (at == 0 || static_cast<lua_Unsigned>(-at) > size) return 0;
  return size - static_cast<std::size_t>(-at);
}

void check(lua_State* L, const Pattern& pattern) {
  if (pattern.problem() != nullptr) luaL_error(L, "%s", pattern.problem());
}

// Makes `matcher` try; what it cost is charged.
template <class Try>
bool attempt(lua_State* L, Matcher& matcher, Try&& go) {
  const std::uint64_t before = matcher.steps();
  const Matcher::Outcome outcome = go();
  if (outcome == Matcher::Outcome::TooComplex) luaL_error(L, "pattern too complex for this text");
  charge(L, (matcher.steps() - before) / 4 + 1);
  return outcome == Matcher::Outcome::Match;
}

// As many steps as the call's budget allows; a step is worth about a quarter of an instruction.
std::uint64_t step_limit(lua_State* L) {
  constexpr std::uint64_t kMost = 10'000'000;  // a tenth of a second: the clock is not looked at in between
  return std::min(kMost, data_of(L).instructions_left * 4);
}

void push_capture(lua_State* L, const Matcher& matcher, std::size_t index) {
  const Matcher::Capture& capture = matcher.capture(index);
  if (capture.position)
    lua_pushinteger(L, static_cast<lua_Integer>(capture.begin + 1));
  else
    lua_pushlstring(L, matcher.subject().data() + capture.begin, capture.length);
}

void push_match(lua_State* L, const Matcher& matcher) {
  lua_pushlstring(L, matcher.subject().data() + matcher.start(), matcher.end() - matcher.start());
}

// All captures, or the whole match where there are none.
int push_captures(lua_State* L, const Matcher& matcher, bool whole_if_none) {
  const auto count = matcher.capture_count();
  luaL_checkstack(L, static_cast<int>(count) + 1, "too many captures");
  if (count == 0 && whole_if_none) {
    push_match(L, matcher);
    return 1;
  }
  for (std::size_t i = 0; i < count; ++i) push_capture(L, matcher, i);
  return static_cast<int>(count);
}

int find(lua_State* L) {
  const std::string_view subject = text_argument(L, 1), text = text_argument(L, 2);
  const std::size_t start = start_argument(L, 3, subject.size());
  if (start > subject.size()) {
    luaL_pushfail(L);
    return 1;
  }
  if (lua_toboolean(L, 4) || text.find_first_of("^$*+?.([%-") == std::string_view::npos) {
    charge(L, subject.size() / 64 + 1);
    const std::string_view rest = subject.substr(start);
    const void* const found = text.empty() ? rest.data() : ::memmem(rest.data(), rest.size(), text.data(), text.size());
    if (found == nullptr) {
      luaL_pushfail(L);
      return 1;
    }
    const auto at = static_cast<lua_Integer>(static_cast<const char*>(found) - subject.data());
    lua_pushinteger(L, at + 1);
    lua_pushinteger(L, at + static_cast<lua_Integer>(text.size()));
    return 2;
  }
  const Pattern pattern(text, true);
  check(L, pattern);
  Matcher matcher(pattern, subject, step_limit(L));
  if (!attempt(L, matcher, [&] { return matcher.search(start); })) {
    luaL_pushfail(L);
    return 1;
  }
  lua_pushinteger(L, static_cast<lua_Integer>(matcher.start() + 1));
  lua_pushinteger(L, static_cast<lua_Integer>(matcher.end()));
  return 2 + push_captures(L, matcher, false);
}

int match(lua_State* L) {
  const std::string_view subject = text_argument(L, 1), text = text_argument(L, 2);
  const std::size_t start = start_argument(L, 3, subject.size());
  const Pattern pattern(text, true);
  check(L, pattern);
  Matcher matcher(pattern, subject, step_limit(L));
  if (start > subject.size() || !attempt(L, matcher, [&] { return matcher.search(start); })) {
    luaL_pushfail(L);
    return 1;
  }
  return push_captures(L, matcher, true);
}

// The next match at or behind `from` that does not end where the last one did; an empty match there would never move
// on.
bool next_match(lua_State* L, Matcher& matcher, std::size_t from, std::size_t last_end) {
  for (; from <= matcher.subject().size(); from = matcher.start() + 1) {
    if (!attempt(L, matcher, [&] { return matcher.search(from); })) return false;
    if (matcher.end() != last_end) return true;
  }
  return false;
}

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

// Upvalues: subject, pattern, where to go on, where the last match ended.
int gmatch_step(lua_State* L) {
  std::size_t size = 0;
  const char* data = lua_tolstring(L, lua_upvalueindex(1), &size);
  const std::string_view subject(data, size);
  data = lua_tolstring(L, lua_upvalueindex(2), &size);
  const Pattern pattern({data, size}, false);
  const auto from = static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(3)));
  const auto last_end = static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(4)));
  Matcher matcher(pattern, subject, step_limit(L));
  if (from > subject.size() || !next_match(L, matcher, from, last_end)) return 0;
  lua_pushinteger(L, static_cast<lua_Integer>(matcher.end()));
  lua_copy(L, -1, lua_upvalueindex(3));
  lua_replace(L, lua_upvalueindex(4));
  return push_captures(L, matcher, true);
}

int gmatch(lua_State* L) {
  const std::string_view subject = text_argument(L, 1), text = text_argument(L, 2);
  const std::size_t start = start_argument(L, 3, subject.size());
  const Pattern pattern(text, false);
  check(L, pattern);
  lua_settop(L, 2);
  lua_pushinteger(L, static_cast<lua_Integer>(start));
  lua_pushinteger(L, static_cast<lua_Integer>(kNowhere));
  lua_pushcclosure(L, &guarded<gmatch_step>, 4);
  return 1;
}

// Adds what replaces the match: a text with %0 to %9, a member of a table, the result of a call.
void add_replacement(lua_State* L, luaL_Buffer& buffer, const Matcher& matcher) {
  const int type = lua_type(L, 3);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    const int count = push_captures(L, matcher, true);
    lua_call(L, count, 1);
  } else if (type == LUA_TTABLE) {
    if (matcher.capture_count() == 0)
      push_match(L, matcher);
    else
      push_capture(L, matcher, 0);
    lua_gettable(L, 3);
  } else {
    std::size_t size = 0;
    const char* const data = lua_tolstring(L, 3, &size);
    const std::string_view text(data, size);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        luaL_addchar(&buffer, text[i]);
        continue;
      }
      const char c = ++i < text.size() ? text[i] : '\0';
      if (c == '%') {
        luaL_addchar(&buffer, '%');
        continue;
      }
      if (c < '0' || c > '9') luaL_error(L, "invalid use of '%%' in replacement string");
      const auto index = static_cast<std::size_t>(c - '0');
      if (index == 0 || (index == 1 && matcher.capture_count() == 0)) {
        push_match(L, matcher);
      } else {
        if (index > matcher.capture_count())
          luaL_error(L, "invalid capture index %%%d in replacement string", static_cast<int>(index));
        push_capture(L, matcher, index - 1);
        lua_tolstring(L, -1, nullptr);  // a position
      }
      luaL_addvalue(&buffer);
    }
    return;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    push_match(L, matcher);
  } else if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(&buffer);
}

int gsub(lua_State* L) {
  const std::string_view subject = text_argument(L, 1), text = text_argument(L, 2);
  const int type = lua_type(L, 3);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  const lua_Integer most = luaL_optinteger(L, 4, static_cast<lua_Integer>(subject.size() + 1));
  if (type == LUA_TNUMBER) lua_tolstring(L, 3, nullptr);
  const Pattern pattern(text, true);
  check(L, pattern);
  Matcher matcher(pattern, subject, step_limit(L));
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  std::size_t at = 0, last_end = kNowhere;
  lua_Integer count = 0;
  while (count < most && next_match(L, matcher, at, last_end)) {
    luaL_addlstring(&buffer, subject.data() + at, matcher.start() - at);
    add_replacement(L, buffer, matcher);
    ++count;
    at = last_end = matcher.end();
    if (pattern.anchored()) break;
  }
  if (at < subject.size()) luaL_addlstring(&buffer, subject.data() + at, subject.size() - at);
  luaL_pushresult(&buffer);
  lua_pushinteger(L, count);
  return 2;
}

int rep(lua_State* L) {
  const std::string_view text = text_argument(L, 1);
  const lua_Integer count = luaL_checkinteger(L, 2);
  std::size_t size = 0;
  const char* const data = luaL_optlstring(L, 3, "", &size);
  const std::string_view separator(data, size);
  const std::size_t unit = text.size() + separator.size();
  if (count <= 0 || unit == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  const auto times = static_cast<std::size_t>(count);
  if (times > data_of(L).limits.memory / unit) return luaL_error(L, "resulting string too large");
  charge(L, unit * times / 64 + times / 4 + 1);
  luaL_Buffer buffer;
  luaL_buffinitsize(L, &buffer, unit * times);
  for (std::size_t i = 0; i < times; ++i) {
    luaL_addlstring(&buffer, text.data(), text.size());
    if (i + 1 < times) luaL_addlstring(&buffer, separator.data(), separator.size());
  }
  luaL_pushresult(&buffer);
  return 1;
}

}  // namespace

void set_string_functions(lua_State* L) {
  constexpr luaL_Reg kFunctions[] = {{"find", &guarded<find>}, {"match", &guarded<match>}, {"gmatch", &guarded<gmatch>},
                                     {"gsub", &guarded<gsub>}, {"rep", &guarded<rep>},     {nullptr, nullptr}};
  luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace slipway::lua
