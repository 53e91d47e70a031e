// A share: paths of a user that others reach by a link. The contract's Share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json_text.h"

namespace slipway::accounts {

struct ShareGroup {
  std::string group_name;
  int permissions = 0;  // 1 read, 2 write, 4 delete
  bool operator==(const ShareGroup&) const = default;
};

struct ShareOptions {
  std::vector<std::string> emails;
  int auth_mode = 0;        // 1: a code sent by mail
  int legal_agreement = 0;  // 1: to be accepted before use
  bool operator==(const ShareOptions&) const = default;
};

struct Share {
  std::string id;  // 22 characters, made by the server
  std::string name;
  std::string description;
  int scope = 0;  // 1 read, 2 write, 3 both
  std::vector<std::string> paths;
  std::string username;                                                          // the owner
  std::int64_t created_at = 0, updated_at = 0, last_use_at = 0, expires_at = 0;  // Unix ms
  std::string password;                                                          // a hash once saved
  std::int64_t max_tokens = 0, used_tokens = 0;
  std::vector<std::string> allow_from;  // CIDR
  std::vector<ShareGroup> groups;
  ShareOptions options;
  JsonText extra;
  bool operator==(const Share&) const = default;
};

}  // namespace slipway::accounts
