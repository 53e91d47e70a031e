// Public keys and certificates of accounts: whether they are what they say, and strong enough.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::accounts {

// An authorized_keys line (sshd(8)), or a file with one, without its options and comment: "ssh-ed25519 AAAA...".
// InvalidArgument: it cannot be parsed, its type is not known, it is a DSA key, or an RSA key with fewer than 2048
// bits.
Result<std::string> parse_authorized_key(std::string_view text);

// One PEM certificate; InvalidArgument as above.
Status check_certificate(std::string_view pem);

// A private key, PEM or OpenSSH, encrypted or not. InvalidArgument for RSA keys with fewer than 2048 bits; a key whose
// size cannot be told without its passphrase passes.
Status check_private_key(std::string_view text);

}  // namespace slipway::accounts
