// Lua scripts as subscribers of the event bus: they veto, refuse logins, and hear of what happened.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/events/bus.h"
#include "core/lua/interpreter.h"
#include "slipway/option.h"

namespace slipway::lua {

struct LuaSettings {
  std::vector<std::string> scripts;  // absolute patterns
  Limits limits;
  std::size_t max_states = 0;  // 0: twice the processors, 4 to 64

  // From values of config::kLuaOptions, the section `lua`.
  static LuaSettings from(const OptionView& options, const std::string& config_dir);
};

// Thread-safe.
class LuaHooks {
 public:
  // Loads the scripts and registers on `bus`, which outlives the object. The error of a script names file and line.
  // Changed files are seen within about a second: a version that cannot be loaded is logged, and the one before stays.
  static Result<std::unique_ptr<LuaHooks>> make(LuaSettings settings, events::EventBus& bus);
  // Waits for handlers that run.
  ~LuaHooks();

  // Looks for changed files at once; what the watcher does every second.
  void check_files();

 private:
  struct Impl;
  explicit LuaHooks(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::lua
