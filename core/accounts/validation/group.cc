#include "core/accounts/placeholders.h"
#include "core/accounts/validation/checks.h"

namespace slipway::accounts {

Status validate(Group& group, const ValidationContext& context) {
  group.name = convert_name(group.name, context.settings.naming_rules);
  SLIPWAY_TRY(check_name(group.name, NameKind::Rules, context.settings, "/name"));
  auto& settings = group.user_settings;
  if (!settings.home_dir.empty()) {
    SLIPWAY_TRY(check_path_text(settings.home_dir, "/user_settings/home_dir"));
    settings.home_dir = clean_path_text(settings.home_dir);
    if (!settings.home_dir.starts_with('/')) return invalid("/user_settings/home_dir", "must be an absolute path");
  }
  if (settings.total_data_transfer > 0) settings.upload_data_transfer = settings.download_data_transfer = 0;
  SLIPWAY_TRY(check_filesystem(settings.filesystem, "group_" + group.name, context, "/user_settings/filesystem"));
  SLIPWAY_TRY(check_permissions(settings.permissions, RootPermissions::Optional, "/user_settings/permissions"));
  SLIPWAY_TRY(check_mappings(group.virtual_folders, context.settings));
  settings.filters.user_type.clear();
  SLIPWAY_TRY(check_filters(settings.filters, context.settings, "/user_settings/filters"));
  const auto& policy = settings.filters.share_policy;
  if (policy.permissions < 0 || policy.permissions > 7) {
    return invalid("/user_settings/filters/share_policy/permissions",
                   "must be a sum of 1 (read), 2 (write), 4 (delete)");
  }
  if (policy.permissions > 0 && policy.mode != 1 && policy.mode != 2) {
    return invalid("/user_settings/filters/share_policy/mode", "must be 1 (suggested) or 2 (enforced)");
  }
  group.users.clear();
  group.admins.clear();
  return ok();
}

Status validate(Role& role, const ValidationContext& context) {
  role.name = convert_name(role.name, context.settings.naming_rules);
  role.users.clear();
  role.admins.clear();
  return check_name(role.name, NameKind::Rules, context.settings, "/name");
}

}  // namespace slipway::accounts
