// What belongs to one Lua state: its limits, the call it is in, what its scripts registered. For core/lua only.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "core/lua/handler.h"
#include "core/lua/interpreter.h"
#include "core/lua/store.h"

struct lua_State;

namespace slipway::lua {

struct Call;  // of interpreter.cc

struct StateData {
  enum class Phase : std::uint8_t { Idle, Loading, Before, After };
  enum class Reached : std::uint8_t { Nothing, Instructions, Time };
  static constexpr int kMaxLogLines = 100;  // of one call

  StateData(const Limits& state_limits, Store& shared) : limits(state_limits), store(shared) {}

  const Limits limits;
  Store& store;
  std::vector<const Script*> scripts;
  std::vector<Handler> handlers;
  lua_State* state = nullptr;
  Call* call = nullptr;  // that runs

  std::size_t memory = 0;  // bytes allocated
  std::uint64_t instructions_left = 0;
  std::chrono::steady_clock::time_point deadline{};
  Reached reached = Reached::Nothing;

  Phase phase = Phase::Idle;
  std::size_t script = 0;  // that is loaded, or whose handler runs
  bool denied = false;
  std::string reason;
  int log_lines = 0;
};

// Every state has one.
StateData& data_of(lua_State* L);

// Starts a call: full budget, hook set.
void begin_call(StateData& data, StateData::Phase phase, std::chrono::steady_clock::time_point deadline);
// Counts work done in C as `instructions`; raises the error of the limit that is passed. Once one is, every further
// instruction raises again, so that no pcall of a script can go on.
void charge(lua_State* L, std::uint64_t instructions);
// The allocator: user data is the StateData.
void* allocate(void* user_data, void* block, std::size_t old_size, std::size_t new_size);

// Raises `error` with the C++ exception's text; never returns.
[[noreturn]] void raise_exception(lua_State* L, const std::exception& e);

// The Lua here is the one built as C++: its errors are exceptions, so destructors run. They are not std::exceptions and
// pass through; those of our own code become Lua errors.
template <int (*Function)(lua_State*)>
int guarded(lua_State* L) {
  try {
    return Function(L);
  } catch (const std::exception& e) {
    raise_exception(L, e);
  }
}

// ---- the libraries; each pushes one table (or value) for the environment of a script

// Loads what is taken from the standard library and replaces what cannot be bounded. Once a state.
void open_standard(lua_State* L);
// Pushes a new environment with everything a script may use.
void push_environment(lua_State* L);
// find, match, gmatch, gsub, rep: into the table on top of the stack.
void set_string_functions(lua_State* L);
void push_json(lua_State* L);
// on, deny, time, log, state: into the table on top of the stack.
void set_host_functions(lua_State* L);
void push_event(lua_State* L, const Event& event);

}  // namespace slipway::lua
