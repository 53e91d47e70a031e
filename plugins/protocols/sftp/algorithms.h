// The SSH algorithm names of the configuration, as the lists that libssh takes.
#pragma once

#include <string>
#include <vector>

#include "slipway/result.h"

namespace slipway::sftp {

// As configured; an empty list means the defaults.
struct AlgorithmSettings {
  std::vector<std::string> host_keys, key_exchanges, ciphers, macs, public_keys;
  int min_group_exchange_bits = 2048;
};

// Comma separated, in order of preference.
struct AlgorithmLists {
  std::string host_keys, key_exchanges, ciphers, macs, public_keys;
  std::vector<std::string> warnings;  // what was asked for and cannot be had
};

// InvalidArgument for a name that nobody knows (the message lists the possible ones) and for a list of which nothing
// can be had. Known names that this libssh lacks are left out with a warning.
Result<AlgorithmLists> choose_algorithms(const AlgorithmSettings& settings);

// Whether SHA-1 signatures of RSA keys are accepted: then such a signature cannot be told from a better one.
bool accepts_sha1_signatures(const AlgorithmLists& lists);

}  // namespace slipway::sftp
