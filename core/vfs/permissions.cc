#include <algorithm>

#include "core/base/text.h"
#include "core/vfs/path_walk.h"
#include "core/vfs/policy.h"

namespace slipway::vfs {
namespace {

struct Token {
  std::string_view name;
  Permissions bits;
};

constexpr Permissions bits(Permission a) { return Permissions(a); }
constexpr Permissions bits(Permission a, Permission b) { return Permissions(a) | Permissions(b); }

constexpr Token kTokens[] = {
    {"*", kAllPermissions},
    {"list", bits(Permission::List)},
    {"download", bits(Permission::Download)},
    {"upload", bits(Permission::Upload)},
    {"overwrite", bits(Permission::Overwrite)},
    {"delete", bits(Permission::DeleteFiles, Permission::DeleteDirs)},
    {"delete_files", bits(Permission::DeleteFiles)},
    {"delete_dirs", bits(Permission::DeleteDirs)},
    {"rename", bits(Permission::RenameFiles, Permission::RenameDirs)},
    {"rename_files", bits(Permission::RenameFiles)},
    {"rename_dirs", bits(Permission::RenameDirs)},
    {"create_dirs", bits(Permission::CreateDirs)},
    {"create_symlinks", bits(Permission::CreateSymlinks)},
    {"chmod", bits(Permission::Chmod)},
    {"chown", bits(Permission::Chown)},
    {"chtimes", bits(Permission::Chtimes)},
    {"copy", bits(Permission::Copy)},
};

bool is_pattern(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

// '*' does not cross '/', so patterns are matched one component at a time.
bool matches(std::string_view pattern, std::string_view path) {
  while (true) {
    const PathHead p = split_head(pattern), t = split_head(path);
    if (!glob_match(p.component, t.component)) return false;
    if (p.rest.empty() || t.rest.empty()) return p.rest.empty() && t.rest.empty();
    pattern = p.rest;
    path = t.rest;
  }
}

// Whether `pattern` can match `path` or anything below it.
bool can_match_within(std::string_view pattern, std::string_view path) {
  if (path == "/") return true;
  while (true) {
    const PathHead p = split_head(pattern), t = split_head(path);
    if (!glob_match(p.component, t.component)) return false;
    if (t.rest.empty()) return true;
    if (p.rest.empty()) return false;
    pattern = p.rest;
    path = t.rest;
  }
}

}  // namespace

std::optional<Permissions> permissions_of_token(std::string_view token) {
  for (const Token& known : kTokens)
    if (known.name == token) return known.bits;
  return std::nullopt;
}

void PermissionMap::add(const VPath& path, Permissions permissions) {
  if (!exact_.emplace(path.str(), permissions).second) return;
  if (is_pattern(path.str())) patterns_.emplace_back(path.str(), permissions);
}

Permissions PermissionMap::at(const VPath& directory) const {
  std::string_view path = directory.str();
  while (true) {
    if (const auto found = exact_.find(path); found != exact_.end()) return found->second;
    for (const auto& [pattern, permissions] : patterns_)
      if (matches(pattern, path)) return permissions;
    if (path == "/") return 0;
    path = parent_of(path);
  }
}

bool PermissionMap::differs_below(const VPath& path) const {
  for (const auto& [entry, permissions] : patterns_)
    if (permissions != kAllPermissions && can_match_within(entry, path.str())) return true;
  return std::any_of(exact_.begin(), exact_.end(), [&](const auto& entry) {
    return entry.second != kAllPermissions && VPath(entry.first).is_within(path);
  });
}

}  // namespace slipway::vfs
