// An administrator: somebody who manages the server and moves no files. The contract's Admin.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/accounts/user_filters.h"

namespace slipway::accounts {

struct AdminPreferences {
  int hide_user_page_sections = 0;
  int default_users_expiration = 0;  // days
  bool operator==(const AdminPreferences&) const = default;
};

struct AdminFilters {
  std::vector<std::string> allow_list;  // CIDR
  bool allow_api_key_auth = false;
  bool require_two_factor = false;
  bool require_password_change = false;
  bool disable_password_auth = false;
  TotpConfig totp_config;
  std::vector<RecoveryCode> recovery_codes;
  AdminPreferences preferences;
  JsonText extra;
  bool operator==(const AdminFilters&) const = default;
};

struct AdminGroupOptions {
  int add_to_users_as = 0;  // 0 membership, 1 primary, 2 secondary
  bool operator==(const AdminGroupOptions&) const = default;
};

struct AdminGroupMapping {
  std::string name;
  AdminGroupOptions options;
  bool operator==(const AdminGroupMapping&) const = default;
};

struct Admin {
  std::int64_t id = 0;
  int status = 0;  // 1: enabled
  std::string username;
  std::string description;
  std::string password;  // a hash once saved
  std::string email;
  std::vector<std::string> permissions;
  AdminFilters filters;
  std::string additional_info;
  std::vector<AdminGroupMapping> groups;                        // the order is kept
  std::int64_t created_at = 0, updated_at = 0, last_login = 0;  // Unix ms
  std::string role;
  JsonText extra;
  bool operator==(const Admin&) const = default;
};

}  // namespace slipway::accounts
