// Everything about accounts as one JSON document, readable by SFTPGo and written by it (GAPS-DATA 3.12).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/accounts.h"

namespace slipway::accounts {

inline constexpr int kBackupVersion = 17;

struct BackupData {
  std::vector<User> users;
  std::vector<Group> groups;
  std::vector<Folder> folders;
  std::vector<Admin> admins;
  std::vector<ApiKey> api_keys;
  std::vector<Share> shares;
  std::vector<EventAction> event_actions;
  std::vector<EventRule> event_rules;
  std::vector<Role> roles;
  std::vector<IpListEntry> ip_lists;
  std::vector<ServerConfigs> configs;  // none or one
  int version = 0;                     // a document without one is older than all versions
};

// ---- writing

struct DumpOptions {
  // "users", "folders", "groups", "admins", "api_keys", "shares", "actions", "rules", "roles", "ip_lists", "configs";
  // empty: all. Others are InvalidArgument; "license" is accepted and says nothing.
  std::vector<std::string> scopes;
  unsigned indent = 0;  // spaces a level; 0: one line
};

// The document holds password hashes and sealed secrets. Lists that were not asked for are null. Definitions that
// change meanwhile make it start over; Unavailable (retryable) when they never rest.
Result<std::string> dump_backup(AccountStore& store, const DumpOptions& options = {});

// ---- reading

// What older versions wrote differently is brought up to date: placeholders of event actions (before 17), rules without
// a status (before 15). Members that nobody here knows are kept in the entities, and their pointers appended to
// `unknown`. InvalidArgument with the place or the JSON pointer of what is wrong; TooLarge.
Result<BackupData> parse_backup(std::string_view text, std::vector<std::string>* unknown = nullptr,
                                std::size_t max_bytes = std::size_t(1) << 30);

enum class LoadMode : int { Update = 0, AddOnly = 1, UpdateAndDisconnect = 2 };
enum class ScanQuota : int { No = 0, Yes = 1, Limited = 2 };  // Limited: users with quota limits; folders as with Yes

struct LoadOptions {
  LoadMode mode = LoadMode::Update;
  ScanQuota scan_quota = ScanQuota::No;
  Actor actor;
};

struct LoadReport {
  std::size_t added = 0, updated = 0, skipped = 0;
  std::vector<std::string> disconnect;  // users that were changed, for LoadMode::UpdateAndDisconnect
  std::vector<std::string> scan_users, scan_folders;
};

// Stores the objects one by one: configs, IP lists, roles, folders, groups, users, admins, API keys, shares, actions,
// rules. The first error ends it and names the object (subject "/users/3/home_dir", cause "\"ann\": ..."); what was
// stored before it stays, and `report` says what that is.
Status load_backup(Accounts& accounts, BackupData data, const LoadOptions& options, LoadReport& report);

// ---- files of the backups directory

// `name` is relative to `directory` and cannot leave it; the directory is made (0700) where it is absent, the file
// (0600) appears whole or not at all and replaces an older one.
Status write_backup_file(const std::string& directory, std::string_view name, std::string_view text);
// At most `max_bytes`. NotFound, TooLarge.
Result<std::string> read_backup_file(const std::string& path, std::size_t max_bytes = std::size_t(1) << 30);

}  // namespace slipway::accounts
