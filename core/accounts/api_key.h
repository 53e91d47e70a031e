// A key that stands for an administrator or a user in API requests. The contract's APIKey.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct ApiKey {
  std::string id;  // 22 characters
  std::string name;
  std::string key;                                                               // a hash once saved
  int scope = 0;                                                                 // 1 admin, 2 user
  std::int64_t created_at = 0, updated_at = 0, last_use_at = 0, expires_at = 0;  // Unix ms
  std::string description;
  std::string user, admin;  // empty: anybody the scope allows
  JsonText extra;
  bool operator==(const ApiKey&) const = default;
};

}  // namespace slipway::accounts
