// A user as it counts at login: the stored one with what its groups give (GAPS-DATA 4, BEHAVIOUR 7).
#pragma once

#include <string>
#include <vector>

#include "core/accounts/group.h"
#include "core/accounts/user.h"
#include "core/accounts/virtual_folder.h"

namespace slipway::accounts {

// A virtual folder in the user's tree. `folder` is ready to be mounted: placeholders are replaced, and the mapping's
// subpath is part of its mapped_path, key prefix or remote prefix.
struct FolderMount {
  Folder folder;
  std::string virtual_path;
  std::int64_t quota_size = 0;   // bytes; 0 unlimited
  std::int64_t quota_files = 0;  // 0 unlimited
  // Not empty: why this mount cannot be used. It must be mounted all the same, as a storage that fails, so that the
  // path never falls through to the storage below it.
  std::string problem;

  // Both -1: its files count in the user's own quota.
  bool in_user_quota() const noexcept { return quota_size == -1 && quota_files == -1; }
};

struct GroupSharePolicy {
  std::string group;
  SharePolicy policy;
};

struct EffectiveUser {
  User user;                         // merged: its virtual_folders too, and what an anonymous user is forced to
  std::vector<FolderMount> folders;  // in the order of user.virtual_folders
  std::vector<GroupSharePolicy> share_policies;
};

// `groups` and `folders`: those that the user (and for folders: the groups) refer to, in any order; others are ignored.
// Primary group first, then the secondary ones in the user's order; the first to say something about a path wins.
// A folder that is not among `folders` becomes a mount with a `problem`. A pure function.
EffectiveUser make_effective_user(User user, const std::vector<Group>& groups, const std::vector<Folder>& folders);

// Whether a placeholder makes the folder another place for each user who mounts it.
bool depends_on_user(const Folder& folder);

// The names of groups that give settings: primary and secondary ones.
std::vector<std::string> inherited_groups(const User& user);

// Anonymous users may list and download over FTP and WebDAV, with any password or none.
void force_anonymous(PermissionLists& permissions, BaseUserFilters& filters);

}  // namespace slipway::accounts
