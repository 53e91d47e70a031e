#include "core/accounts/share_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/accounts/validation/checks.h"
#include "core/base/text.h"

namespace slipway::accounts {
namespace {

// Length of the longest entry that holds `path`, plus one; 0: none does.
std::size_t longest(const std::vector<std::string>& entries, std::string_view path, bool root_holds_all) {
  std::size_t length = 0;
  for (const std::string_view entry : entries) {
    const bool holds = entry == "/" ? root_holds_all || path == "/"
                                    : path == entry || (path.starts_with(entry) && path[entry.size()] == '/');
    if (holds) length = std::max(length, entry.size() + 1);
  }
  return length;
}

std::string_view scope_name(int scope) {
  switch (scope) {
    case 1:
      return "read";
    case 2:
      return "write";
    default:
      return "read_write";
  }
}

}  // namespace

bool may_share_path(const BaseUserFilters& filters, std::string_view path) {
  const auto allowed = longest(filters.allowed_share_paths, path, true);
  const auto denied = longest(filters.denied_share_paths, path, false);
  if (allowed == 0 && denied == 0) return filters.allowed_share_paths.empty();
  return allowed > denied;
}

Status check_share_rules(const BaseUserFilters& filters, const Share& share) {
  const auto scope = scope_name(share.scope);
  const auto& scopes = filters.denied_share_scopes;
  if (std::find(scopes.begin(), scopes.end(), scope) != scopes.end())
    return Error(Errc::PermissionDenied, "share",
                 "you are not allowed to make shares of the scope " + std::string(scope));
  for (const std::string& path : share.paths)
    if (const auto clean = virtual_path(path); !may_share_path(filters, clean))
      return Error(Errc::PermissionDenied, "share", "you are not allowed to share \"" + printable(clean) + "\"");
  return ok();
}

bool is_member(const User& user, std::string_view group) {
  return std::ranges::find(user.groups, group, &GroupMapping::name) != user.groups.end();
}

int share_rights(const User& user, const Share& share) {
  if (share.username == user.username) return kShareAll;
  int rights = 0;
  for (const ShareGroup& group : share.groups)
    if (is_member(user, group.group_name)) rights |= group.permissions & kShareAll;
  return rights;
}

void attach_policies(const std::vector<GroupSharePolicy>& policies, SharePolicyMode mode, Share& share) {
  for (const auto& [group, policy] : policies) {
    if (policy.mode != static_cast<int>(mode)) continue;
    const auto bound = std::ranges::find(share.groups, group, &ShareGroup::group_name);
    if (bound == share.groups.end())
      share.groups.push_back({group, policy.permissions});
    else if (mode == SharePolicyMode::Enforced)
      bound->permissions = policy.permissions;
  }
}

std::int64_t default_share_expiration(const BaseUserFilters& filters, std::int64_t now_ms) {
  constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;
  std::int64_t days = filters.default_shares_expiration;
  if (days <= 0) return 0;
  if (filters.max_shares_expiration > 0) days = std::min<std::int64_t>(days, filters.max_shares_expiration);
  return now_ms + days * kDayMs;
}

bool has_same_reach(const Share& a, const Share& b) {
  const auto paths = [](const Share& share) {
    std::set<std::string> clean;
    for (const std::string& path : share.paths)
      if (!trim(path).empty()) clean.insert(virtual_path(path));
    return clean;
  };
  const auto groups = [](const Share& share) {
    std::set<std::pair<std::string, int>> pairs;
    for (const ShareGroup& group : share.groups) pairs.emplace(group.group_name, group.permissions);
    return pairs;
  };
  return a.scope == b.scope && paths(a) == paths(b) && groups(a) == groups(b);
}

}  // namespace slipway::accounts
