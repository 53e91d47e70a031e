// One question to a login hook: a program with variables, or a POST to a URL.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slipway/action.h"

namespace slipway::auth_hook {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct HookQuestion {
  std::string_view hook;    // its name for command.commands[].hook
  std::string_view target;  // absolute path or URL
  Pairs variables;          // of a program
  Pairs query;              // of a URL
  std::string body;         // of a URL: JSON
};

bool is_url(std::string_view target) noexcept;
// The options of a use of action-command.
std::string program_options(const HookQuestion& question, int timeout_seconds);

// What it answered: standard output, or the body. PermissionDenied: an exit status that is not 0, a status that is not
// 200 (nor 204, where `may_be_empty`); other errors: it could not be asked.
Result<std::string> ask(ActionService& actions, const OpContext& ctx, const HookQuestion& question,
                        bool may_be_empty = false);

}  // namespace slipway::auth_hook
