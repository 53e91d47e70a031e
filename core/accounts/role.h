// A role: which users an administrator may see. The contract's Role.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct Role {
  std::int64_t id = 0;
  std::string name;
  std::string description;
  std::int64_t created_at = 0, updated_at = 0;  // Unix ms
  std::vector<std::string> users, admins;       // who has it; filled where asked for, never stored
  JsonText extra;
  bool operator==(const Role&) const = default;
};

}  // namespace slipway::accounts
