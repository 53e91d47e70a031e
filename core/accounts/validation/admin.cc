#include <algorithm>
#include <set>

#include "core/accounts/validation/checks.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

const std::vector<std::string_view> kPermissions = {
    "*",           "add_users",     "edit_users",      "del_users",   "view_users", "view_groups", "manage_groups",
    "del_groups",  "view_folders",  "manage_folders",  "del_folders", "view_conns", "close_conns", "view_status",
    "quota_scans", "view_defender", "manage_defender", "view_events", "disable_mfa"};

Status check_permissions(Admin& admin, const ValidationContext& context) {
  auto& permissions = admin.permissions;
  const auto has = [&](std::string_view name) {
    return std::find(permissions.begin(), permissions.end(), name) != permissions.end();
  };
  SLIPWAY_TRY(check_words(permissions, kPermissions, "permission", "/permissions"));
  if (permissions.empty()) return invalid("/permissions", "at least one permission is required");
  if (has("*")) {
    permissions = {"*"};
    if (!admin.role.empty()) return invalid("/permissions", "an administrator with a role cannot have \"*\"");
    return ok();
  }
  if (context.settings.legacy_admin_permissions || has("view_folders")) return ok();
  if (!has("view_groups") && !has("manage_groups")) return ok();
  // Dumps of servers that have one permission for all of it mean this one too.
  if (!context.restoring) return invalid("/permissions", "view_groups and manage_groups need view_folders");
  permissions.emplace_back("view_folders");
  return ok();
}

Status hash_admin_password(Admin& admin, const ValidationContext& context) {
  admin.password = std::string(trim(admin.password));
  if (admin.password.empty()) return invalid("/password", "is required");
  if (is_native_hash(admin.password)) return ok();
  SLIPWAY_TRY(check_password(admin.password, context.settings.admin_passwords, "/password"));
  auto hash = crypto::hash_password(admin.password, context.settings.hashing);
  if (!hash) return invalid("/password", hash.error().message());
  crypto::wipe(admin.password);
  admin.password = *std::move(hash);
  return ok();
}

Status check_groups(std::vector<AdminGroupMapping>& groups, const ValidationSettings& settings) {
  std::set<std::string> names;
  bool primary = false;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto at = at_index("/groups", i);
    groups[i].name = convert_name(groups[i].name, settings.naming_rules);
    if (groups[i].name.empty()) return invalid(at + "/name", "is required");
    const int as = groups[i].options.add_to_users_as;
    if (as < 0 || as > 2) {
      return invalid(at + "/options/add_to_users_as", "must be 0 (membership), 1 (primary) or 2 (secondary)");
    }
    if (as == 1 && std::exchange(primary, true)) {
      return invalid(at + "/options/add_to_users_as", "there can be one primary group only");
    }
    if (!names.insert(groups[i].name).second) return invalid(at + "/name", "this group is listed already");
  }
  return ok();
}

}  // namespace

Status validate(Admin& admin, const ValidationContext& context) {
  const auto& settings = context.settings;
  admin.username = convert_name(admin.username, settings.naming_rules);
  admin.role = convert_name(admin.role, settings.naming_rules);
  SLIPWAY_TRY(check_name(admin.username, NameKind::Rules, settings, "/username"));
  if (admin.username == "__self__" || admin.username == "__system__") return invalid("/username", "is reserved");
  SLIPWAY_TRY(check_email(admin.email, "/email"));
  SLIPWAY_TRY(check_status(admin.status));
  SLIPWAY_TRY(check_totp(admin.filters.totp_config, false, admin.username, context));
  SLIPWAY_TRY(check_recovery_codes(admin.filters.recovery_codes, admin.username, context));
  SLIPWAY_TRY(check_permissions(admin, context));
  SLIPWAY_TRY(hash_admin_password(admin, context));
  SLIPWAY_TRY(check_networks(admin.filters.allow_list, "/filters/allow_list"));
  auto& preferences = admin.filters.preferences;
  preferences.default_users_expiration = std::max(0, preferences.default_users_expiration);
  return check_groups(admin.groups, settings);
}

}  // namespace slipway::accounts
