// A group: settings that its members inherit at login. The contract's Group.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/accounts/filesystem_config.h"
#include "core/accounts/user_filters.h"
#include "core/accounts/virtual_folder.h"

namespace slipway::accounts {

struct SharePolicy {
  int permissions = 0;  // 1 read, 2 write, 4 delete
  int mode = 0;         // 1 suggested, 2 enforced
  bool operator==(const SharePolicy&) const = default;
};

struct GroupFilters : BaseUserFilters {
  SharePolicy share_policy;
  JsonText extra;
  bool operator==(const GroupFilters&) const = default;
};

struct GroupUserSettings {
  std::string home_dir;
  std::int64_t max_sessions = 0;
  std::int64_t quota_size = 0;  // bytes
  std::int64_t quota_files = 0;
  PermissionLists permissions;
  std::int64_t upload_bandwidth = 0, download_bandwidth = 0;                                   // KB/s
  std::int64_t upload_data_transfer = 0, download_data_transfer = 0, total_data_transfer = 0;  // MB
  std::int64_t expires_in = 0;                                                                 // days
  GroupFilters filters;
  FilesystemConfig filesystem;
  JsonText extra;
  bool operator==(const GroupUserSettings&) const = default;
};

struct Group {
  std::int64_t id = 0;
  std::string name;
  std::string description;
  std::int64_t created_at = 0, updated_at = 0;  // Unix ms
  GroupUserSettings user_settings;
  std::vector<FolderMapping> virtual_folders;  // the order is kept
  std::vector<std::string> users, admins;      // members; filled where asked for, never stored
  JsonText extra;
  bool operator==(const Group&) const = default;
};

}  // namespace slipway::accounts
