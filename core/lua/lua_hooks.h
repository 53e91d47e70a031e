// Lua scripts as subscribers of the event bus: they veto, refuse logins, and hear of what happened.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/events/bus.h"
#include "core/lua/interpreter.h"
#include "slipway/option.h"

namespace slipway::lua {

// The section `lua` of the configuration.
inline constexpr std::array<OptionSpec, 4> kLuaOptions{{
    {.name = "scripts",
     .type = OptionType::StringList,
     .default_value = "",
     .help =
         "Script files, relative to the configuration directory; * ? [] match several, which run in order of name."},
    {.name = "instruction_limit",
     .type = OptionType::Integer,
     .default_value = "5000000",
     .help = "Instructions of the Lua machine that one handler may take.",
     .minimum = 1000,
     .maximum = 1'000'000'000},
    {.name = "memory_limit",
     .type = OptionType::Bytes,
     .default_value = "16M",
     .help = "Memory of one Lua state; there are at most as many states as threads that run handlers.",
     .minimum = 256 * 1024,
     .maximum = 1024 * 1024 * 1024},
    {.name = "time_limit_ms",
     .type = OptionType::Integer,
     .default_value = "1000",
     .help = "Milliseconds that one handler may take.",
     .minimum = 1,
     .maximum = 60'000},
}};

struct LuaSettings {
  std::vector<std::string> scripts;  // absolute patterns
  Limits limits;
  std::size_t max_states = 0;  // 0: twice the processors, 4 to 64

  // From values of kLuaOptions.
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
