// What a script registered with on(): for which events, and a reference to the function.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "core/events/action_set.h"
#include "core/events/path_glob.h"
#include "slipway/event.h"

namespace slipway::lua {

// Empty lists do not restrict; the members of a list are alternatives.
struct Filter {
  std::vector<events::PathGlob> paths;  // of the virtual path or, of a rename or copy, of its target
  std::vector<std::string> users, protocols, roles;

  bool matches(const Event& event) const {
    const auto any = [](const std::vector<std::string>& patterns, std::string_view text) {
      return patterns.empty() ||
             std::ranges::any_of(patterns, [&](const std::string& p) { return glob_match(p, text); });
    };
    return any(users, event.username) && any(protocols, event.protocol) && any(roles, event.role) &&
           (paths.empty() || std::ranges::any_of(paths, [&](const events::PathGlob& p) {
              return p.matches(event.virtual_path) ||
                     (!event.virtual_target_path.empty() && p.matches(event.virtual_target_path));
            }));
  }
};

struct Handler {
  std::vector<std::string> names;  // as registered
  events::ActionSet actions;
  Filter filter;
  int function = 0;        // in the state's registry
  std::size_t script = 0;  // index of the script that registered it

  bool wants(const Event& event) const { return actions.contains(event.action) && filter.matches(event); }
};

}  // namespace slipway::lua
