// The commands and flags of the program as data: what completion scripts and the manual page are made of.
#pragma once

#include <string>
#include <vector>

namespace slipway::app {

struct FlagInfo {
  std::vector<std::string> names;  // "--config-dir", "-c"
  std::string value;               // "PATH", "TEXT", "N"; empty: a switch
  std::string help;
  std::string variable;  // "SLIPWAY_CONFIG_DIR"; empty: none
};

struct ArgumentInfo {
  std::string name;  // "NAME"
  std::string help;
  std::vector<std::string> choices;  // empty: any text
};

struct CommandInfo {
  std::string name;  // "slipway" for the program itself
  std::string help;
  std::vector<FlagInfo> flags;
  std::vector<ArgumentInfo> arguments;
  std::vector<CommandInfo> commands;
};

enum class Shell { Bash, Zsh, Fish };

// A script for the shell to source.
std::string completion_script(const CommandInfo& program, Shell shell);
// slipway(1), in roff.
std::string manual_page(const CommandInfo& program, const std::string& version);

}  // namespace slipway::app
