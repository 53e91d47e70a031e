#include <array>

#include "command_action.h"

namespace slipway::command {
namespace {

constexpr std::array<OptionSpec, 7> kOptions{{
    {.name = "timeout",
     .type = OptionType::Integer,
     .default_value = "30",
     .help = "Seconds a program may run before it is ended.",
     .minimum = 1,
     .maximum = 300},
    {.name = "env",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "NAME=value for every hook program; nothing else is inherited."},
    {.name = "commands[].path",
     .type = OptionType::String,
     .default_value = "",
     .help = "Absolute path of a hook program that needs settings of its own."},
    {.name = "commands[].timeout",
     .type = OptionType::Integer,
     .default_value = "0",
     .help = "Seconds this program may run; 0: as the others.",
     .minimum = 0,
     .maximum = 300},
    {.name = "commands[].env",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "NAME=value in addition to env."},
    {.name = "commands[].args",
     .type = OptionType::StringList,
     .default_value = "",
     .help = "Arguments of this program."},
    {.name = "commands[].hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "The settings are for this hook alone: fs_actions, provider_actions, startup, post_connect, ..."},
}};

constexpr std::array<OptionSpec, 6> kUseOptions{{
    {.name = "cmd", .type = OptionType::String, .default_value = nullptr, .help = "Absolute path of the program."},
    {.name = "args", .type = OptionType::StringList, .default_value = "", .help = "Arguments."},
    {.name = "env_vars[].key", .type = OptionType::String, .default_value = "", .help = "Name of a variable."},
    {.name = "env_vars[].value",
     .type = OptionType::String,
     .default_value = "",
     .help = "Its value; in a rule \"$\" stands for the server's own variable of that name."},
    {.name = "timeout",
     .type = OptionType::Integer,
     .default_value = "0",
     .help =
         "Seconds the program may run; 0: as the section command says. What it says of a hook's program comes first.",
     .minimum = 0,
     .maximum = 300},
    {.name = "hook",
     .type = OptionType::String,
     .default_value = "",
     .help = "The hook that the program serves; the section's env and commands apply to hooks only."},
}};

}  // namespace

SLIPWAY_MODULE(CommandAction, .kind = ModuleKind::Action, .name = "action-command", .version = "0.1.0",
               .summary = "Runs programs for hooks and event rules", .provides = "command", .section = "command",
               .options = kOptions.data(), .option_count = kOptions.size(), .use_options = kUseOptions.data(),
               .use_option_count = kUseOptions.size());

}  // namespace slipway::command
