// One line of an authorized_keys file (sshd(8)): type, key, comment.
#pragma once

#include <string>
#include <string_view>

namespace slipway::auth_local {

// Whether `line` ("ssh-ed25519 AAAA... comment") holds the key whose wire blob (RFC 4253 6.6) is `blob`.
// A malformed line, or one that starts with options, holds none.
bool line_holds_key(std::string_view line, std::string_view blob);

}  // namespace slipway::auth_local
