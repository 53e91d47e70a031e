// One line of an authorized_keys file (sshd(8)): type, key, comment.
#pragma once

#include <string>
#include <string_view>

namespace slipway::auth_local {

// Whether `line` ("ssh-ed25519 AAAA... comment") holds the key whose wire blob (RFC 4253 6.6) is `blob`.
// A malformed line, or one that starts with options, holds none.
bool line_holds_key(std::string_view line, std::string_view blob);

// RFC 4648 4, with or without padding; false for any other character. Appends to `out`.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace slipway::auth_local
