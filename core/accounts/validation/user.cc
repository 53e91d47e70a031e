#include <algorithm>
#include <set>

#include "core/accounts/effective_user.h"
#include "core/accounts/placeholders.h"
#include "core/accounts/validation/checks.h"
#include "core/accounts/validation/keys.h"
#include "core/base/json.h"
#include "core/base/text.h"

#include <boost/json.hpp>

namespace slipway::accounts {

namespace {

constexpr std::size_t kMaxCustomPlaceholders = 10;

Status check_home(User& user, const ValidationSettings& settings) {
  if (user.home_dir.empty()) {
    if (!is_local(user.filesystem.provider))
      user.home_dir = settings.temp_dir + "/" + user.username;
    else if (!settings.users_base_dir.empty())
      user.home_dir = settings.users_base_dir + "/" + user.username;
    else
      return invalid("/home_dir", "is required, as data_provider.users_base_dir is not set");
  }
  SLIPWAY_TRY(check_path_text(user.home_dir, "/home_dir"));
  user.home_dir = clean_path_text(user.home_dir);
  return user.home_dir.starts_with('/') ? ok() : Status(invalid("/home_dir", "must be an absolute path"));
}

Status check_groups(std::vector<GroupMapping>& groups, const ValidationSettings& settings) {
  std::set<std::string> names;
  bool primary = false;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto at = at_index("/groups", i);
    groups[i].name = convert_name(groups[i].name, settings.naming_rules);
    if (groups[i].name.empty()) return invalid(at + "/name", "is required");
    const int type = static_cast<int>(groups[i].type);
    if (type < 1 || type > 3) return invalid(at + "/type", "must be 1 (primary), 2 (secondary) or 3 (membership)");
    if (groups[i].type == GroupType::Primary && std::exchange(primary, true)) {
      return invalid(at + "/type", "there can be one primary group only");
    }
    if (!names.insert(groups[i].name).second) return invalid(at + "/name", "this group is listed already");
  }
  return ok();
}

Status hash_user_password(User& user, const ValidationContext& context) {
  if (user.password.empty() || crypto::is_password_hash(user.password)) return ok();
  const PasswordRules own{static_cast<double>(user.filters.password_strength), user.filters.password_policy};
  const PasswordRules none;
  const auto& inherited = context.inherited_rules != nullptr ? *context.inherited_rules : none;
  SLIPWAY_TRY(
      check_password(user.password, combine_rules(own, inherited, context.settings.user_passwords), "/password"));
  auto hash = crypto::hash_password(user.password, context.settings.hashing);
  if (!hash) return invalid("/password", hash.error().message());
  crypto::wipe(user.password);
  user.password = *std::move(hash);
  user.last_password_change = context.now_ms;
  return ok();
}

Status check_public_keys(std::vector<std::string>& keys) {
  std::erase_if(keys, [](const std::string& key) { return trim(key).empty(); });
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (auto parsed = parse_authorized_key(keys[i]); !parsed) {
      return invalid(at_index("/public_keys", i), parsed.error().cause());
    }
  }
  drop_duplicates(keys);
  return ok();
}

Status check_own_filters(UserFilters& filters) {
  for (std::size_t i = 0; i < filters.tls_certs.size(); ++i) {
    if (auto checked = check_certificate(filters.tls_certs[i]); !checked) {
      return invalid(at_index("/filters/tls_certs", i), checked.error().cause());
    }
  }
  for (std::size_t i = 0; i < filters.additional_emails.size(); ++i) {
    SLIPWAY_TRY(check_email(filters.additional_emails[i], at_index("/filters/additional_emails", i)));
  }
  drop_duplicates(filters.additional_emails);
  if (filters.custom_placeholders.size() > kMaxCustomPlaceholders) {
    return invalid("/filters/custom_placeholders", "at most 10 values are supported");
  }
  return ok();
}

Status check_conflicts(const User& user) {
  const auto& filters = user.filters;
  const auto off = [&](std::string_view option) {
    return std::find(filters.web_client.begin(), filters.web_client.end(), option) != filters.web_client.end();
  };
  constexpr std::string_view kAt = "/filters/web_client";
  if (filters.totp_config.enabled && off("mfa-disabled")) {
    return invalid(kAt, "mfa-disabled contradicts the two-factor authentication that the user has enabled");
  }
  if (filters.require_password_change && off("password-change-disabled")) {
    return invalid(kAt, "password-change-disabled contradicts require_password_change");
  }
  if (!filters.two_factor_protocols.empty() && off("mfa-disabled")) {
    return invalid(kAt, "mfa-disabled contradicts two_factor_protocols");
  }
  return ok();
}

}  // namespace

Status validate(User& user, const ValidationContext& context) {
  const auto& settings = context.settings;
  user.username = convert_name(user.username, settings.naming_rules);
  user.role = convert_name(user.role, settings.naming_rules);
  SLIPWAY_TRY(check_name(user.username, NameKind::Rules, settings, "/username"));
  if (user.username == "__self__" || user.username == "__system__") return invalid("/username", "is reserved");
  SLIPWAY_TRY(check_email(user.email, "/email"));
  SLIPWAY_TRY(check_home(user, settings));

  for (auto* rate : {&user.upload_bandwidth, &user.download_bandwidth}) *rate = std::max<std::int64_t>(0, *rate);
  for (auto* limit : {&user.upload_data_transfer, &user.download_data_transfer, &user.total_data_transfer}) {
    *limit = std::max<std::int64_t>(0, *limit);
  }
  if (user.total_data_transfer > 0) user.upload_data_transfer = user.download_data_transfer = 0;
  if (user.filters.is_anonymous) force_anonymous(user.permissions, user.filters);
  SLIPWAY_TRY(check_filesystem(user.filesystem, user.username, context, "/filesystem"));
  SLIPWAY_TRY(check_groups(user.groups, settings));
  SLIPWAY_TRY(check_permissions(user.permissions, RootPermissions::Required, "/permissions"));
  SLIPWAY_TRY(check_totp(user.filters.totp_config, true, user.username, context));
  SLIPWAY_TRY(check_recovery_codes(user.filters.recovery_codes, user.username, context));
  SLIPWAY_TRY(check_mappings(user.virtual_folders, settings));
  SLIPWAY_TRY(check_status(user.status));
  SLIPWAY_TRY(hash_user_password(user, context));
  SLIPWAY_TRY(check_public_keys(user.public_keys));
  SLIPWAY_TRY(check_filters(user.filters, settings, "/filters"));
  SLIPWAY_TRY(check_own_filters(user.filters));
  if (!user.oidc_custom_fields.empty()) {
    const auto fields = parse_json(user.oidc_custom_fields.text, {.refuse_duplicates = false});
    if (!fields || !fields->is_object()) return invalid("/oidc_custom_fields", "must be an object");
  }
  return check_conflicts(user);
}

}  // namespace slipway::accounts
