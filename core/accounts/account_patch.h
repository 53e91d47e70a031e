// What an auth module says about a user for one login (AuthVerdict::account_patch).
#pragma once

#include <string_view>

#include "core/accounts/user.h"
#include "slipway/result.h"

namespace slipway::accounts {

// `stored` with the members of the JSON object `patch` in their place: of the user's own object, and within "filters"
// one by one. Username, id, password, TOTP, recovery codes, counters and timestamps stay. Not validated yet.
// InvalidArgument names what is wrong with the patch.
Result<User> apply_patch(const User& stored, std::string_view patch);

}  // namespace slipway::accounts
