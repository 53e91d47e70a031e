// The limits of a state: memory, instructions, time.
#include <algorithm>
#include <cstdlib>
#include <lua.hpp>

#include "core/lua/state_data.h"

namespace slipway::lua {
namespace {

constexpr std::uint64_t kInterval = 1000;  // instructions between two looks at the clock

void hook(lua_State* L, lua_Debug*);

int interval(const StateData& data) {
  return static_cast<int>(std::clamp<std::uint64_t>(data.limits.instructions, 1, kInterval));
}

void count(StateData& data, std::uint64_t instructions) {
  if (data.reached != StateData::Reached::Nothing) return;
  data.instructions_left -= std::min(data.instructions_left, instructions);
  if (data.instructions_left == 0)
    data.reached = StateData::Reached::Instructions;
  else if (std::chrono::steady_clock::now() >= data.deadline)
    data.reached = StateData::Reached::Time;
  // A script that catches the error gets the next one with its next instruction.
  if (data.reached != StateData::Reached::Nothing) lua_sethook(data.state, &hook, LUA_MASKCOUNT, 1);
}

void raise_if_reached(lua_State* L, const StateData& data) {
  switch (data.reached) {
    case StateData::Reached::Nothing:
      return;
    case StateData::Reached::Instructions:
      luaL_error(L, "instruction limit of %I reached", static_cast<lua_Integer>(data.limits.instructions));
      return;
    case StateData::Reached::Time:
      luaL_error(L, "time limit of %I ms reached", static_cast<lua_Integer>(data.limits.time.count()));
      return;
  }
}

void hook(lua_State* L, lua_Debug*) {
  StateData& data = data_of(L);
  count(data, static_cast<std::uint64_t>(interval(data)));
  raise_if_reached(L, data);
}

}  // namespace

StateData& data_of(lua_State* L) { return **static_cast<StateData**>(lua_getextraspace(L)); }

void begin_call(StateData& data, StateData::Phase phase, std::chrono::steady_clock::time_point deadline) {
  data.phase = phase;
  data.instructions_left = data.limits.instructions;
  data.deadline = std::min(deadline, std::chrono::steady_clock::now() + data.limits.time);
  data.reached = StateData::Reached::Nothing;
  data.denied = false;
  data.reason.clear();
  data.log_lines = 0;
  lua_sethook(data.state, &hook, LUA_MASKCOUNT, interval(data));
}

void charge(lua_State* L, std::uint64_t instructions) {
  StateData& data = data_of(L);
  count(data, instructions);
  raise_if_reached(L, data);
}

void* allocate(void* user_data, void* block, std::size_t old_size, std::size_t new_size) {
  StateData& data = *static_cast<StateData*>(user_data);
  if (block == nullptr) old_size = 0;  // then it is the kind of object
  if (new_size == 0) {
    std::free(block);
    data.memory -= old_size;
    return nullptr;
  }
  if (new_size > old_size && data.memory - old_size + new_size > data.limits.memory) {
    // Lua now collects everything and tries again: work that a script can ask for in a loop, so it is paid for.
    if (data.state != nullptr) count(data, data.memory / 64);
    return nullptr;
  }
  void* const fresh = std::realloc(block, new_size);
  if (fresh != nullptr) data.memory += new_size - old_size;
  return fresh;
}

void raise_exception(lua_State* L, const std::exception& e) {
  luaL_error(L, "%s", e.what());
  std::abort();  // luaL_error does not return
}

}  // namespace slipway::lua
