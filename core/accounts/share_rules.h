// Which of a user's paths may be shared, and how: allowed_share_paths, denied_share_paths and denied_share_scopes.
#pragma once

#include <string_view>

#include "core/accounts/share.h"
#include "core/accounts/user_filters.h"
#include "slipway/result.h"

namespace slipway::accounts {

// Of the merged filters. The longest entry of both lists that holds the path decides, the denied one where two are
// equal; without an entry a path may be shared when nothing is allowed expressly. "/" among the allowed ones holds
// every path, among the denied ones only the root itself. `path` is clean.
bool may_share_path(const BaseUserFilters& filters, std::string_view path);

// PermissionDenied, naming the path or the scope.
Status check_share_rules(const BaseUserFilters& filters, const Share& share);

}  // namespace slipway::accounts
