// Virtual folders: named storage that users and groups mount at paths of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/accounts/filesystem_config.h"

namespace slipway::accounts {

// The contract's BaseVirtualFolder.
struct Folder {
  std::int64_t id = 0;
  std::string name;
  std::string mapped_path;
  std::string description;
  std::int64_t used_quota_size = 0;  // bytes
  std::int64_t used_quota_files = 0;
  std::int64_t last_quota_update = 0;      // Unix ms
  std::vector<std::string> users, groups;  // who mounts it; filled where asked for, never stored
  FilesystemConfig filesystem;
  JsonText extra;
  bool operator==(const Folder&) const = default;
};

// What a user or group stores of the contract's VirtualFolder: a mount of a folder.
struct FolderMapping {
  std::string name;
  std::string virtual_path;
  std::int64_t quota_size = 0;   // bytes; 0 unlimited, -1 counted in the user's quota
  std::int64_t quota_files = 0;  // 0 unlimited, -1 counted in the user's quota
  std::string subpath;           // "/a/b" inside the folder; empty: all of it
  bool operator==(const FolderMapping&) const = default;

  bool in_user_quota() const noexcept { return quota_size == -1 && quota_files == -1; }
};

}  // namespace slipway::accounts
