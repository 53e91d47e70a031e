#include <algorithm>

#include "core/accounts/placeholders.h"
#include "core/accounts/validation/checks.h"
#include "core/base/json.h"

namespace slipway::accounts {

namespace {

const std::vector<std::string_view> kTokens = {
    "*",           "list",    "download",     "upload",      "overwrite",   "delete",          "delete_files",
    "delete_dirs", "rename",  "rename_files", "rename_dirs", "create_dirs", "create_symlinks", "chmod",
    "chown",       "chtimes", "copy"};

}  // namespace

Status check_permissions(PermissionLists& permissions, RootPermissions root, std::string_view at) {
  PermissionLists normalised;
  for (auto& [path, tokens] : permissions) {
    const auto here = json_pointer(at, path);
    if (!path.starts_with('/')) return invalid(here, "must be an absolute path");
    SLIPWAY_TRY(check_path_text(path, here));
    const auto clean = virtual_path(path);
    if (clean == "/" && path != "/") return invalid(here, "means the root, which is written \"/\"");
    if (tokens.size() > kTokens.size()) return invalid(here, "has more permissions than there are");
    SLIPWAY_TRY(check_words(tokens, kTokens, "permission", here));
    if (std::find(tokens.begin(), tokens.end(), "*") != tokens.end()) tokens = {"*"};
    if (!normalised.try_emplace(clean, std::move(tokens)).second) {
      return invalid(here, "stands for the same directory as another entry");
    }
  }
  permissions = std::move(normalised);
  if (root == RootPermissions::Optional) return ok();
  const auto entry = permissions.find("/");
  if (entry == permissions.end()) return invalid(at, "an entry for \"/\" is required");
  if (entry->second.empty()) return invalid(json_pointer(at, "/"), "at least one permission is required");
  return ok();
}

}  // namespace slipway::accounts
