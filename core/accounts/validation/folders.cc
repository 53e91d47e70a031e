#include <map>
#include <set>

#include "core/accounts/placeholders.h"
#include "core/accounts/validation/checks.h"
#include "core/base/json.h"

namespace slipway::accounts {

namespace {

constexpr std::size_t kMaxSubpath = 191;  // bytes
constexpr std::string_view kAt = "/virtual_folders";

Status check_subpath(std::string& subpath, std::string_view at) {
  if (subpath.empty()) return ok();
  SLIPWAY_TRY(check_path_text(subpath, at));
  const auto clean = virtual_path(subpath);
  if (clean == "/") return invalid(at, "means the whole folder; leave it out for that");
  if (clean.size() > kMaxSubpath) return invalid(at, "is longer than 191 bytes");
  subpath = clean;
  return ok();
}

}  // namespace

Status check_mappings(std::vector<FolderMapping>& mappings, const ValidationSettings& settings) {
  std::set<std::string> paths;
  std::map<std::string, const FolderMapping*> first;
  std::set<std::pair<std::string, std::string>> mounted;
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    auto& mapping = mappings[i];
    const auto at = at_index(kAt, i);
    mapping.name = convert_name(mapping.name, settings.naming_rules);
    if (mapping.name.empty()) return invalid(at + "/name", "is required");
    if (mapping.virtual_path.empty()) return invalid(at + "/virtual_path", "is required");
    SLIPWAY_TRY(check_path_text(mapping.virtual_path, at + "/virtual_path"));
    mapping.virtual_path = virtual_path(mapping.virtual_path);
    if (!paths.insert(mapping.virtual_path).second) {
      return invalid(at + "/virtual_path", "another folder is mounted at the same path");
    }
    if (mapping.quota_size < -1) return invalid(at + "/quota_size", "must be -1 (the user's quota), 0 (none) or more");
    if (mapping.quota_files < -1)
      return invalid(at + "/quota_files", "must be -1 (the user's quota), 0 (none) or more");
    if ((mapping.quota_size == -1) != (mapping.quota_files == -1)) {
      return invalid(at + "/quota_files", "quota_size and quota_files must both be -1, or neither");
    }
    SLIPWAY_TRY(check_subpath(mapping.subpath, at + "/subpath"));
    if (!mounted.emplace(mapping.name, mapping.subpath).second) {
      return invalid(at, "this folder is mounted already; several mounts of one need different subpaths");
    }
    const auto& other = *first.try_emplace(mapping.name, &mapping).first->second;
    if (other.quota_size != mapping.quota_size || other.quota_files != mapping.quota_files) {
      return invalid(at + "/quota_size", "all mounts of one folder must have the same quota limits");
    }
  }
  return ok();
}

Status validate(Folder& folder, const ValidationContext& context) {
  folder.name = convert_name(folder.name, context.settings.naming_rules);
  SLIPWAY_TRY(check_name(folder.name, NameKind::Rules, context.settings, "/name"));
  const bool local = is_local(folder.filesystem.provider);
  if (local && folder.mapped_path.empty()) return invalid("/mapped_path", "is required for folders on local disks");
  if (!folder.mapped_path.empty()) {
    SLIPWAY_TRY(check_path_text(folder.mapped_path, "/mapped_path"));
    folder.mapped_path = clean_path_text(folder.mapped_path);
    if (!folder.mapped_path.starts_with('/')) return invalid("/mapped_path", "must be an absolute path");
  }
  folder.users.clear();
  folder.groups.clear();
  return check_filesystem(folder.filesystem, "folder_" + folder.name, context, "/filesystem");
}

}  // namespace slipway::accounts
