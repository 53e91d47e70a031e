// A user: somebody who moves files. The contract's User.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/accounts/filesystem_config.h"
#include "core/accounts/user_filters.h"
#include "core/accounts/virtual_folder.h"

namespace slipway::accounts {

struct UserFilters : BaseUserFilters {
  bool require_password_change = false;
  TotpConfig totp_config;
  std::vector<RecoveryCode> recovery_codes;
  std::vector<std::string> tls_certs;  // PEM
  std::vector<std::string> additional_emails;
  std::string custom1;                           // older name of custom_placeholders[0]
  std::vector<std::string> custom_placeholders;  // at most 10: %custom1%..%custom10%
  JsonText extra;
  bool operator==(const UserFilters&) const = default;
};

enum class GroupType : int { Unset = 0, Primary = 1, Secondary = 2, Membership = 3 };

struct GroupMapping {
  std::string name;
  GroupType type = GroupType::Unset;
  bool operator==(const GroupMapping&) const = default;
};

struct User {
  std::int64_t id = 0;
  int status = 0;  // 1: enabled
  std::string username;
  std::string email;
  std::string description;
  std::int64_t expiration_date = 0;  // Unix ms; 0 never
  std::string password;              // a hash once saved; empty: none
  std::vector<std::string> public_keys;
  std::string home_dir;
  std::vector<FolderMapping> virtual_folders;  // the order is kept
  std::int64_t uid = 0, gid = 0;
  std::int64_t max_sessions = 0;
  std::int64_t quota_size = 0;  // bytes
  std::int64_t quota_files = 0;
  PermissionLists permissions;
  std::int64_t used_quota_size = 0;  // bytes
  std::int64_t used_quota_files = 0;
  std::int64_t last_quota_update = 0;                                                          // Unix ms
  std::int64_t upload_bandwidth = 0, download_bandwidth = 0;                                   // KB/s
  std::int64_t upload_data_transfer = 0, download_data_transfer = 0, total_data_transfer = 0;  // MB
  std::int64_t used_upload_data_transfer = 0, used_download_data_transfer = 0;                 // bytes
  std::int64_t created_at = 0, updated_at = 0, last_login = 0;                                 // Unix ms
  std::int64_t first_download = 0, first_upload = 0, last_password_change = 0;                 // Unix ms
  UserFilters filters;
  FilesystemConfig filesystem;
  std::string additional_info;
  std::vector<GroupMapping> groups;  // the order is kept
  JsonText oidc_custom_fields;       // an object
  std::string role;
  JsonText extra;  // members that this server does not know, a JSON object
  bool operator==(const User&) const = default;
};

}  // namespace slipway::accounts
