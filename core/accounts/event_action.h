// A named action that event rules run. The contract's BaseEventAction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct EventAction {
  std::int64_t id = 0;
  std::string name;
  std::string description;
  int type = 0;                    // GAPS-DATA 7.2
  JsonText options;                // an object; objects shaped like a Secret are sealed on save
  std::vector<std::string> rules;  // which rules run it; filled where asked for, never stored
  JsonText extra;
  bool operator==(const EventAction&) const = default;
};

}  // namespace slipway::accounts
