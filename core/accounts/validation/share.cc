#include <algorithm>
#include <ctime>

#include "core/accounts/validation/checks.h"
#include "core/base/text.h"

namespace slipway::accounts {

namespace {

Status check_paths(Share& share) {
  auto& paths = share.paths;
  std::erase_if(paths, [](const std::string& path) { return trim(path).empty(); });
  for (std::size_t i = 0; i < paths.size(); ++i) {
    SLIPWAY_TRY(check_path_text(paths[i], at_index("/paths", i)));
    paths[i] = virtual_path(paths[i]);
  }
  drop_duplicates(paths);
  if (paths.empty()) return invalid("/paths", "at least one path is required");
  if (share.scope != 1 && paths.size() != 1) return invalid("/paths", "a share that can be written to has one path");
  for (const auto& path : paths) {
    for (const auto& other : paths) {
      if (paths.size() > 1 && &path != &other && (path == "/" || other.starts_with(path + "/"))) {
        return invalid("/paths", "several paths must not contain one another");
      }
    }
  }
  return ok();
}

// The end of the day, in the server's time, that lies `days` after `now_ms`.
std::int64_t latest_expiration(std::int64_t now_ms, int days) {
  const std::time_t now = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  localtime_r(&now, &local);
  local.tm_mday += days + 1;
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local)) * 1000;
}

Status check_expiration(Share& share, const ValidationContext& context) {
  share.expires_at = std::max<std::int64_t>(0, share.expires_at);
  if (context.restoring) return ok();
  if (share.expires_at > 0 && share.expires_at < context.now_ms) return invalid("/expires_at", "lies in the past");
  if (context.max_share_expiration <= 0) return ok();
  if (share.expires_at == 0) return invalid("/expires_at", "is required: shares of this user must expire");
  if (share.expires_at > latest_expiration(context.now_ms, context.max_share_expiration)) {
    return invalid("/expires_at", "is more than " + std::to_string(context.max_share_expiration) + " days away");
  }
  return ok();
}

Status hash_share_password(Share& share, const ValidationContext& context) {
  if (share.password.empty() || is_native_hash(share.password)) return ok();
  if (share.password == "[**redacted**]") return invalid("/password", "is redacted and there is no stored one to keep");
  if (context.inherited_rules != nullptr) {
    SLIPWAY_TRY(check_password(share.password, *context.inherited_rules, "/password"));
  }
  auto hash = crypto::hash_password(share.password, context.settings.hashing);
  if (!hash) return invalid("/password", hash.error().message());
  crypto::wipe(share.password);
  share.password = *std::move(hash);
  return ok();
}

Status check_options(const ShareOptions& options) {
  for (std::size_t i = 0; i < options.emails.size(); ++i) {
    const auto at = at_index("/options/emails", i);
    if (options.emails[i].empty()) return invalid(at, "is not an e-mail address");
    SLIPWAY_TRY(check_email(options.emails[i], at));
  }
  if (options.auth_mode < 0 || options.auth_mode > 1) {
    return invalid("/options/auth_mode", "must be 0 (none) or 1 (a code by mail)");
  }
  if (options.auth_mode == 1 && options.emails.empty()) {
    return invalid("/options/emails", "are required for codes by mail (auth_mode 1)");
  }
  return ok();
}

}  // namespace

Status validate(Share& share, const ValidationContext& context) {
  if (share.id.empty()) return invalid("/id", "is required");
  SLIPWAY_TRY(check_name(share.name, NameKind::Any, context.settings, "/name"));
  if (share.scope < 1 || share.scope > 3) return invalid("/scope", "must be 1 (read), 2 (write) or 3 (both)");
  SLIPWAY_TRY(check_paths(share));
  SLIPWAY_TRY(check_expiration(share, context));
  if (share.max_tokens < 0) return invalid("/max_tokens", "must be 0 (unlimited) or more");
  share.username = convert_name(share.username, context.settings.naming_rules);
  if (share.username.empty()) return invalid("/username", "is required");
  SLIPWAY_TRY(hash_share_password(share, context));
  SLIPWAY_TRY(check_networks(share.allow_from, "/allow_from"));
  for (std::size_t i = 0; i < share.groups.size(); ++i) {
    auto& group = share.groups[i];
    group.group_name = convert_name(group.group_name, context.settings.naming_rules);
    if (group.group_name.empty()) return invalid(at_index("/groups", i) + "/group_name", "is required");
    if (group.permissions < 1 || group.permissions > 7) {
      return invalid(at_index("/groups", i) + "/permissions", "must be a sum of 1 (read), 2 (write), 4 (delete)");
    }
  }
  return check_options(share.options);
}

Status validate(ApiKey& key, const ValidationContext& context) {
  SLIPWAY_TRY(check_name(key.name, NameKind::Any, context.settings, "/name"));
  if (key.id.empty()) return invalid("/id", "is required");
  if (key.scope != 1 && key.scope != 2) return invalid("/scope", "must be 1 (administrators) or 2 (users)");
  key.user = convert_name(key.user, context.settings.naming_rules);
  key.admin = convert_name(key.admin, context.settings.naming_rules);
  if (!key.user.empty() && !key.admin.empty())
    return invalid("/user", "a key is for a user or an administrator, not both");
  (key.scope == 1 ? key.user : key.admin).clear();
  key.expires_at = std::max<std::int64_t>(0, key.expires_at);
  if (!is_native_hash(key.key)) return invalid("/key", "must be a bcrypt ($2a$), Argon2id or PBKDF2 hash");
  return ok();
}

}  // namespace slipway::accounts
