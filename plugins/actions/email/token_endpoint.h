// Asks a token endpoint for an access token, over libcurl (RFC 6749, sections 5 and 6).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "oauth2_settings.h"
#include "slipway/module.h"

namespace slipway::email {

struct TokenAnswer {
  std::string access_token;
  std::chrono::seconds lifetime{0};
  std::string refresh_token;  // to be used from now on; empty: the one that was sent stays
};

// What an endpoint answered. AuthFailed: it refuses the refresh token; InvalidArgument: it refuses the client, or
// something else of the settings; Unavailable, retryable: it is out of order, or answers what is no answer. Errors name
// the key to change, and hold none of the secrets.
Result<TokenAnswer> read_answer(const OAuth2Settings& settings, long status, std::string_view body);

// Ends within half a minute, and soon after ctx says so: Cancelled, TimedOut. Unavailable, retryable: it cannot be
// reached. libcurl is initialised by somebody else.
Result<TokenAnswer> ask_for_token(const OpContext& ctx, const OAuth2Settings& settings);

}  // namespace slipway::email
