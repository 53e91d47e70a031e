// Which of a user's paths may be shared, and how: allowed_share_paths, denied_share_paths and denied_share_scopes; and
// who beside the owner may see, change and delete a share.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/accounts/effective_user.h"
#include "core/accounts/share.h"
#include "core/accounts/user.h"
#include "core/accounts/user_filters.h"
#include "slipway/result.h"

namespace slipway::accounts {

// Of the merged filters. The longest entry of both lists that holds the path decides, the denied one where two are
// equal; without an entry a path may be shared when nothing is allowed expressly. "/" among the allowed ones holds
// every path, among the denied ones only the root itself. `path` is clean.
bool may_share_path(const BaseUserFilters& filters, std::string_view path);

// PermissionDenied, naming the path or the scope.
Status check_share_rules(const BaseUserFilters& filters, const Share& share);

// Bits of ShareGroup::permissions, and of what a user may do with a share.
inline constexpr int kShareRead = 1, kShareWrite = 2, kShareDelete = 4, kShareAll = 7;
// Everything for the owner; for others the sum of what the share's groups give that the user belongs to, however.
int share_rights(const User& user, const Share& share);
bool is_member(const User& user, std::string_view group);

enum class SharePolicyMode : int { Suggested = 1, Enforced = 2 };  // SharePolicy::mode
// Gives a share to the groups that have a policy of this mode. Enforced ones replace what is said about the group;
// suggested ones are for shares about whose groups nothing is said.
void attach_policies(const std::vector<GroupSharePolicy>& policies, SharePolicyMode mode, Share& share);

// The end of a new share, in Unix ms, about whose end nothing is said: default_shares_expiration days from now, or
// max_shares_expiration where that is less; 0: never.
std::int64_t default_share_expiration(const BaseUserFilters& filters, std::int64_t now_ms);

// Whether both have the same paths, scope and groups once they are stored; `names` in the stored form.
bool has_same_reach(const Share& a, const Share& b);

}  // namespace slipway::accounts
