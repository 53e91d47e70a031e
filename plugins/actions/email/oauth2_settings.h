// How this server proves to a mail server, by way of a token endpoint, that a mailbox let it in (RFC 6749).
#pragma once

#include <cstdint>
#include <string>

#include "slipway/result.h"

namespace slipway::email {

struct OAuth2Settings {
  enum class Provider : std::uint8_t { Google, Microsoft };
  Provider provider = Provider::Google;
  std::string tenant;  // of Microsoft; empty: "common"
  std::string client_id, client_secret;
  std::string refresh_token;
  std::string token_url;  // empty: the provider's
  bool operator==(const OAuth2Settings&) const = default;

  // Where access tokens come from.
  std::string endpoint() const;
};

// InvalidArgument, with the key of the section `smtp` that is wrong.
Status check(const OAuth2Settings& settings);

}  // namespace slipway::email
