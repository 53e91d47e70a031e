#include "core/accounts/effective_users.h"

namespace slipway::accounts {

std::shared_ptr<const EffectiveUser> EffectiveUsers::find(const std::string& username, std::uint64_t version) {
  return entries_.with([&](Entries& entries) -> std::shared_ptr<const EffectiveUser> {
    const auto it = entries.by_name.find(username);
    if (it == entries.by_name.end() || it->second->version != version) return nullptr;
    entries.by_use.splice(entries.by_use.begin(), entries.by_use, it->second);
    return it->second->user;
  });
}

std::shared_ptr<const EffectiveUser> EffectiveUsers::known(const std::string& username) {
  const auto version = store_.known_definitions_version();
  return version ? find(username, *version) : nullptr;
}

Result<std::shared_ptr<const EffectiveUser>> EffectiveUsers::get(const std::string& username) {
  // Read before the user: what changes while it is loaded makes this entry old.
  SLIPWAY_ASSIGN(const auto version, store_.recent_definitions_version());
  if (auto found = find(username, version)) return found;

  SLIPWAY_ASSIGN(auto stored, store_.user(username));
  SLIPWAY_ASSIGN(auto merged, merge(std::move(stored)));
  auto loaded = std::make_shared<const EffectiveUser>(std::move(merged));
  entries_.with([&](Entries& entries) {
    if (const auto it = entries.by_name.find(username); it != entries.by_name.end()) {
      const auto old = it->second;
      entries.by_name.erase(it);
      entries.by_use.erase(old);
    }
    entries.by_use.push_front({username, version, loaded});
    entries.by_name.emplace(entries.by_use.front().username, entries.by_use.begin());
    if (entries.by_use.size() > capacity_) {
      entries.by_name.erase(entries.by_use.back().username);
      entries.by_use.pop_back();
    }
  });
  return loaded;
}

Result<EffectiveUser> EffectiveUsers::merge(User user) {
  std::vector<Group> groups;
  if (const auto names = inherited_groups(user); !names.empty()) {
    SLIPWAY_ASSIGN(groups, store_.groups_by_name(names));
  }
  std::vector<std::string> names;
  for (const auto& mapping : user.virtual_folders) names.push_back(mapping.name);
  for (const auto& group : groups) {
    for (const auto& mapping : group.virtual_folders) names.push_back(mapping.name);
  }
  std::vector<Folder> folders;
  if (!names.empty()) {
    SLIPWAY_ASSIGN(folders, store_.folders_by_name(names));
  }
  return make_effective_user(std::move(user), groups, folders);
}

}  // namespace slipway::accounts
